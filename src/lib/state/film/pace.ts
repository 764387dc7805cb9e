/** How fast a film is read, judged by the last seconds: an hour ago says nothing about now. */
const RECENT_MS = 15_000;
/** A shorter time tells too little. */
const LEAST_MS = 1500;

export class Pace {
	readonly #points: { readonly nowMs: number; readonly filmS: number }[] = [];

	/** At `nowMs` the film was read up to `filmS`. */
	add(nowMs: number, filmS: number): void {
		this.#points.push({ nowMs, filmS });
		while (nowMs - (this.#points[1]?.nowMs ?? nowMs) > RECENT_MS) this.#points.shift();
	}

	/** Seconds of film per second; null while too little is known. */
	get speed(): number | null {
		const [first, last] = [this.#points[0], this.#points.at(-1)];
		if (first === undefined || last === undefined || last.nowMs - first.nowMs < LEAST_MS) return null;
		const speed = (1000 * (last.filmS - first.filmS)) / (last.nowMs - first.nowMs);
		return speed > 0 ? speed : null;
	}
}
