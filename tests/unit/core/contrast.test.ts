import { describe, expect, it } from 'vitest';
import { raiseContrast } from '../../../src/lib/core/contrast';

const SIDE = 24;

/** A picture with `of` at each place, in coordinates of -1 to 1. */
function picture(of: (x: number, y: number) => number): Uint8Array {
	const at = (index: number): number => (2 * index + 1) / SIDE - 1;
	return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => of(at(i % SIDE), at(Math.floor(i / SIDE))));
}

const isMiddle = (x: number, y: number): boolean => x * x + y * y < (2 / 3) ** 2;

/** Mean and standard deviation of the middle. */
function statistics(gray: Float32Array | Uint8Array): { mean: number; deviation: number } {
	const inside = picture((x, y) => (isMiddle(x, y) ? 1 : 0));
	const values = Array.from(gray).filter((_, index) => inside[index] === 1);
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
	return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** Stripes of two grey values, one pixel wide: their contrast is half the difference. */
const stripes = (low: number, high: number) => picture((x) => (Math.round((x + 1) * SIDE) % 4 === 1 ? low : high));

describe('raiseContrast', () => {
	it('leaves a picture of enough contrast unchanged, and any for a classifier that wants none', () => {
		const strong = stripes(80, 180);
		expect(raiseContrast(strong, 40)).toBe(strong);
		const dull = stripes(20, 24);
		expect(raiseContrast(dull, undefined)).toBe(dull);
	});

	it('brings a dark, flat picture closer to the contrast and brightness of others', () => {
		const before = statistics(stripes(12, 32));
		expect(before.deviation).toBeCloseTo(10, 1);
		const { mean, deviation } = statistics(raiseContrast(stripes(12, 32), 40));
		// 10 * (40 / 10) ** 0.75, and all but 1 / 2.83 of the way from 22 to 129.
		expect(deviation).toBeCloseTo(28.28, 1);
		expect(mean).toBeCloseTo(129 - (129 - before.mean) / 2.828, 1);
	});

	it('has a smooth transition between pictures that are raised and those that are not', () => {
		const just = raiseContrast(stripes(61, 140), 40);
		expect(statistics(just).deviation).toBeCloseTo(39.87, 1);
		expect(Math.max(...just.map((value, i) => Math.abs(value - (stripes(61, 140)[i] ?? 0))))).toBeLessThan(1);
	});

	it('measures the face, not a bright window behind it', () => {
		const face = (x: number, y: number): number => ((x + y) % 0.3 < 0.1 ? 20 : 40);
		const before = picture((x, y) => (isMiddle(x, y) ? face(x, y) : 250));
		const after = raiseContrast(before, 40);
		expect(statistics(after).deviation).toBeGreaterThan(2 * statistics(before).deviation);
		expect(Math.max(...after)).toBe(255);
	});

	it('measures the whole face, not only its middle', () => {
		const face = picture((x, y) => (x * x + y * y < 0.4 ** 2 ? 100 : x < 0 ? 20 : 180));
		expect(statistics(face).deviation).toBeGreaterThan(40);
		expect(raiseContrast(face, 40)).toBe(face);
	});

	it('turns a picture of one grey into one grey, within 0..255', () => {
		for (const level of [0, 129, 255]) {
			const flat = raiseContrast(new Float32Array(SIDE * SIDE).fill(level), 40);
			expect(new Set(flat).size).toBe(1);
			expect(flat[0]).toBeGreaterThanOrEqual(0);
			expect(flat[0]).toBeLessThanOrEqual(255);
		}
	});
});
