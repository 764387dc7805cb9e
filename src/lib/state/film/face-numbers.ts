/** The analyser numbers the faces of all that it looks at; those of a film count from 1, and on where it is read on. */
export class FaceNumbers {
	readonly #known = new Map<number, number>();
	#last = 0;

	/** The film's number of a face. */
	of(id: number): number {
		const number = this.#known.get(id) ?? ++this.#last;
		this.#known.set(id, number);
		return number;
	}

	/** None of the ids to come is one of those before. */
	forget(): void {
		this.#known.clear();
	}

	/** The next new face comes after this number. */
	continueFrom(last: number): void {
		this.forget();
		this.#last = last;
	}
}
