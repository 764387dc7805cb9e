import { describe, expect, it } from 'vitest';
import { fitLine, median } from '../../bench/figures';
import { parseSoakOptions } from '../../bench/soak-options';
import { FAULT_KINDS, FAULTS, planFaults, steadySince } from '../../bench/soak-plan';
import {
	judgeTour,
	missingMinutes,
	type Tour,
	tourGrowth,
	tourReport,
	unlikeMinutes
} from '../../bench/soak-tour-summary';
import { heapGrowth, judge, type Outcome, type Sample, summarise } from '../../bench/soak-summary';

describe('the statistics of a soak run', () => {
	it('take the middle value as the median, the upper one of two', () => {
		expect(median([3, 1, 2])).toBe(2);
		expect(median([4, 1, 2, 3])).toBe(3);
		expect(median([])).toBeNaN();
	});

	it('fit a line: exact points give no error, scattered ones do', () => {
		const exact = fitLine([
			[0, 1],
			[1, 3],
			[2, 5]
		]);
		expect(exact).toEqual({ slope: 2, error: 0 });
		// By hand: sums of squares 2 and of products 3; residuals 0.5, -1, 0.5 give sqrt(1.5 / 1 / 2).
		const scattered = fitLine([
			[0, 1],
			[1, 1],
			[2, 4]
		]);
		expect(scattered?.slope).toBeCloseTo(1.5);
		expect(scattered?.error).toBeCloseTo(Math.sqrt(0.75));
	});

	it('fit no line through two points or through points of equal x', () => {
		expect(
			fitLine([
				[0, 1],
				[1, 2]
			])
		).toBeNull();
		expect(
			fitLine([
				[1, 1],
				[1, 2],
				[1, 3]
			])
		).toBeNull();
	});
});

