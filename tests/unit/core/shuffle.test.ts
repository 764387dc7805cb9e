import { describe, expect, it } from 'vitest';
import { shuffled } from '../../../src/lib/core/shuffle';

describe('a random order', () => {
	const sorted = Array.from({ length: 7000 }, (_, index) => index);

	it('holds every item once, and is the same each time', () => {
		const order = shuffled(sorted);
		expect(order.toSorted((a, b) => a - b)).toEqual(sorted);
		expect(shuffled(sorted)).toEqual(order);
		expect(order).not.toEqual(sorted);
	});

	it('mixes what is sorted by label: the first hundred hold all of seven labels, none of them more than twice its share', () => {
		const labels = shuffled(sorted)
			.slice(0, 100)
			.map((index) => Math.floor(index / 1000));
		const counts = Array.from({ length: 7 }, (_, label) => labels.filter((each) => each === label).length);
		expect(Math.min(...counts)).toBeGreaterThan(3);
		expect(Math.max(...counts)).toBeLessThan(29);
	});

	it('of none or one is that', () => {
		expect(shuffled([])).toEqual([]);
		expect(shuffled(['a'])).toEqual(['a']);
	});
});
