import { describe, expect, it } from 'vitest';
import { EMPTY_METER, measure } from '../../../src/lib/state/meter';

const times = (total: number) => ({ read: 1, detect: 2, crop: 3, classify: { mien: total - 6 }, total });

function run(intervalsMs: readonly number[], totalMs: (index: number) => number) {
	let nowMs = 0;
	let meter = measure(EMPTY_METER, times(totalMs(0)), nowMs);
	for (const [index, intervalMs] of intervalsMs.entries()) {
		nowMs += intervalMs;
		meter = measure(meter, times(totalMs(index + 1)), nowMs);
	}
	return meter;
}

describe('the meter', () => {
	it('has times after one result, and a rate after two', () => {
		const first = measure(EMPTY_METER, times(10), 5);
		expect(first).toEqual({ fps: null, times: times(10), lastMs: 5 });
		expect(measure(first, times(10), 45).fps).toBeCloseTo(25);
	});

	it('measures a steady rate exactly', () => {
		const meter = run(
			Array.from({ length: 50 }, () => 40),
			() => 20
		);
		expect(meter.fps).toBeCloseTo(25);
		expect(meter.times?.classify['mien']).toBeCloseTo(14);
	});

	it('smooths the time of each stage, and takes that of a new model as it is', () => {
		const before = run([40, 40], () => 20);
		const slow = { read: 2, detect: 42, crop: 13, classify: { mien: 54, other: 7 }, total: 120 };
		const part = 1 - Math.exp(-40 / 800);
		const { times: shown } = measure(before, slow, 120);
		expect(shown?.read).toBeCloseTo(1 + part);
		expect(shown?.detect).toBeCloseTo(2 + 40 * part);
		expect(shown?.crop).toBeCloseTo(3 + 10 * part);
		expect(shown?.classify['mien']).toBeCloseTo(14 + 40 * part);
		expect(shown?.classify['other']).toBe(7);
		expect(shown?.total).toBeCloseTo(20 + 100 * part);
	});

	it('has no rate for two results at once', () => {
		expect(measure(measure(EMPTY_METER, times(10), 5), times(10), 5).fps).toBeNull();
	});

	it('follows a change smoothly', () => {
		const steady = Array.from({ length: 30 }, () => 20);
		const soon = run([...steady, 100], () => 20).fps ?? 0;
		const later = run([...steady, ...Array.from({ length: 60 }, () => 100)], () => 20).fps ?? 0;
		expect(soon).toBeGreaterThan(20);
		expect(soon).toBeLessThan(50);
		expect(later).toBeCloseTo(10, 0);
	});

	it('does not take a hidden page for a slow one', () => {
		const steady = Array.from({ length: 30 }, () => 20);
		expect(run([...steady, 60_000, 20], () => 20).fps).toBeCloseTo(50);
	});

	it('measures the rate of a machine that needs seconds per frame', () => {
		expect(run([5000, 5000], () => 4800).fps).toBeCloseTo(0.2);
	});
});
