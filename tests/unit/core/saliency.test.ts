/** What an explanation points at is what the classifier looks at. */
import { describe, expect, it } from 'vitest';
import { explainByOcclusion, SALIENCY_CELLS } from '../../../src/lib/core/saliency';
import type { Classifier } from '../../../src/lib/core/types';

const SIZE = 48;

/** Finds "bright" likely as far as the given part of the picture is brighter than mid-grey, and looks at nothing else. */
function classifierOf(sees: (x: number, y: number) => boolean): Classifier & { batches: number[] } {
	return {
		id: 'part',
		labels: ['dark', 'bright'],
		input: { size: SIZE, channels: 1, range: [0, 1], crop: { scale: 1, shift: [0, 0], align: false } },
		batches: [],
		classify(batch, count) {
			this.batches.push(count);
			const rows = Array.from({ length: count }, (_, face) => {
				const seen = [...batch.subarray(face * SIZE * SIZE, (face + 1) * SIZE * SIZE)].filter((_, i) =>
					sees(i % SIZE, Math.floor(i / SIZE))
				);
				const bright = seen.reduce((sum, value) => sum + value, 0) / seen.length;
				return [1 - bright, bright];
			});
			return Promise.resolve(rows);
		}
	};
}

/** Bright at the mouth, dark elsewhere. */
const isMouth = (x: number, y: number): boolean => x >= 12 && x < 36 && y >= 36 && y < 48;
const FACE = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => (isMouth(i % SIZE, Math.floor(i / SIZE)) ? 250 : 20));

describe('explainByOcclusion', () => {
	it('finds the part that the label rests on, and nothing elsewhere', async () => {
		const { label, score, cells, map } = await explainByOcclusion(classifierOf(isMouth), FACE);
		expect(label).toBe(1);
		expect(score).toBeCloseTo(250 / 255, 5);
		expect(cells).toBe(SALIENCY_CELLS);
		expect(map).toHaveLength(cells * cells);
		const mouth = [...map].filter((_, cell) => isMouth((cell % cells) * 6 + 3, Math.floor(cell / cells) * 6 + 3));
		const top = [...map].filter((_, cell) => cell < 4 * cells);
		expect(Math.min(...mouth)).toBeGreaterThan(0.05);
		expect(Math.max(...top.map(Math.abs))).toBe(0);
		expect(Math.max(...map)).toBe(Math.max(...mouth));
	});

	it('is negative where a part speaks against the label', async () => {
		const doubt = (x: number, y: number): boolean => isMouth(x, y) || (y < 12 && x < 12);
		const { map } = await explainByOcclusion(classifierOf(doubt), FACE);
		expect(map[0]).toBeLessThan(0);
	});

	it('works in slices, each in its turn', async () => {
		let turns = 0;
		const classifier = classifierOf(isMouth);
		await explainByOcclusion(classifier, FACE, (task) => {
			turns++;
			return task();
		});
		expect(turns).toBe(classifier.batches.length);
		expect(Math.max(...classifier.batches)).toBeLessThanOrEqual(8);
		expect(classifier.batches.reduce((sum, count) => sum + count, 0)).toBe(50);
	});

	it('refuses what is no face of its size, and fails as the classifier does', async () => {
		await expect(explainByOcclusion(classifierOf(isMouth), new Uint8Array(9))).rejects.toThrow('48 x 48');
		const broken = { ...classifierOf(isMouth), classify: () => Promise.reject(new Error('disposed')) };
		await expect(explainByOcclusion(broken, FACE)).rejects.toThrow('disposed');
	});
});
