/** An explanation points at what the classifier looks at. */
import { describe, expect, it } from 'vitest';
import { blurFace, explainByOcclusion, OCCLUSION } from '../../../src/lib/core/saliency';
import type { Classifier } from '../../../src/lib/core/types';

const SIZE = 48;

/** Rates "bright" by how much brighter than mid-grey the given part of the picture is, and looks at nothing else. */
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
		expect(cells).toBe(OCCLUSION.cells);
		expect(map).toHaveLength(cells * cells);
		const cell = (column: number, row: number) => map[row * cells + column] ?? 0;
		expect(cell(3, 6)).toBeGreaterThan(0.03);
		expect(Math.max(...map)).toBe(Math.max(...[2, 3, 4].flatMap((column) => [cell(column, 5), cell(column, 6)])));
		expect(Math.max(...map.subarray(0, 4 * cells).map(Math.abs))).toBe(0);
	});

	it('is negative where a part counts against the label', async () => {
		const isSpot = (x: number, y: number): boolean => y < 9 && x < 9;
		const doubt = (x: number, y: number): boolean => isMouth(x, y) || isSpot(x, y);
		const spotted = FACE.map((luma, i) =>
			isMouth(i % SIZE, Math.floor(i / SIZE)) || isSpot(i % SIZE, Math.floor(i / SIZE)) ? luma : 120
		);
		const { map } = await explainByOcclusion(classifierOf(doubt), spotted);
		expect(map[0]).toBeLessThan(0);
	});

	it('shows the parts that a certain label rests on, though it loses no points without them', async () => {
		const sure = classifierOf(isMouth);
		const classifier: Classifier = {
			...sure,
			classify: async (batch, count) =>
				(await sure.classify(batch, count)).map(([dark = 0]) => [dark ** 3, 1 - dark ** 3])
		};
		const { score, map, evidence } = await explainByOcclusion(classifier, FACE);
		expect(score).toBeGreaterThan(0.9999);
		expect(Math.max(...map)).toBeLessThan(0.01);
		expect(Math.max(...evidence)).toBeGreaterThan(1);
		expect(evidence.every(Number.isFinite)).toBe(true);
	});

	it('works in slices, each scheduled separately', async () => {
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

	it('rejects input that is not a face of its size, and fails if the classifier does', async () => {
		await expect(explainByOcclusion(classifierOf(isMouth), new Uint8Array(9))).rejects.toThrow('48 x 48');
		const broken = { ...classifierOf(isMouth), classify: () => Promise.reject(new Error('disposed')) };
		await expect(explainByOcclusion(broken, FACE)).rejects.toThrow('disposed');
	});

	it('covers the part of each cell and no other, in all channels, without changing the face', async () => {
		const input = new Uint8Array(SIZE * SIZE).fill(255);
		const shown: Float32Array[] = [];
		const classifier: Classifier = {
			...classifierOf(isMouth),
			input: { ...classifierOf(isMouth).input, channels: 3 },
			classify(batch, count) {
				const length = batch.length / count;
				for (let face = 0; face < count; face++) shown.push(batch.slice(face * length, (face + 1) * length));
				return Promise.resolve(Array.from({ length: count }, () => [0.2, 0.8]));
			}
		};
		const quarters = { cells: 4, patch: 1 / 4, fill: (face: Uint8Array) => new Uint8Array(face.length) };
		await explainByOcclusion(classifier, input, undefined, quarters);
		const [whole, ...covered] = shown;
		expect(whole).toEqual(new Float32Array(SIZE * SIZE * 3).fill(1));
		const side = SIZE / 4;
		const cellOf = (pixel: number) => Math.floor(pixel / SIZE / side) * 4 + Math.floor((pixel % SIZE) / side);
		expect(covered).toHaveLength(16);
		for (const [cell, face] of covered.entries())
			expect(face).toEqual(face.map((_, index) => (cellOf(Math.floor(index / 3)) === cell ? 0 : 1)));
		expect(input).toEqual(new Uint8Array(SIZE * SIZE).fill(255));
	});

	it('covers patches of another size and fill if told to', async () => {
		const whole = { cells: 3, patch: 2, fill: (face: Uint8Array) => new Uint8Array(face.length) };
		const classifier = classifierOf(isMouth);
		const { cells, score, map } = await explainByOcclusion(classifier, FACE, undefined, whole);
		expect(classifier.batches).toEqual([1, 7, 2]);
		expect(cells).toBe(3);
		expect(map).toHaveLength(9);
		// The patch in the middle covers everything.
		expect(map[4]).toBeCloseTo(score, 5);
	});
});

describe('blurFace', () => {
	it('removes detail and leaves light and shade', () => {
		expect([...blurFace(new Uint8Array(16).fill(77), 4)]).toEqual(Array<number>(16).fill(77));
		const blurred = blurFace(FACE, SIZE);
		expect(Math.max(...blurred) - Math.min(...blurred)).toBeLessThan(230);
		// The lower half stays brighter, and no edge is left.
		expect(blurred[40 * SIZE + 24]).toBeGreaterThan(blurred[8 * SIZE + 24] ?? 255);
		const steps = blurred.subarray(SIZE).map((luma, p) => Math.abs(luma - (blurred[p] ?? 0)));
		expect(Math.max(...steps)).toBeLessThan(20);
	});

	it('is Gaussian along both axes, with a sigma of an eighth of the side', () => {
		const [sigmaPx, middle] = [SIZE / 8, SIZE / 2];
		// An edge becomes the normal distribution: its values at -2, -1, 0, 1 and 2 standard deviations.
		const expected = [0.0228, 0.1587, 0.5, 0.8413, 0.9772];
		for (const along of [(p: number) => p % SIZE, (p: number) => Math.floor(p / SIZE)]) {
			const blurred = blurFace(
				Uint8Array.from({ length: SIZE * SIZE }, (_, p) => (along(p) < middle ? 0 : 200)),
				SIZE
			);
			for (const [index, share] of expected.entries()) {
				// The edge lies between two pixels, so the mean of both is the value there.
				const at = middle + (index - 2) * sigmaPx;
				const around = [...blurred].filter((_, p) => along(p) === at || along(p) === at - 1);
				const mean = around.reduce((sum, luma) => sum + luma, 0) / around.length;
				expect(Math.abs(mean - 200 * share)).toBeLessThan(3);
			}
		}
	});
});
