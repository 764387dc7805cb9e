import { expect, it } from 'vitest';
import { chartBars, totalOf } from '../../../../src/lib/state/kiosk/figures';
import { emptyMinute, MINUTE_MS, type MinuteRecord } from '../../../../src/lib/state/kiosk/minutes';

const NOON = Date.UTC(2026, 10, 24, 12);
const showing = (minute: number, dwellMs: number): MinuteRecord => ({
	...emptyMinute(NOON + minute * MINUTE_MS),
	faces: 1,
	seenMs: dwellMs,
	expressions: { happy: { faces: 1, dwellMs, probabilityMs: dwellMs } }
});

it('bars hold the time shown for every label in their span', () => {
	const records = [showing(0, 1000), showing(1, 2000), showing(3, 4000)];
	const title = (wallMs: number) => `${(wallMs - NOON) / MINUTE_MS}`;
	expect(chartBars(records, ['happy', 'sad'], NOON + 4 * MINUTE_MS, 2 * MINUTE_MS, 2, title)).toEqual([
		{ title: '0', values: { happy: 3000, sad: 0 } },
		{ title: '2', values: { happy: 4000, sad: 0 } }
	]);
});

it('the total adds everything up, and is zero for no bars', () => {
	expect(totalOf([showing(1, 1000), showing(2, 2000)])).toEqual({
		...showing(1, 3000),
		faces: 2,
		expressions: { happy: { faces: 2, dwellMs: 3000, probabilityMs: 3000 } }
	});
	expect(totalOf([])).toEqual(emptyMinute(0));
});
