/** The analyser numbers faces across everything it looks at; a film's count from 1, and continue as it is read on. */
export class FaceNumbers {
	readonly #known = new Map<number, number>();
	#last = 0;

	/** The film's number of a face. */
	of(id: number): number {
		const number = this.#known.get(id) ?? ++this.#last;
		this.#known.set(id, number);
		return number;
	}

	/** No later id refers to an earlier face. */
	forget(): void {
		this.#known.clear();
	}

	/** The next new face gets the number after this one. */
	continueFrom(last: number): void {
		this.forget();
		this.#last = last;
	}
}
