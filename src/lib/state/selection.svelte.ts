/** The face that a visitor looks at, shared by picture, cards and timeline. */
export class Selection {
	#pointedAt: number | null = $state.raw(null);
	#chosen: number | null = $state.raw(null);

	/** Id of the face to highlight: the one pointed at, or else the chosen one. */
	readonly picked: number | null = $derived(this.#pointedAt ?? this.#chosen);

	/** Id of the face that was tapped, or null. */
	get chosen(): number | null {
		return this.#chosen;
	}

	/** The pointer is over this face, or over none. */
	point(id: number | null): void {
		this.#pointedAt = id;
	}

	choose(id: number | null): void {
		this.#chosen = id;
	}

	/** A tap chooses a face; another tap on it chooses none. */
	toggle(id: number | null): void {
		this.#chosen = id === this.#chosen ? null : id;
	}
}
