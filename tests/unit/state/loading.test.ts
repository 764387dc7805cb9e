import { describe, expect, it } from 'vitest';
import { advance, type LoadStage, NOT_LOADED, shareOf } from '../../../src/lib/state/loading';

const EVENTS: readonly [LoadStage, number | null][] = [
	['worker', null],
	['backend', null],
	['detector', 0.5],
	['model', 0.2],
	['detector', 1],
	['compile', 0],
	['compile', 1],
	['model', 0.1],
	['model', 1],
	['compile', 0],
	['compile', 1]
];

describe('the progress bar at the start', () => {
	it('goes from nothing to all, and never back, in whatever order files arrive', () => {
		let loading = NOT_LOADED;
		const shares = EVENTS.map(([stage, progress]) => shareOf((loading = advance(loading, stage, progress))));
		expect(shareOf(NOT_LOADED)).toBe(0);
		expect(shares).toEqual(shares.toSorted((a, b) => a - b));
		expect(shares.at(-1)).toBeCloseTo(1);
		expect(shares.at(-2)).toBeLessThan(1);
	});
});
