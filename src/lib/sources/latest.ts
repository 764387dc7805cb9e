/** Holds the newest value until it is taken; newer values replace one that was not taken in time. */
export class Latest<T> {
	#value: T | null = null;
	#wake: (() => void) | null = null;
	#closed = false;

	/** How many values were put. */
	count = 0;

	put(value: T): void {
		this.count++;
		this.#value = value;
		this.#wake?.();
	}

	/** Nothing more will come: current and future takers get null. */
	close(): void {
		this.#closed = true;
		this.#value = null;
		this.#wake?.();
	}

	/** The newest value not yet taken; null after `limitMs` without one, or once closed. For one taker at a time. */
	async take(limitMs: number): Promise<T | null> {
		if (this.#value === null && !this.#closed) await this.#arrival(limitMs);
		const value = this.#value;
		this.#value = null;
		return value;
	}

	#arrival(limitMs: number): Promise<void> {
		return new Promise((resolve) => {
			const done = () => {
				clearTimeout(timer);
				this.#wake = null;
				resolve();
			};
			const timer = setTimeout(done, limitMs);
			this.#wake = done;
		});
	}
}
