import type { Sampling } from './film';

/** Times this close are the same: containers count in fractions of their own. */
export const SAME_S = 1e-4;

/** Index of the last of `times` (ascending) that is not after `timeS`; -1 before the first. */
export function frameAt(times: ArrayLike<number>, timeS: number): number {
	let [low, high] = [0, times.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((times[middle] ?? Infinity) <= timeS + SAME_S) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}

/**
 * Indices of the frames to analyse, in a film whose frames begin at `times` (seconds, ascending): all that begin in the
 * range (of several with the same time, the last); or those on screen at `fromS` and every 1 / perSecond seconds after,
 * each at most once. At a variable frame rate there are fewer while a frame stays longer.
 */
export function chooseFrames(times: ArrayLike<number>, { fromS, toS, perSecond, afterS }: Sampling): Uint32Array {
	const chosen: number[] = [];
	const after = afterS === null ? -1 : frameAt(times, afterS);
	if (perSecond === null) {
		for (let index = firstFrom(times, fromS); index < times.length; index++) {
			const timeS = times[index] ?? Infinity;
			if (timeS >= toS - SAME_S) break;
			// Recorders that count in milliseconds may give two frames the same time: the second hides the first.
			const isHidden = (times[index + 1] ?? Infinity) - timeS <= SAME_S;
			if (index > after && !isHidden) chosen.push(index);
		}
		return Uint32Array.from(chosen);
	}
	const beginS = Math.max(fromS, times[0] ?? fromS);
	for (let step = 0; ; step++) {
		const timeS = beginS + step / perSecond;
		if (timeS >= toS - SAME_S) break;
		const index = frameAt(times, timeS);
		if (index > after && chosen.at(-1) !== index) chosen.push(index);
	}
	return Uint32Array.from(chosen);
}

function firstFrom(times: ArrayLike<number>, fromS: number): number {
	const before = frameAt(times, fromS);
	const isAtIt = before >= 0 && Math.abs((times[before] ?? Infinity) - fromS) <= SAME_S;
	return isAtIt ? before : before + 1;
}
