import { describe, expect, it } from 'vitest';
import { smoothScores, type SmoothedScores, type SmoothingState } from '../../../src/lib/core/smoothing';
import { FORGET_LAST_FRAME_AFTER_MS } from '../../../src/lib/core/tracker';
import type { Scores } from '../../../src/lib/core/types';
import { noiseFrom } from './faces';

const NOTHING: SmoothingState = new Map();

/** One face's scores at times; the results in the same order. */
function run(frames: readonly (readonly [timeMs: number, scores: Scores])[], smoothingMs: number): SmoothedScores[] {
	let state = NOTHING;
	return frames.map(([timeMs, scores]) => {
		const [next, [result]] = smoothScores(state, [{ id: 1, scores }], timeMs, smoothingMs);
		state = next;
		if (!result) throw new Error('No result for the only face.');
		return result;
	});
}

/** Frames every `stepMs` from 0 to `untilMs`, inclusive. */
function every(stepMs: number, untilMs: number, scores: (timeMs: number) => Scores): [number, Scores][] {
	return Array.from({ length: Math.floor(untilMs / stepMs) + 1 }, (_, i) => [i * stepMs, scores(i * stepMs)]);
}

const changes = (results: readonly SmoothedScores[]): number =>
	results.filter(({ top }, i) => i > 0 && top !== results[i - 1]?.top).length;

describe('smoothed probabilities', () => {
	const step = (t: number): Scores => (t <= 2000 ? [1, 0] : [0, 1]);

	it('approach a new value with the time constant, whatever the frame rate', () => {
		for (const stepMs of [10, 40, 200]) {
			const last = run(every(stepMs, 2400, step), 400).at(-1);
			// The frame at 2000 ms was the last old one.
			expect(last?.smoothed[0]).toBeCloseTo(Math.exp(-1), 6);
		}
	});

	it('still sum to 1', () => {
		const noise = noiseFrom(1);
		const frames = every(40, 2000, () => {
			const [a, b] = [0.3 + 0.2 * noise(), 0.3 + 0.2 * noise()];
			return [a, b, 1 - a - b];
		});
		for (const { smoothed } of run(frames, 250)) expect(smoothed.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
	});

	it('are the mean of the first frames, so that the first one does not linger', () => {
		const results = run(
			[
				[0, [1, 0]],
				[10, [0, 1]],
				[20, [0, 1]],
				[30, [0, 1]]
			],
			1000
		);
		expect(results.map(({ smoothed }) => Number(smoothed[0]?.toFixed(6)))).toEqual([1, 0.5, 0.333333, 0.25]);
	});

	it('are those of the frame when smoothing is off', () => {
		const results = run(
			[
				[0, [0.6, 0.4]],
				[0, [0.4, 0.6]]
			],
			0
		);
		expect(results).toEqual([
			{ smoothed: [0.6, 0.4], top: 0 },
			{ smoothed: [0.4, 0.6], top: 1 }
		]);
	});
});

describe('the label shown', () => {
	it('follows a new expression within half a second', () => {
		const results = run(
			every(40, 4000, (t) => (t < 2000 ? [0.8, 0.2] : [0.1, 0.9])),
			250
		);
		expect(results[Math.floor(2000 / 40)]?.top).toBe(0);
		expect(results[Math.floor(2500 / 40)]?.top).toBe(1);
		expect(changes(results)).toBe(1);
	});

	it('ignores a glance of two frames', () => {
		const results = run(
			every(40, 3000, (t) => (t >= 2000 && t < 2080 ? [0.05, 0.95] : [0.7, 0.3])),
			250
		);
		expect(changes(results)).toBe(0);
	});

	it('does not flicker between two labels that are nearly even', () => {
		const noise = noiseFrom(4);
		const frames = every(40, 30000, () => {
			const a = 0.5 + 0.35 * noise();
			return [a, 1 - a];
		});
		const raw = run(frames, 0);
		expect(changes(raw)).toBeGreaterThan(200);
		expect(changes(run(frames, 250))).toBeLessThan(8);
	});

	it('does not stick to one that is second by a little', () => {
		const results = run(
			every(40, 5000, (t) => (t < 1000 ? [0.9, 0.1] : [0.48, 0.52])),
			250
		);
		expect(results.at(-1)?.top).toBe(1);
	});

	it('does not change for equal scores', () => {
		const results = run(
			every(40, 5000, (t) => (t < 500 ? [0.4, 0.6] : [0.5, 0.5])),
			0.001
		);
		expect(results.at(-1)?.top).toBe(1);
	});
});

describe('smoothing of several faces', () => {
	it('goes by id and not by place', () => {
		const [first] = smoothScores(
			NOTHING,
			[
				{ id: 7, scores: [1, 0] },
				{ id: 3, scores: [0, 1] }
			],
			0,
			1e6
		);
		const [, results] = smoothScores(
			first,
			[
				{ id: 3, scores: [0, 1] },
				{ id: 7, scores: [1, 0] }
			],
			33,
			1e6
		);
		expect(results.map(({ top, smoothed }) => [top, smoothed])).toEqual([
			[1, [0, 1]],
			[0, [1, 0]]
		]);
	});

	it('lasts as long as the tracker remembers a face', () => {
		const [first] = smoothScores(NOTHING, [{ id: 1, scores: [1, 0] }], 0, 250);
		const [kept] = smoothScores(first, [], FORGET_LAST_FRAME_AFTER_MS, 250);
		expect(kept.has(1)).toBe(true);
		const [gone] = smoothScores(kept, [{ id: 2, scores: [1, 0] }], FORGET_LAST_FRAME_AFTER_MS + 1, 250);
		expect([...gone.keys()]).toEqual([2]);
	});

	it('starts over when time runs backwards', () => {
		const [first] = smoothScores(NOTHING, [{ id: 1, scores: [1, 0] }], 5000, 250);
		const [, [result]] = smoothScores(first, [{ id: 1, scores: [0, 1] }], 100, 250);
		expect(result).toEqual({ smoothed: [0, 1], top: 1 });
	});

	it('continues when a frame comes twice', () => {
		const [first] = smoothScores(NOTHING, [{ id: 1, scores: [1, 0] }], 5000, 250);
		const [, [result]] = smoothScores(first, [{ id: 1, scores: [0, 1] }], 5000, 250);
		expect(result).toEqual({ smoothed: [0.5, 0.5], top: 0 });
	});

	it('does not modify the state passed in', () => {
		const [first] = smoothScores(NOTHING, [{ id: 1, scores: [1, 0] }], 0, 250);
		const before = structuredClone(first);
		smoothScores(first, [{ id: 1, scores: [0, 1] }], 500, 250);
		expect(first).toEqual(before);
		expect(NOTHING.size).toBe(0);
	});
});
