import { describe, expect, it } from 'vitest';
import { shuffled } from '../../../src/lib/core/shuffle';

describe('a random order', () => {
	const sorted = Array.from({ length: 7000 }, (_, index) => index);

	it('contains every item once, and is the same each time', () => {
		const order = shuffled(sorted);
		expect(order.toSorted((a, b) => a - b)).toEqual(sorted);
		expect(shuffled(sorted)).toEqual(order);
		expect(order).not.toEqual(sorted);
	});

	it('mixes what is sorted by label: the first hundred hold all seven labels, none over twice its share', () => {
		const labels = shuffled(sorted)
			.slice(0, 100)
			.map((index) => Math.floor(index / 1000));
		const counts = Array.from({ length: 7 }, (_, label) => labels.filter((each) => each === label).length);
		expect(Math.min(...counts)).toBeGreaterThan(3);
		expect(Math.max(...counts)).toBeLessThan(29);
	});

	it('of no items or one is unchanged', () => {
		expect(shuffled([])).toEqual([]);
		expect(shuffled(['a'])).toEqual(['a']);
	});
});
