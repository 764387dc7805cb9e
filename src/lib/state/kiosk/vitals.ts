/** What a broker is told at once about a kiosk: whether somebody is in view, and whether pictures are analysed. */

/**
 * Without a result for this long it is not available. Timers of a hidden page may fire a minute late, and listeners
 * should know within three minutes.
 */
const DEAD_MS = 110_000;

export class Vitals {
	readonly #occupiedMs: number;
	#resultMs: number;
	#faceMs = -Infinity;

	/** Starts alive, with nobody in view. "Occupied" ends `occupiedMs` after the last face. All by one steady clock. */
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

	/** A kiosk that was paused on request counts as alive. */
	isAlive(nowMs: number, isPaused: boolean): boolean {
		return isPaused || nowMs - this.#resultMs < DEAD_MS;
	}
}
