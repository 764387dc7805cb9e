/** Round ends and steps for a time axis. */

const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];
/** Axis ends that are easy to read, in milliseconds; each can be halved. */
const ENDS = [
	...[2, 4, 10, 20, 30].map((count) => count * SECOND),
	...[1, 2, 4, 10, 20, 30].map((count) => count * MINUTE),
	...[1, 2, 4, 10, 24, 48, 100].map((count) => count * HOUR)
];

/** The smallest round axis end that fits `greatestMs`; 0 for 0. */
export function endOfScale(greatestMs: number): number {
	if (greatestMs <= 0) return 0;
	const last = 100 * HOUR;
	return ENDS.find((end) => end >= greatestMs) ?? Math.ceil(greatestMs / last) * last;
}

/** A round time in short form: "30 s", "4 min", "10 h". */
export function scaleTitle(ms: number): string {
	if (ms >= HOUR) return `${ms / HOUR} h`;
	if (ms >= MINUTE) return `${ms / MINUTE} min`;
	return ms === 0 ? '0' : `${ms / SECOND} s`;
}
