/**
 * Reads a face relative to how it looks at rest. Some faces at rest look sad or angry to a network, others so plainly
 * neutral that a slight smile is lost: no single weight of "neutral" fits both. Users may show a resting face for three
 * seconds; from then on the odds of "neutral" are multiplied by a factor specific to that face. The method is this
 * project's own.
 */
import { clamp } from './geometry';
import type { FaceScores } from './smoothing';
import { FORGET_LAST_FRAME_AFTER_MS } from './tracker';
import type { Scores } from './types';

/** How long a face is looked at. */
export const REST_MS = 3000;
/** On a slow machine it takes longer: fewer frames are not enough. */
const LEAST_FRAMES = 5;
/**
 * Target odds of "neutral" against all other labels for a face at rest, and by how much the odds may be lowered or
 * raised to get there, in nats. Chosen on PublicTest, CK+48 and the people of the London set: see
 * training/EXPERIMENTS.md.
 */
const REST_ODDS = 2;
const MOST_LOWERED = 1.2;
const MOST_RAISED = 1.5;
/** Keeps the logarithm of the odds finite. */
const LEAST_SHARE = 1e-6;

interface Looked {
	readonly frames: number;
	/** Sum of the logarithms of the odds of "neutral". */
	readonly sum: number;
}

interface RestingFace {
	/** Time of the first frame of the look; null before it. */
	readonly fromMs: number | null;
	/** Time of the last frame with this face; null before the first. */
	readonly seenMs: number | null;
	/** Whether the look is over. */
	readonly known: boolean;
	/** By model id: those that ran while it was looked at. */
	readonly models: Readonly<Record<string, Looked>>;
}

/** By face id. */
export type RestingState = ReadonlyMap<number, RestingFace>;

export interface RestedScores {
	readonly scores: Scores;
	/** Progress of the look, 0..1: at 1 the scores are relative to the resting face. Null if none was asked for. */
	readonly rest: number | null;
}

/** Starts looking at this face from the next frame on, discarding any earlier look. */
export function learnRest(state: RestingState, id: number): RestingState {
	return new Map([...state, [id, { fromMs: null, seenMs: null, known: false, models: {} }]]);
}

/** From now on the face is read like any other again. */
export function forgetRest(state: RestingState, id: number): RestingState {
	return new Map([...state].filter(([other]) => other !== id));
}

/**
 * The scores of one model (ids are the tracker's), relative to the resting faces that are known, in order. `neutral`:
 * index of that label; if it is -1, or the model did not run during the look, scores are unchanged. Ids that the
 * tracker can no longer return are dropped.
 */
export function readAgainstRest(
	state: RestingState,
	modelId: string,
	neutral: number,
	faces: readonly FaceScores[],
	timeMs: number
): [RestingState, RestedScores[]] {
	if (state.size === 0) return [state, faces.map(({ scores }) => ({ scores, rest: null }))];
	const next = new Map([...state].filter(([, face]) => isCurrent(face, timeMs)));
	const results = faces.map(({ id, scores }): RestedScores => {
		const before = next.get(id);
		if (before === undefined || neutral < 0) return { scores, rest: null };
		const face = look(before, modelId, scores[neutral] ?? 0, timeMs);
		next.set(id, face);
		const looked = face.models[modelId];
		if (looked === undefined) return { scores, rest: null };
		if (!face.known) return { scores, rest: progressOf(face, looked, timeMs) };
		return { scores: withOddsTimes(scores, neutral, factorOf(looked)), rest: 1 };
	});
	return [next, results];
}

function isCurrent({ seenMs }: RestingFace, timeMs: number): boolean {
	return seenMs === null || (timeMs >= seenMs && timeMs - seenMs <= FORGET_LAST_FRAME_AFTER_MS);
}

/** The face after one more frame, as `modelId` reads it. */
function look(face: RestingFace, modelId: string, share: number, timeMs: number): RestingFace {
	if (face.known) return { ...face, seenMs: timeMs };
	const { frames, sum } = face.models[modelId] ?? { frames: 0, sum: 0 };
	const looked = { frames: frames + 1, sum: sum + logOdds(share) };
	const fromMs = face.fromMs ?? timeMs;
	return {
		fromMs,
		seenMs: timeMs,
		known: timeMs - fromMs >= REST_MS && looked.frames >= LEAST_FRAMES,
		models: { ...face.models, [modelId]: looked }
	};
}

function progressOf({ fromMs }: RestingFace, { frames }: Looked, timeMs: number): number {
	return Math.min((timeMs - (fromMs ?? timeMs)) / REST_MS, frames / LEAST_FRAMES, 1);
}

function logOdds(share: number): number {
	const p = clamp(share, LEAST_SHARE, 1 - LEAST_SHARE);
	return Math.log(p / (1 - p));
}

function factorOf({ frames, sum }: Looked): number {
	return Math.exp(clamp(Math.log(REST_ODDS) - sum / frames, -MOST_LOWERED, MOST_RAISED));
}

function withOddsTimes(scores: Scores, label: number, factor: number): number[] {
	const shifted = scores.map((p, index) => (index === label ? p * factor : p));
	const sum = shifted.reduce((a, b) => a + b, 0);
	return shifted.map((p) => p / sum);
}
