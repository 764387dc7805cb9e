/** How long to wait for a stream: according to its own pace, and longer after every try that waited in vain. */

/** Initially, for the answer and the first picture; and at least, for another one once the pace is known. */
const FIRST_MS = 8000;
const STALL_MS = 5000;
/** For the second picture, when the pace is unknown: it may well be one every ten seconds. */
const UNKNOWN_MS = 30_000;
/** The longest wait for anything. */
const MOST_MS = 120_000;
/** After this many of its intervals without a picture, a stream counts as frozen. */
const INTERVALS = 4;
/** Each try waits this many times longer than the one before. */
const GROWTH = 1.5;
/** Number of intervals remembered: few, to adapt soon to a camera that slows down at night. */
const REMEMBERED = 8;

export class Pace {
	#firstTries = 0;
	#stalls = 0;
	#slowestFirstMs = 0;
	#intervals: readonly number[] = [];
	/** When the last picture came; null before the first of a connection. */
	#lastMs: number | null = null;

	/** Limit for the first picture of a connection, from its start. */
	get firstLimitMs(): number {
		const grown = FIRST_MS * GROWTH ** this.#firstTries;
		return Math.min(MOST_MS, Math.max(grown, 2 * this.#slowestFirstMs));
	}

	/** Limit for the next picture, from the previous one. */
	get nextLimitMs(): number {
		const known = this.#intervals.length === 0 ? UNKNOWN_MS : INTERVALS * Math.max(...this.#intervals);
		return Math.min(MOST_MS, Math.max(STALL_MS, known) * GROWTH ** this.#stalls);
	}

	/** A connection begins. */
	begin(): void {
		this.#lastMs = null;
	}

	/** A picture came `sinceStartMs` after its connection began. */
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
