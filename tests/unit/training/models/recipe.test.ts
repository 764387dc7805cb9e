import { describe, expect, it } from 'vitest';
import { DEFAULT_RECIPE, learningRateAt, sizeAt, type Recipe } from '../../../../training/models/recipe';

describe('learningRateAt', () => {
	const recipe: Recipe = { ...DEFAULT_RECIPE, learningRate: 0.2, warmupEpochs: 2, epochs: 10 };
	const at = (step: number, changes: Partial<Recipe> = {}) => learningRateAt({ ...recipe, ...changes }, step, 50);

	it('rises evenly to its peak', () => {
		expect(at(0)).toBeCloseTo(0.002, 12);
		expect(at(49)).toBeCloseTo(0.1, 12);
		expect(at(99)).toBeCloseTo(0.2, 12);
	});

	it('then falls along a cosine to zero at the end', () => {
		expect(at(100)).toBeCloseTo(0.2, 12);
		expect(at(200)).toBeCloseTo(0.2 * Math.cos(Math.PI / 8) ** 2, 12);
		expect(at(300)).toBeCloseTo(0.1, 12);
		expect(at(500)).toBeCloseTo(0, 12);
	});

	it('or stays constant', () => {
		expect(at(50, { schedule: 'constant' })).toBeCloseTo(0.102, 12);
		expect(at(499, { schedule: 'constant' })).toBe(0.2);
	});

	it('starts at its peak without warm-up', () => {
		expect(at(0, { warmupEpochs: 0 })).toBe(0.2);
	});
});

describe('sizeAt', () => {
	it('gives the size of the last change up to an epoch', () => {
		const sizes = [
			{ fromEpoch: 0, size: 32 },
			{ fromEpoch: 4, size: 40 },
			{ fromEpoch: 9, size: 48 }
		];
		expect([0, 3, 4, 8, 9, 30].map((epoch) => sizeAt({ ...DEFAULT_RECIPE, sizes }, epoch))).toEqual([
			32, 32, 40, 40, 48, 48
		]);
	});
});
