/** Whether a device has become slow, from heat or a low battery: the same work takes twice as long as before. */

/** Spans over which a median is taken, in milliseconds. */
const SPAN_MS = 10_000;
/** Slow if a span takes SLOW times as long as the best one; well again below WELL times. */
const SLOW = 2;
const WELL = 1.5;
/** It takes this many spans in a row, so that a busy moment does not count. */
const SPANS = 3;
/** Fewer frames say nothing about a span. */
const LEAST_FRAMES = 5;
/** While slow, the processor rests at least as long as a frame takes. */
const SHARE = 2;

export interface Throttle {
	readonly isSlow: boolean;
	/** Median of the best span so far, and of the last one; null before there was any. */
	readonly bestMs: number | null;
	readonly lastMs: number | null;
	/** Consecutive spans that contradict `isSlow`. */
	readonly against: number;
	readonly span: readonly number[];
	readonly spanEndMs: number;
}

export const UNTHROTTLED: Throttle = {
	isSlow: false,
	bestMs: null,
	lastMs: null,
	against: 0,
	span: [],
	spanEndMs: -Infinity
};

/** After a frame at `nowMs` (steady clock) whose face search took `workMs`, which does not depend on who is there. */
export function noteFrame(before: Throttle, workMs: number, nowMs: number): Throttle {
	if (nowMs < before.spanEndMs) return { ...before, span: [...before.span, workMs] };
	const begin = { span: [workMs], spanEndMs: nowMs + SPAN_MS };
	if (before.span.length < LEAST_FRAMES) return { ...before, ...begin };
	const sorted = before.span.toSorted((a, b) => a - b);
	const lastMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
	const bestMs = Math.min(before.bestMs ?? Infinity, lastMs);
	const isOtherwise = before.isSlow ? lastMs < WELL * bestMs : lastMs >= SLOW * bestMs;
	const against = isOtherwise ? before.against + 1 : 0;
	const turns = against >= SPANS;
	return { isSlow: before.isSlow !== turns, bestMs, lastMs, against: turns ? 0 : against, ...begin };
}

/** Least milliseconds between two frames: by the budget (`fps`, 0 for none), and while the device is slow. */
export function frameIntervalMs({ isSlow, lastMs }: Throttle, fps: number): number {
	const budgetMs = fps === 0 ? 0 : 1000 / fps;
	return isSlow && lastMs !== null ? Math.max(budgetMs, SHARE * lastMs) : budgetMs;
}
