/**
 * How long a frame may take, by those before it: a worker that is stuck gives no sign, and the sooner that is noticed
 * the sooner another one is started. A limit for all machines has to be many times what most of them need.
 */

/** Over some minutes of a slow machine: it has seen one face and several, and the machine busy with something else. */
const RECENT_FRAMES = 300;
/** Fewer tell too little. */
const KNOWN_FRAMES = 100;
/** A crowd that comes takes several times as long as nobody did. */
const TIMES = 8;
/** Other programs may take a busy machine's processor for so long. */
const LEAST_LIMIT_MS = 5000;

export class Pace {
	readonly #recentMs: number[] = [];

	/** A frame was answered after this long. */
	add(ms: number): void {
		this.#recentMs.push(ms);
		if (this.#recentMs.length > RECENT_FRAMES) this.#recentMs.shift();
	}

	/** Other models, or another worker: nothing is known of them. */
	forget(): void {
		this.#recentMs.length = 0;
	}

	/** Milliseconds: `mostMs`, or less once enough frames are known. */
	limitMs(mostMs: number): number {
		if (this.#recentMs.length < KNOWN_FRAMES) return mostMs;
		return Math.min(mostMs, Math.max(LEAST_LIMIT_MS, TIMES * Math.max(...this.#recentMs)));
	}
}
