/** What a broker is told of a kiosk at once: whether somebody is in view, and whether pictures are analysed at all. */

/**
 * Without a result for so long it is not available. Timers of a hidden page may come a minute late, and whoever listens
 * is to know within three minutes.
 */
const DEAD_MS = 110_000;

export class Vitals {
	readonly #occupiedMs: number;
	#resultMs: number;
	#faceMs = -Infinity;

	/** Begins as alive and with nobody in view. "Occupied" ends `occupiedMs` after the last face. All times are of one steady clock. */
	constructor(nowMs: number, occupiedMs: number) {
		this.#resultMs = nowMs;
		this.#occupiedMs = occupiedMs;
	}

	/** When the last result came, or the kiosk began. */
	get resultMs(): number {
		return this.#resultMs;
	}

	/** A frame was analysed. */
	saw(nowMs: number, hasFace: boolean): void {
		this.#resultMs = nowMs;
		if (hasFace) this.#faceMs = nowMs;
	}

	isOccupied(nowMs: number): boolean {
		return nowMs - this.#faceMs <= this.#occupiedMs;
	}

	/** One that rests on request is. */
	isAlive(nowMs: number, isPaused: boolean): boolean {
		return isPaused || nowMs - this.#resultMs < DEAD_MS;
	}
}
