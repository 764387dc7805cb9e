import { describe, expect, it } from 'vitest';
import { forgetRest, learnRest, readAgainstRest, REST_MS, type RestingState } from '../../../src/lib/core/resting';

/** Labels "neutral" and "happy", in this order. */
const NEUTRAL = 0;
const scoresOf = (neutral: number) => [neutral, 1 - neutral];
const STEP_MS = 100;

/** Shows a face with this share of "neutral" frame by frame; gives the state and the reading of the last frame. */
function show(state: RestingState, share: number, fromMs: number, frames: number, { id = 1, model = 'mien' } = {}) {
	let read;
	for (let frame = 0; frame < frames; frame++) {
		const faces = [{ id, scores: scoresOf(share) }];
		[state, read] = readAgainstRest(state, model, NEUTRAL, faces, fromMs + frame * STEP_MS);
	}
	return { state, read: read?.[0], timeMs: fromMs + (frames - 1) * STEP_MS };
}

const WHOLE = REST_MS / STEP_MS + 1;
const learned = (share: number) => show(learnRest(new Map(), 1), share, 0, WHOLE);

describe('a face whose resting look nobody asked for', () => {
	it('is read as it is', () => {
		expect(show(new Map(), 0.3, 0, 50).read).toEqual({ scores: scoresOf(0.3), rest: null });
	});
});

describe('the look at a face at rest', () => {
	it('takes three seconds, while the face is read as it is', () => {
		const half = show(learnRest(new Map(), 1), 0.3, 5000, (WHOLE - 1) / 2 + 1);
		expect(half.read).toEqual({ scores: scoresOf(0.3), rest: 0.5 });
		const before = show(half.state, 0.3, half.timeMs + STEP_MS, (WHOLE - 1) / 2 - 1);
		expect(before.read?.rest).toBeLessThan(1);
		expect(show(before.state, 0.3, before.timeMs + STEP_MS, 1).read?.rest).toBe(1);
	});

	it('takes longer if there are few frames', () => {
		let state = learnRest(new Map(), 1);
		const rests = [0, 2900, 3100, 3200].map((timeMs) => {
			const step = show(state, 0.3, timeMs, 1);
			state = step.state;
			return step.read?.rest;
		});
		// The fifth frame is the first to end it.
		expect(rests.every((rest) => (rest ?? 1) < 1)).toBe(true);
		expect(show(state, 0.3, 3300, 1).read?.rest).toBe(1);
	});

	it('starts over when asked for again', () => {
		const { state, timeMs } = learned(0.3);
		expect(show(learnRest(state, 1), 0.3, timeMs + STEP_MS, 1).read).toEqual({ scores: scoresOf(0.3), rest: 0 });
	});
});

describe('a face whose resting look is known', () => {
	it.each([
		// Odds of 1 to 2 at rest are raised to 2 to 1.
		[0.3333333, 2 / 3],
		[0.5, 2 / 3],
		// And 4 to 1 are lowered, so that less of a smile is needed.
		[0.8, 2 / 3]
	])('is neutral by odds of two to one when it looks as it did at rest (%d)', (share, read) => {
		const { state, timeMs } = learned(share);
		expect(show(state, share, timeMs, 1).read?.scores[NEUTRAL]).toBeCloseTo(read, 6);
	});

	it('has its odds changed by no more than what separates expressions', () => {
		for (const [share, factor] of [
			[0.001, Math.exp(1.5)],
			[0.999999, Math.exp(-1.2)]
		] as const) {
			const { state, timeMs } = learned(share);
			const [neutral = NaN, happy = NaN] = show(state, 0.5, timeMs, 1).read?.scores ?? [];
			expect(neutral / happy).toBeCloseTo(factor, 6);
		}
	});

	it('keeps the odds between other labels, and probabilities that sum to 1', () => {
		let [state] = readAgainstRest(learnRest(new Map(), 7), 'mien', 1, [], 0);
		let read;
		for (let frame = 0; frame <= WHOLE; frame++) {
			const faces = [{ id: 7, scores: [0.6, 0.1, 0.3] }];
			[state, read] = readAgainstRest(state, 'mien', 1, faces, frame * STEP_MS);
		}
		const [angry = NaN, neutral = NaN, sad = NaN] = read?.[0]?.scores ?? [];
		expect(angry / sad).toBeCloseTo(2, 9);
		expect(angry + neutral + sad).toBeCloseTo(1, 9);
		expect(neutral).toBeGreaterThan(0.1);
	});

	it('is judged by the mean over the look, not by its end', () => {
		const first = show(learnRest(new Map(), 1), 0.2, 0, WHOLE - 1);
		const { state, timeMs } = show(first.state, 0.95, first.timeMs + STEP_MS, 1);
		const [neutral = NaN, happy = NaN] = show(state, 0.5, timeMs, 1).read?.scores ?? [];
		expect(neutral / happy).toBeGreaterThan(1);
	});

	it('does not affect other faces', () => {
		const { state, timeMs } = learned(0.2);
		expect(show(state, 0.2, timeMs, 1, { id: 2 }).read).toEqual({ scores: scoresOf(0.2), rest: null });
	});

	it('is read as it is by a model that did not see it at rest', () => {
		const { state, timeMs } = learned(0.2);
		expect(show(state, 0.2, timeMs, 1, { model: 'other' }).read).toEqual({ scores: scoresOf(0.2), rest: null });
	});

	it('is read as it is once the resting look is undone', () => {
		const { state, timeMs } = learned(0.2);
		expect(show(forgetRest(state, 1), 0.2, timeMs, 1).read).toEqual({ scores: scoresOf(0.2), rest: null });
	});

	it('loses its resting look along with its id', () => {
		const { state, timeMs } = learned(0.2);
		const [after] = readAgainstRest(state, 'mien', NEUTRAL, [], timeMs + 60_000);
		expect(after.size).toBe(0);
	});

	it('is read as it is if there is no label "neutral"', () => {
		const [, read] = readAgainstRest(learned(0.2).state, 'mien', -1, [{ id: 1, scores: [0.5, 0.5] }], 4000);
		expect(read).toEqual([{ scores: [0.5, 0.5], rest: null }]);
	});
});
