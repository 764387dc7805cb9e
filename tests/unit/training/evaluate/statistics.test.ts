import { describe, expect, it } from 'vitest';
import {
	bootstrap,
	bootstrapAccuracy,
	holm,
	mcnemar,
	meanOfRuns,
	studentQuantile
} from '../../../../training/evaluate/statistics';
import { createRandom } from '../../../../training/lib/random';

describe('meanOfRuns', () => {
	it("gives the interval of Student's own data (The probable error of a mean, 1908: ten patients' extra sleep)", () => {
		const { n, mean, deviation, low, high } = meanOfRuns([1.2, 2.4, 1.3, 1.3, 0, 1.0, 1.8, 0.8, 4.6, 1.4]);
		expect(n).toBe(10);
		expect(mean).toBeCloseTo(1.58, 10);
		expect(deviation).toBeCloseTo(1.229995, 6);
		expect(low).toBeCloseTo(0.7001142, 6);
		expect(high).toBeCloseTo(2.4598858, 6);
	});

	it('has no interval for a single run', () => {
		expect(meanOfRuns([0.7])).toMatchObject({ n: 1, mean: 0.7, deviation: NaN, low: NaN });
	});
});

it.each([
	[0.975, 1, 12.7062],
	[0.975, 2, 4.30265],
	[0.95, 9, 1.83311],
	[0.975, 120, 1.97993]
])("studentQuantile(%d, %i) agrees with Student's table", (probability, freedom, value) => {
	expect(studentQuantile(probability, freedom)).toBeCloseTo(value, 4);
});

describe('bootstrap', () => {
	// Efron & Tibshirani, An Introduction to the Bootstrap (1993), table 2.1: survival of treated mice.
	const mice = [94, 197, 16, 38, 99, 141, 23];
	const mean = (drawn: Uint32Array): number =>
		drawn.reduce((sum, index) => sum + (mice[index] ?? NaN), 0) / drawn.length;

	it("has the book's standard error of a mean, which tends to 23.36 with more draws", () => {
		const { error, low, high } = bootstrap(mice.length, mean, createRandom(1), 20_000);
		expect(Math.abs(error - 23.36)).toBeLessThan(0.4);
		// Normal theory: the mean, 86.86, plus or minus about twice the error.
		expect(low).toBeGreaterThan(40);
		expect(low).toBeLessThan(50);
		expect(high).toBeGreaterThan(127);
		expect(high).toBeLessThan(137);
	});

	it('leaves room for doubt if all pictures are right, or none', () => {
		const all = bootstrapAccuracy(
			[
				{ n: 2, correct: 2 },
				{ n: 1, correct: 1 }
			],
			createRandom(2)
		);
		const none = bootstrapAccuracy(
			[
				{ n: 2, correct: 0 },
				{ n: 1, correct: 0 }
			],
			createRandom(2)
		);
		// Wilson's interval of two of two.
		expect(all.low).toBeCloseTo(0.342, 3);
		expect(all.high).toBe(1);
		expect(none.low).toBe(0);
		expect(none.high).toBeCloseTo(0.658, 3);
	});

	it('is wider if pictures of one person stay together', () => {
		const pictures = Array.from({ length: 200 }, (_, i) => ({ n: 1, correct: i % 20 < 10 ? 1 : 0 }));
		const persons = Array.from({ length: 20 }, (_, i) => ({ n: 10, correct: i % 2 === 0 ? 10 : 0 }));
		const alone = bootstrapAccuracy(pictures, createRandom(2));
		const together = bootstrapAccuracy(persons, createRandom(2));
		expect(alone.high - alone.low).toBeCloseTo(2 * 1.96 * Math.sqrt(0.25 / 200), 1);
		expect(together.high - together.low).toBeCloseTo(2 * 1.96 * Math.sqrt(0.25 / 20), 1);
	});
});

describe('mcnemar', () => {
	it.each([
		// Fay, "Exact McNemar's Test and Matching Confidence Intervals" (R package exact2x2): 21 against 9, p = 0.04277.
		[21, 9, 0.04277],
		// Agresti, Categorical Data Analysis (2002), approval ratings: 150 against 86.
		[150, 86, 3.716e-5],
		[5, 5, 1],
		[0, 0, 1]
	])('of %i against %i gives %d', (first, second, p) => {
		expect(mcnemar(first, second) / p).toBeCloseTo(1, 2);
		expect(mcnemar(second, first)).toBe(mcnemar(first, second));
	});
});

it("holm adjusts p-values like R's p.adjust, and keeps the order", () => {
	expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
	expect(holm([0.5, 0.9])).toEqual([1, 1]);
});
