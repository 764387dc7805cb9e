import { expect, it } from 'vitest';
import { wilsonInterval } from '../../../src/lib/core/interval';

it.each([
	// Worked examples from textbooks: 81 of 263, 15 of 148, and none of 20.
	[81, 263, 0.2553, 0.3662],
	[15, 148, 0.0624, 0.1605],
	[0, 20, 0, 0.1611],
	[20, 20, 0.8389, 1]
])('gives the Wilson interval of %i of %i', (hits, n, low, high) => {
	const interval = wilsonInterval(hits / n, n);
	expect(interval.low).toBeCloseTo(low, 4);
	expect(interval.high).toBeCloseTo(high, 4);
});

it('says nothing about no pictures', () => {
	expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
});
