import { describe, expect, it } from 'vitest';
import { requireFinal, requireWholeTests } from '../../../../training/commands/flags';
import { UserError } from '../../../../training/lib/errors';
import { allocate } from '../../../../training/data/dataset';

/** Rows of these usages. */
function dataset(publicRows: number, privateRows: number) {
	const rows = allocate(publicRows + privateRows);
	rows.usage.fill(1, 0, publicRows).fill(2, publicRows);
	return rows;
}

describe('figures of PrivateTest', () => {
	it('are written only when confirmed', () => {
		expect(() => {
			requireFinal(false, 'measure');
		}).toThrow(/measure writes figures of PrivateTest.*add --final/);
		expect(() => {
			requireFinal(true, 'measure');
		}).not.toThrow();
	});
});

describe('figures written over the shipped ones', () => {
	it('are measured on all test pictures', () => {
		expect(() => requireWholeTests(dataset(3589, 3589))).not.toThrow();
	});

	it.each([
		[3589, 3588, '"private"'],
		[0, 3589, '"public"']
	])('are not measured on some of them (%i and %i)', (publicRows, privateRows, split) => {
		expect(() => requireWholeTests(dataset(publicRows, privateRows))).toThrow(UserError);
		expect(() => requireWholeTests(dataset(publicRows, privateRows))).toThrow(split);
	});
});
