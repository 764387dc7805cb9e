/** Stable labels: probabilities smoothed over time for each face id, and a label that only changes for a reason. */
import { indexOfGreatest } from './scores';
import { FORGET_LAST_FRAME_AFTER_MS } from './tracker';
import type { Scores } from './types';

/**
 * The label shown is replaced once another has led it by CLEAR_LEAD for CLEAR_LEAD_MS, or by any amount for
 * ANY_LEAD_MS, so that it never sticks. Chosen by simulation (noisy scores, 78 % of frames right, 25 frames a second)
 * with a smoothing of 250 ms: needless changes fall from 500 to 0.4 a minute, the label is right 87 % of the time and
 * follows a new expression after 410 ms in the median. Smoothing alone: 19 needless changes a minute, 155 ms.
 */
const CLEAR_LEAD = 0.15;
const CLEAR_LEAD_MS = 100;
const ANY_LEAD_MS = 2000;

interface History {
	/** Time of the last frame with this face. */
	readonly timeMs: number;
	/** Number of frames with this face so far. */
	readonly frames: number;
	readonly smoothed: Scores;
	readonly top: number;
	/** Since when any other label has led the one shown, clearly or at all; null while none does. */
	readonly clearSinceMs: number | null;
	readonly anySinceMs: number | null;
}

/** By face id, for one model. */
export type SmoothingState = ReadonlyMap<number, History>;

export interface FaceScores {
	readonly id: number;
	readonly scores: Scores;
}

export interface SmoothedScores {
	readonly smoothed: Scores;
	/** Index of the label to show. */
	readonly top: number;
}

/**
 * One result for each face, in order. `smoothingMs`: time constant, the same at every frame rate; 0 switches smoothing
 * and hysteresis off. Ids that the tracker can no longer return are dropped.
 */
export function smoothScores(
	state: SmoothingState,
	faces: readonly FaceScores[],
	timeMs: number,
	smoothingMs: number
): [SmoothingState, SmoothedScores[]] {
	if (smoothingMs <= 0)
		return [new Map(), faces.map(({ scores }) => ({ smoothed: scores, top: indexOfGreatest(scores) }))];
	const next = new Map([...state].filter(([, history]) => isCurrent(history, timeMs)));
	const results = faces.map(({ id, scores }) => {
		const before = next.get(id);
		const history = before ? follow(before, scores, timeMs, smoothingMs) : begin(scores, timeMs);
		next.set(id, history);
		return { smoothed: history.smoothed, top: history.top };
	});
	return [next, results];
}

function isCurrent(history: History, timeMs: number): boolean {
	const unseenMs = timeMs - history.timeMs;
	return unseenMs >= 0 && unseenMs <= FORGET_LAST_FRAME_AFTER_MS;
}

function begin(scores: Scores, timeMs: number): History {
	return { timeMs, frames: 1, smoothed: scores, top: indexOfGreatest(scores), clearSinceMs: null, anySinceMs: null };
}

/** The history after one more frame: an exponential moving average with time constant `smoothingMs`, and its label. */
function follow(before: History, scores: Scores, timeMs: number, smoothingMs: number): History {
	const frames = before.frames + 1;
	// A plain mean over the first frames; otherwise the very first would count as much as a whole time constant.
	const share = Math.max(1 - Math.exp(-(timeMs - before.timeMs) / smoothingMs), 1 / frames);
	const smoothed = before.smoothed.map((value, label) => value + share * ((scores[label] ?? 0) - value));
	return { timeMs, frames, smoothed, ...holdLabel(before, smoothed, timeMs) };
}

/** Hysteresis: the label to show, and since when another has led it. */
function holdLabel(
	{ top, clearSinceMs, anySinceMs }: History,
	smoothed: Scores,
	timeMs: number
): Pick<History, 'top' | 'clearSinceMs' | 'anySinceMs'> {
	const challenger = indexOfGreatest(smoothed);
	const lead = (smoothed[challenger] ?? 0) - (smoothed[top] ?? 0);
	if (lead <= 0) return { top, clearSinceMs: null, anySinceMs: null };
	const clearSince = lead >= CLEAR_LEAD ? (clearSinceMs ?? timeMs) : null;
	const anySince = anySinceMs ?? timeMs;
	const isClear = clearSince !== null && timeMs - clearSince >= CLEAR_LEAD_MS;
	if (isClear || timeMs - anySince >= ANY_LEAD_MS) return { top: challenger, clearSinceMs: null, anySinceMs: null };
	return { top, clearSinceMs: clearSince, anySinceMs: anySince };
}
