/** How long a stream is waited for: as its own pace says, and longer with every try that waited in vain. */

/** At first: for the answer and for the first picture; and for another one, once the pace is known. */
const FIRST_MS = 8000;
const STALL_MS = 5000;
/** For the second picture: one every ten seconds is as good a pace as any. */
const UNKNOWN_MS = 30_000;
/** The longest that anything is waited for. */
const MOST_MS = 120_000;
/** So many of its own intervals without a picture, and a stream stands still. */
const INTERVALS = 4;
/** Each try waits so much longer than the one before. */
const GROWTH = 1.5;
/** Intervals that are remembered: a camera that slows down at night is soon known by it. */
const REMEMBERED = 8;

export class Pace {
	#firstTries = 0;
	#stalls = 0;
	#slowestFirstMs = 0;
	#intervals: readonly number[] = [];
	/** When the last picture came; null before the first of a connection. */
	#lastMs: number | null = null;

	/** For the first picture of a connection, from its start. */
	get firstLimitMs(): number {
		const grown = FIRST_MS * GROWTH ** this.#firstTries;
		return Math.min(MOST_MS, Math.max(grown, 2 * this.#slowestFirstMs));
	}

	/** For the next picture, from the one before. */
	get nextLimitMs(): number {
		const known = this.#intervals.length === 0 ? UNKNOWN_MS : INTERVALS * Math.max(...this.#intervals);
		return Math.min(MOST_MS, Math.max(STALL_MS, known) * GROWTH ** this.#stalls);
	}

	/** A connection begins. */
	begin(): void {
		this.#lastMs = null;
	}

	/** A picture came, `sinceStartMs` after its connection began. */
	arrived(nowMs: number, sinceStartMs: number): void {
		if (this.#lastMs === null) {
			this.#slowestFirstMs = sinceStartMs;
			this.#firstTries = 0;
		} else {
			this.#intervals = [...this.#intervals.slice(1 - REMEMBERED), nowMs - this.#lastMs];
			this.#stalls = 0;
		}
		this.#lastMs = nowMs;
	}

	/** Nothing came within the limit: the next try waits longer. */
	missed(): void {
		if (this.#lastMs === null) this.#firstTries++;
		else this.#stalls++;
	}
}