describe('planFaults', () => {
	it('gives the same plan for the same seed and another for another seed', () => {
		expect(planFaults(7, 30)).toEqual(planFaults(7, 30));
		expect(planFaults(7, 30)).not.toEqual(planFaults(8, 30));
	});

	it('includes every kind of fault once per round, or only those asked for', () => {
		const { length } = FAULT_KINDS;
		const faults = planFaults(1, 2 * length);
		expect(faults).toHaveLength(2 * length);
		for (const round of [faults.slice(0, length), faults.slice(length)]) {
			expect(new Set(round.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
		}
		expect(planFaults(1, 3, ['cut']).map(({ kind }) => kind)).toEqual(['cut', 'cut', 'cut']);
	});

	it('holds the faults that can be held for some seconds, and no others', () => {
		for (const { kind, heldS } of planFaults(3, 100)) {
			if (FAULTS[kind].held) expect(heldS).toBeGreaterThanOrEqual(3);
			else expect(heldS).toBe(0);
			expect(heldS).toBeLessThanOrEqual(15);
		}
	});
});

describe('steadySince', () => {
	const every = (stepMs: number, fromMs: number, count: number): number[] =>
		Array.from({ length: count }, (_, index) => fromMs + stepMs * index);

	it('is the first of a run of results that keep coming', () => {
		expect(steadySince(every(100, 0, 100), 2050, 1000)).toBe(2100);
	});

	it('is not known yet when results have only just begun', () => {
		expect(steadySince(every(100, 5000, 10), 2000, 1000)).toBeNull();
	});

	it('ignores single results before an interruption', () => {
		expect(steadySince([2100, 2200, ...every(100, 9000, 60)], 2000, 1000)).toBe(9000);
	});

	it('accepts slow results as steady if they always are', () => {
		expect(steadySince(every(1500, 0, 10), 1000, 15_000)).toBe(1500);
	});
});

const SAMPLE: Sample = {
	type: 'sample',
	minute: 1,
	frames: 600,
	pageHeapMb: 3,
	workerHeapMb: 5,
	tensors: 300,
	nodes: 280,
	listeners: 40,
	processMb: 200,
	incidents: { 'source-lost': 2 },
	reloads: 0
};

/** One sample a minute, with a heap that grows by `growthMb` an hour. */
function samples(minutes: number, growthMb: number, tensors: (minute: number) => number = () => 300): Sample[] {
	return Array.from({ length: minutes }, (_, index) => ({
		...SAMPLE,
		minute: index + 1,
		frames: 600 * (index + 1),
		pageHeapMb: 3 + (growthMb * (index + 1)) / 60,
		tensors: tensors(index + 1)
	}));
}

const OUTCOME: Outcome = { type: 'fault', minute: 0.1, kind: 'cut', heldS: 8, recoveredS: 1.25 };

describe('judge', () => {
	it('passes a run that recovered from every fault without growing', () => {
		expect(judge([OUTCOME, ...samples(60, 0.5)])).toEqual([]);
	});

	it('names the fault that was not recovered from', () => {
		const reasons = judge([{ ...OUTCOME, kind: 'away', recoveredS: null }, ...samples(5, 0)]);
		expect(reasons).toEqual(['The kiosk did not come back from "camera server away" (minute 0.1).']);
	});

	it('fails a growing heap, once the run is long enough to tell', () => {
		expect(judge(samples(60, 3))).toEqual(['The heap grew by 3.00 MB an hour; the limit is 2.']);
		expect(judge(samples(20, 30))).toEqual([]);
		expect(heapGrowth(samples(20, 30))).toBeNull();
	});

	it('ignores the first ten minutes', () => {
		const settled = samples(60, 0).map((each) => (each.minute < 10 ? { ...each, pageHeapMb: 1 } : each));
		expect(heapGrowth(settled)?.slope).toBeCloseTo(0);
	});

	it('fails growing tensors, but not a frame counted in flight', () => {
		expect(judge(samples(6, 0, (minute) => 300 + minute))).toEqual([
			'Tensors grew: at least 301 in the first half, 304 in the second.'
		]);
		expect(judge(samples(6, 0, (minute) => (minute === 5 ? 320 : 300)))).toEqual([]);
	});

	it('fails a page that crashed and a run without a sample', () => {
		const reasons = judge([{ type: 'trouble', minute: 2, text: 'The page crashed.', fatal: true }]);
		expect(reasons).toEqual(['The page crashed.', 'Nothing was measured: the run ended within its first minute.']);
	});
});

describe('summarise', () => {
	it('lists faults by kind, with median and worst', () => {
		const outcomes = [1.25, 4, null].map((recoveredS): Outcome => ({ ...OUTCOME, recoveredS }));
		const text = summarise([...outcomes, ...samples(3, 0)]).join('\n');
		expect(text).toMatch(/stream cut +3 +2 +4\.0 +4\.0/);
		expect(text).toContain('3.0 minutes, 1800 frames, 10.0 frames/s');
		expect(text).toContain('source-lost 2');
		expect(text).toContain('run too short');
		expect(text).toContain('Tensors: constant, 300');
		expect(text).toContain('Failed: ');
	});

	it('also reports on a run that ended at once', () => {
		expect(summarise([]).join('\n')).toContain('Nothing was measured');
	});
});

describe('parseSoakOptions', () => {
	it('has defaults, and takes the options given', () => {
		expect(parseSoakOptions([])).toEqual({ help: false, transports: false, minutes: 60, seed: 1, kinds: FAULT_KINDS });
		const asked = ['--minutes', '4', '--seed=9', '--faults', 'cut,worker-stuck'];
		expect(parseSoakOptions(asked)).toEqual({
			help: false,
			transports: false,
			minutes: 4,
			seed: 9,
			kinds: ['cut', 'worker-stuck']
		});
	});

	it.each([
		[['--minutes', '0'], '--minutes takes a whole number from 1 to 10080, not "0".'],
		[['--seed', 'x'], '--seed takes a whole number'],
		[['--faults', 'cut,rain'], '--faults does not know "rain"; it takes some of cut,'],
		[['--loud'], 'loud']
	])('rejects %j and says what is allowed', (args, message) => {
		expect(() => parseSoakOptions(args)).toThrow(message);
	});
});

describe('a tour of all transports', () => {
	const minuteMs = 60_000;
	const at = (camera: string, minute: number) => ({ camera, minute: minute * minuteMs, frames: 5 });
	const logged = [at('one', 1), at('one', 2), at('one', 3), at('two', 1), at('two', 2), at('two', 3)];
	const TOUR: Tour = {
		...{ minutes: 15, speed: 10, legs: ['a with b', 'c with d'] },
		...{ faults: [], samples: [], gaps: [], logged, published: logged, reloads: 0, troubles: [] }
	};
	const fault = { leg: 0, what: 'HLS', title: 'stream cut', minute: 1, heldS: 5, recoveredS: 2, otherResults: 3 };

	it('passes if all is well', () => {
		expect(judgeTour({ ...TOUR, faults: [fault] })).toEqual([]);
		expect(tourReport({ ...TOUR, faults: [fault] }, 'here')).toContain('Passed.');
	});

	it('fails if a fault was not recovered from or stopped the other camera', () => {
		expect(judgeTour({ ...TOUR, faults: [{ ...fault, recoveredS: null }] })).toHaveLength(1);
		expect(judgeTour({ ...TOUR, faults: [{ ...fault, otherResults: 0 }] })).toHaveLength(1);
		expect(judgeTour({ ...TOUR, faults: [{ ...fault, heldS: 2, otherResults: 0 }] })).toEqual([]);
		expect(judgeTour({ ...TOUR, faults: [{ ...fault, otherResults: null }] })).toEqual([]);
	});

	it('fails if the log lacks a minute, unless the page stood still in it', () => {
		const gap = { fromMs: 2.5 * minuteMs, toMs: 2.7 * minuteMs };
		const without = logged.filter(({ camera, minute }) => camera !== 'two' || minute !== 2 * minuteMs);
		const tour = { ...TOUR, logged: without, published: without };
		expect(missingMinutes(without, [])).toEqual([{ ...at('two', 2), frames: 0 }]);
		expect(judgeTour(tour)).toHaveLength(1);
		expect(judgeTour({ ...tour, gaps: [gap] })).toEqual([]);
	});

	it('fails if log and broker differ, except in the last minute, which may still be running', () => {
		const published = logged.filter(({ minute }) => minute !== 3 * minuteMs);
		expect(unlikeMinutes({ logged, published })).toEqual([]);
		expect(unlikeMinutes({ logged, published: published.slice(1) })).toHaveLength(1);
		expect(unlikeMinutes({ logged: logged.slice(1), published: logged })).toHaveLength(1);
	});

	it('fits one slope to the heaps of pages that start at different sizes', () => {
		const samples = [0, 1].flatMap((leg) =>
			[2, 4, 6, 8].map((minute) => ({ leg, minute, heapMb: 10 + 5 * leg + minute / 60, tensors: 3, processMb: null }))
		);
		expect(tourGrowth(samples)?.slope).toBeCloseTo(1);
		expect(judgeTour({ ...TOUR, samples })).toEqual([]);
		const steep = samples.map((each) => ({ ...each, heapMb: 10 + each.minute }));
		expect(judgeTour({ ...TOUR, minutes: 60, samples: steep })).toHaveLength(1);
		const growing = samples.map((each) => ({ ...each, tensors: each.minute }));
		expect(judgeTour({ ...TOUR, samples: growing })).toHaveLength(2);
	});
});
