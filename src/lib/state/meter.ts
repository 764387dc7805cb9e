/** How fast the analysis runs, steady enough to be read. */
import type { StageTimes } from '../core/types';

/** Smoothed figures of the last second or so; null before there are any. */
export interface Meter {
	/** Results per second; null until two have come. */
	readonly fps: number | null;
	readonly times: StageTimes | null;
	readonly lastMs: number | null;
}

export const EMPTY_METER: Meter = { fps: null, times: null, lastMs: null };

/** Time constant of the smoothing in milliseconds. */
const SETTLE_MS = 800;
/** A longer interval, most of it not spent on a frame, means that the page was hidden. */
const PAUSE_MS = 2000;

/** The meter after a result that arrived at `nowMs` and took `times`. */
export function measure(meter: Meter, times: StageTimes, nowMs: number): Meter {
	const intervalMs = meter.lastMs === null ? null : nowMs - meter.lastMs;
	const paused = intervalMs !== null && intervalMs > PAUSE_MS && intervalMs > 2 * times.total;
	if (intervalMs === null || intervalMs <= 0 || paused) return { ...meter, times, lastMs: nowMs };
	const weight = 1 - Math.exp(-intervalMs / SETTLE_MS);
	const previousMs = meter.fps === null ? intervalMs : 1000 / meter.fps;
	return {
		fps: 1000 / mix(previousMs, intervalMs, weight),
		times: meter.times === null ? times : mixTimes(meter.times, times, weight),
		lastMs: nowMs
	};
}

function mixTimes(from: StageTimes, to: StageTimes, weight: number): StageTimes {
	const classify = Object.entries(to.classify).map(([id, ms]) => [id, mix(from.classify[id] ?? ms, ms, weight)]);
	return {
		read: mix(from.read, to.read, weight),
		detect: mix(from.detect, to.detect, weight),
		crop: mix(from.crop, to.crop, weight),
		classify: Object.fromEntries(classify) as StageTimes['classify'],
		total: mix(from.total, to.total, weight)
	};
}

function mix(from: number, to: number, weight: number): number {
	return from + (to - from) * weight;
}
