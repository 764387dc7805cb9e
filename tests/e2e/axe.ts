import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** Colour settings to check a page in. */
export const MEDIA = [
	{ colorScheme: 'light', forcedColors: 'none' },
	{ colorScheme: 'dark', forcedColors: 'none' },
	{ colorScheme: 'light', forcedColors: 'active' }
] as const;

/** Violations that shut people out (serious or critical), as sentences; of these rules, or of all. */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
	const builder = new AxeBuilder({ page });
	const { violations: found } = await (rules === undefined ? builder : builder.withRules(rules)).analyze();
	return found
		.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.flatMap(({ id, help, nodes }) =>
			nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 160)}: ${failureSummary ?? ''}`)
		);
}
