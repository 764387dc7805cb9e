import { describe, expect, it } from 'vitest';
import { NO_AUGMENTATION, augment } from '../../../../training/augment/augment';
import { createRandom, shuffle, uniform } from '../../../../training/lib/random';

const SIDE = 48;
const picture = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (3 * (i % SIDE) + 2 * Math.floor(i / SIDE)) % 256);

describe('augment', () => {
	it('changes nothing without settings', () => {
		const copy = augment(picture, SIDE, SIDE, NO_AUGMENTATION, createRandom(1));
		expect([...copy]).toEqual([...picture]);
	});

	it('mirrors', () => {
		const mirrored = augment(picture, SIDE, SIDE, { ...NO_AUGMENTATION, flip: 1 }, createRandom(1));
		for (let x = 0; x < SIDE; x++) expect(mirrored[5 * SIDE + x]).toBe(picture[5 * SIDE + SIDE - 1 - x]);
	});

	it('renders at another size with the same framing', () => {
		const ramp = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 5 * (i % SIDE));
		const small = augment(ramp, SIDE, 32, NO_AUGMENTATION, createRandom(1));
		expect(small.length).toBe(32 * 32);
		// Pixel centres: column x of 32 is at (x + 0.5) * 1.5 - 0.5 of 48.
		for (let x = 0; x < 32; x++) expect(small[32 * 7 + x]).toBeCloseTo(5 * ((x + 0.5) * 1.5 - 0.5), 3);
	});

	const settings = {
		flip: 0.5,
		shift: 0.1,
		scale: 0.1,
		rotationDegrees: 10,
		contrast: 0.3,
		erase: 1,
		degrade: 1,
		light: 1
	};
	it('gives the same for equal keys, and stays within 0..255', () => {
		const first = augment(picture, SIDE, SIDE, settings, createRandom(1, 2, 3));
		expect(augment(picture, SIDE, SIDE, settings, createRandom(1, 2, 3))).toEqual(first);
		expect(augment(picture, SIDE, SIDE, settings, createRandom(1, 2, 4))).not.toEqual(first);
		expect(Math.min(...first)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...first)).toBeLessThanOrEqual(255);
	});

	it('lights a picture dimly, from behind or from one side, in whole grey values', () => {
		const flat = new Uint8Array(SIDE * SIDE).fill(128);
		const kinds = { little: 0, behind: 0, side: 0 };
		for (let seed = 0; seed < 60; seed++) {
			const lit = augment(flat, SIDE, SIDE, { ...NO_AUGMENTATION, light: 1 }, createRandom(seed));
			expect(lit.every((value) => Number.isInteger(value))).toBe(true);
			const mean = (left: number, top: number): number => {
				let sum = 0;
				for (let i = 0; i < 36; i++) sum += lit[(top + Math.floor(i / 6)) * SIDE + left + (i % 6)] ?? NaN;
				return sum / 36;
			};
			const corners = [mean(0, 0), mean(42, 0), mean(0, 42), mean(42, 42)];
			const [darkest, brightest, middle] = [Math.min(...corners), Math.max(...corners), mean(21, 21)];
			if (darkest > 120 && middle < 100) kinds.behind++;
			else if (brightest < 90 && brightest - darkest < 12) kinds.little++;
			else if (brightest > 105 && brightest < 135 && darkest < 95) kinds.side++;
			else expect.unreachable(`seed ${String(seed)} has corners of ${corners.join()} around ${String(middle)}`);
		}
		for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(10);
	});

	it('erases one rectangle of 2 to 20 % of the picture', () => {
		for (let seed = 0; seed < 20; seed++) {
			const erased = augment(picture, SIDE, SIDE, { ...NO_AUGMENTATION, erase: 1 }, createRandom(seed));
			const changed = erased.filter((value, i) => value !== picture[i]).length / picture.length;
			expect(changed).toBeGreaterThan(0.015);
			expect(changed).toBeLessThan(0.22);
		}
	});
});

describe('the keyed random generator', () => {
	it('is uniform, and independent for keys that differ by one', () => {
		const random = createRandom(7, 1);
		const other = createRandom(7, 2);
		const a = Array.from({ length: 20_000 }, random);
		const b = Array.from({ length: 20_000 }, other);
		const mean = (values: number[]) => values.reduce((x, y) => x + y, 0) / values.length;
		expect(mean(a)).toBeCloseTo(0.5, 1);
		expect(mean(a.map((x) => (x - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
		expect(Math.abs(mean(a.map((x, i) => (x - 0.5) * ((b[i] ?? 0) - 0.5))))).toBeLessThan(0.002);
		// The first draws of neighbouring keys, which augmentation uses.
		const firsts = Array.from({ length: 5000 }, (_, row) => createRandom(1, 2, 0, row)());
		expect(mean(firsts)).toBeCloseTo(0.5, 1);
		expect(uniform(() => 0.25, -2, 2)).toBe(-1);
	});

	it('shuffles into a permutation determined by the keys', () => {
		const rows = () => Uint32Array.from({ length: 100 }, (_, i) => i);
		const shuffled = shuffle(rows(), createRandom(3));
		expect(shuffled).toEqual(shuffle(rows(), createRandom(3)));
		expect(shuffled).not.toEqual(rows());
		expect(shuffled.toSorted()).toEqual(rows());
	});
});
