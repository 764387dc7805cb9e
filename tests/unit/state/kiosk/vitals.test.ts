/** Occupancy and availability, with a clock that the test moves. */
import { expect, it } from 'vitest';
import { Vitals } from '../../../../src/lib/state/kiosk/vitals';

/** Milliseconds from `fromMs` until `isSo` is first true, checked every `everyMs`. */
function since(fromMs: number, everyMs: number, isSo: (nowMs: number) => boolean): number {
	let nowMs = fromMs;
	while (!isSo(nowMs) && nowMs - fromMs < 3_600_000) nowMs += everyMs;
	return nowMs - fromMs;
}

it('a kiosk is occupied from the first face until the set time after the last', () => {
	const vitals = new Vitals(1000, 10_000);
	vitals.saw(1500, false);
	expect(vitals.isOccupied(1500)).toBe(false);
	vitals.saw(2000, true);
	expect(vitals.isOccupied(2000)).toBe(true);
	vitals.saw(9000, true);
	vitals.saw(15_000, false);
	expect(since(9000, 250, (nowMs) => !vitals.isOccupied(nowMs))).toBe(10_250);
});

it.each([
	['a visible page', 250],
	['a hidden page, whose timers fire once a minute', 60_000]
])('a kiosk is unavailable within three minutes of a hang, on %s', (_, everyMs) => {
	const vitals = new Vitals(0, 10_000);
	vitals.saw(5000, true);
	const lastMs = since(5000, everyMs, (nowMs) => !vitals.isAlive(nowMs, false));
	expect(lastMs).toBeGreaterThan(60_000);
	expect(lastMs).toBeLessThanOrEqual(180_000);
	vitals.saw(500_000, false);
	expect(vitals.isAlive(500_250, false)).toBe(true);
});

it('a kiosk is available while paused', () => {
	expect(new Vitals(0, 1).isAlive(1e9, true)).toBe(true);
	expect(new Vitals(0, 1).isAlive(1e9, false)).toBe(false);
});
