/**
 * How long a frame may take, judged by earlier ones: a stuck worker gives no sign, and the sooner that is noticed, the
 * sooner another one is started. A fixed limit for all machines would have to be many times what most of them need.
 */

/** Some minutes on a slow machine: with one face and several, and with the machine busy with something else. */
const RECENT_FRAMES = 300;
/** Fewer are not enough to judge by. */
const KNOWN_FRAMES = 100;
/** When a crowd arrives, frames take several times as long as empty ones did. */
const TIMES = 8;
/** Other programs may occupy a busy machine's processor for this long. */
const LEAST_LIMIT_MS = 5000;

export class Pace {
	readonly #recentMs: number[] = [];

	/** A frame was answered after this long. */
	add(ms: number): void {
		this.#recentMs.push(ms);
		if (this.#recentMs.length > RECENT_FRAMES) this.#recentMs.shift();
	}

	/** For other models, or another worker, whose pace is unknown. */
	forget(): void {
		this.#recentMs.length = 0;
	}

	/** Milliseconds: `mostMs`, or less once enough frames are known. */
	limitMs(mostMs: number): number {
		if (this.#recentMs.length < KNOWN_FRAMES) return mostMs;
		return Math.min(mostMs, Math.max(LEAST_LIMIT_MS, TIMES * Math.max(...this.#recentMs)));
	}
}
