import { describe, expect, it } from 'vitest';
import { frameIntervalMs, noteFrame, type Throttle, UNTHROTTLED } from '../../../../src/lib/state/kiosk/throttle';

/** The state after `seconds` of ten frames a second that take `workMs` each. */
function run(before: Throttle, fromS: number, seconds: number, workMs: number): Throttle {
	let throttle = before;
	for (let frame = 0; frame < 10 * seconds; frame++) throttle = noteFrame(throttle, workMs, 1000 * fromS + 100 * frame);
	return throttle;
}

describe('a device that slows down', () => {
	it('is noticed after half a minute of frames that take twice as long, and recovers after as long', () => {
		const well = run(UNTHROTTLED, 0, 60, 20);
		expect(well.isSlow).toBe(false);
		expect(run(well, 60, 20, 45).isSlow).toBe(false);
		const slow = run(well, 60, 60, 45);
		expect(slow.isSlow).toBe(true);
		expect(frameIntervalMs(slow, 0)).toBe(90);
		expect(run(slow, 120, 60, 22).isSlow).toBe(false);
		expect(run(slow, 120, 60, 35).isSlow).toBe(true);
	});

	it('is not assumed after a few slow frames or a busy moment', () => {
		const well = run(UNTHROTTLED, 0, 60, 20);
		expect(run(run(well, 60, 11, 80), 71, 60, 20).isSlow).toBe(false);
		expect(noteFrame(UNTHROTTLED, 500, 0).isSlow).toBe(false);
	});

	it('keeps its frame budget until then', () => {
		expect(frameIntervalMs(UNTHROTTLED, 5)).toBe(200);
		expect(frameIntervalMs(UNTHROTTLED, 0)).toBe(0);
	});
});
