/** Whether a device has grown slow, by heat or a low battery: the same work takes twice as long as it did. */

/** Spans over which a median is taken, in milliseconds. */
const SPAN_MS = 10_000;
/** Slow where a span takes so many times as long as the best one did, and well again below the second. */
const SLOW = 2;
const WELL = 1.5;
/** So many spans in a row, so that a busy moment is none. */
const SPANS = 3;
/** Fewer frames say nothing of a span. */
const LEAST_FRAMES = 5;
/** While slow, the processor has at least as long to rest as a frame takes. */
const SHARE = 2;

export interface Throttle {
	readonly isSlow: boolean;
	/** Median of the best span so far, and of the last one; null before there was any. */
	readonly bestMs: number | null;
	readonly lastMs: number | null;
	/** Spans in a row that say otherwise than `isSlow`. */
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

/** After a frame whose faces took `workMs` to be looked for, `nowMs` of a steady clock: work that does not depend on who is there. */
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
