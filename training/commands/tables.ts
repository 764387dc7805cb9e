/** `npm run tables`: writes the tables of READMEs between their markers, or with --check says which are out of date. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { UserError } from '../lib/errors';
import { writeWhole } from '../lib/files';
import { ROOT } from '../lib/root';
import { TABLE_FILES, TABLES } from './table-list';
import { say } from './terminal';

/** `<!-- table: NAME -->`, the table, `<!-- /table -->`. */
const MARKED = /(<!-- table: ([a-z0-9-]+) -->\n)([\s\S]*?)(<!-- \/table -->)/g;

/** The text with every marked table regenerated. Throws UserError for an unknown name. */
export function withTables(text: string, tables: Readonly<Record<string, () => string>>): string {
	return text.replace(MARKED, (_, start: string, name: string, __: string, end: string) => {
		const make = tables[name];
		if (!make) throw new UserError(`There is no table "${name}". Choose one of: ${Object.keys(tables).join(', ')}.`);
		return `${start}\n${make().trim()}\n\n${end}`;
	});
}

/** Gives the exit code: 1 if --check finds a table that differs. Throws UserError. */
export async function tablesCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { check: { type: 'boolean', default: false } } });
	let stale = 0;
	for (const file of TABLE_FILES.filter((name) => existsSync(path.join(ROOT, name)))) {
		const full = path.join(ROOT, file);
		const before = readFileSync(full, 'utf8');
		const filled = withTables(before, TABLES);
		const after = await format(filled, { ...(await resolveConfig(full)), filepath: full });
		if (after === before) continue;
		stale++;
		if (!values.check) writeWhole(full, [after]);
		say(values.check ? `${file} differs from the results. Run: npm run tables` : `${file} is written.`);
	}
	if (stale === 0) say('All tables match the results.');
	return values.check && stale > 0 ? 1 : 0;
}
