/** The tables of training/README.md tell what `npm run study -- ablate` would print. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { studiesOf } from '../../../../training/studies/ablate';
import { findModel } from '../../../../training/models/index';

interface Row {
	readonly variant: string;
	readonly accuracy: number;
	readonly more: number | undefined;
}

/** The rows below the heading "variant of `recipe`". */
function tableOf(recipe: string): Row[] {
	const lines = readFileSync('training/README.md', 'utf8').split('\n');
	const heading = lines.findIndex((line) => line.startsWith(`| variant of \`${recipe}\` `));
	expect(heading).toBeGreaterThan(0);
	const below = lines.slice(heading + 2);
	return below
		.slice(0, below.indexOf(''))
		.map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
		.map(([, variant = '', accuracy = '', more = '']) => ({
			variant,
			accuracy: parseFloat(accuracy),
			more: more === '' ? undefined : parseFloat(more)
		}));
}

describe.each(studiesOf(findModel('mien')))('the study of $recipe.id', ({ recipe, variants }) => {
	const rows = tableOf(recipe.id);

	it('has a row for each of its variants, and no other', () => {
		expect(rows.map(({ variant }) => variant).sort()).toEqual(Object.keys(variants).sort());
	});

	it('has differences from the recipe as it is that are those of its accuracies', () => {
		const [first, ...others] = rows;
		expect(first?.variant).toBe('as it is');
		expect(first?.accuracy).toBeGreaterThan(0);
		for (const { accuracy, more } of others) {
			// Both are rounded to a tenth after the difference was taken.
			expect(Math.abs((more ?? NaN) - (accuracy - (first?.accuracy ?? NaN)))).toBeLessThan(0.15);
		}
	});
});
