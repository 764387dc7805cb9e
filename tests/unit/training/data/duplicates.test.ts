import { describe, expect, it } from 'vitest';
import { allocate, type Dataset } from '../../../../training/data/dataset';
import { rowsOf } from '../../../../training/data/dataset';
import { duplicatesOf, withoutDuplicates } from '../../../../training/data/duplicates';

/** Rows, each of a single grey. */
function dataset(rows: readonly { grey: number; label: number; usage?: number }[]): Dataset {
	const pictures = allocate(rows.length);
	for (const [row, { grey, label, usage = 0 }] of rows.entries()) {
		pictures.pixels.fill(grey, row * 2304, (row + 1) * 2304);
		[pictures.labels[row], pictures.usage[row]] = [label, usage];
	}
	return pictures;
}

const data = dataset([
	{ grey: 1, label: 3 },
	{ grey: 2, label: 0 },
	{ grey: 1, label: 4 },
	{ grey: 2, label: 0, usage: 2 },
	{ grey: 5, label: 6 },
	{ grey: 1, label: 3 },
	{ grey: 5, label: 6 }
]);

describe('copies of a picture in Training', () => {
	it('are found, except those in test sets', () => {
		expect(duplicatesOf(data)).toEqual([
			[0, 2, 5],
			[4, 6]
		]);
	});

	it("become one row with their labels' shares", () => {
		const merged = withoutDuplicates(data);
		expect([...rowsOf(merged, 'train')]).toEqual([0, 1, 4]);
		expect([...rowsOf(merged, 'private')]).toEqual([3]);
		const parts = [...(merged.sharedLabels ?? [])].map((part) => Number(part.toFixed(4)));
		expect(parts.slice(0, 7)).toEqual([0, 0, 0, 0.6667, 0.3333, 0, 0]);
		expect(parts.slice(7, 14)).toEqual([0, 0, 0, 0, 0, 0, 0]);
		expect(parts.slice(28, 35)).toEqual([0, 0, 0, 0, 0, 0, 1]);
	});

	it('exclude rows that were excluded before', () => {
		const merged = withoutDuplicates({ ...data, excluded: new Uint8Array(new SharedArrayBuffer(7)).fill(1, 0, 1) });
		expect([...rowsOf(merged, 'train')]).toEqual([1, 2, 4]);
		expect(merged.sharedLabels?.[2 * 7 + 4]).toBe(0.5);
	});
});
