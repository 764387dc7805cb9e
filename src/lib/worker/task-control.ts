/** Lets a long task be paused and cancelled between steps, and tells how long it has worked. */
export class TaskControl {
	readonly #now: () => number;
	#cancelled = false;
	#paused: { since: number; promise: Promise<void>; resume: () => void } | null = null;
	#pausedMs = 0;

	/** `now`: milliseconds of a monotonic clock. */
	constructor(now: () => number) {
		this.#now = now;
	}

	get cancelled(): boolean {
		return this.#cancelled;
	}

	/** Milliseconds since the clock's zero, excluding pauses. */
	workedMs(): number {
		const since = this.#paused?.since;
		return (since ?? this.#now()) - this.#pausedMs;
	}

	pause(): void {
		if (this.#paused !== null || this.#cancelled) return;
		let resume = (): void => undefined;
		const promise = new Promise<void>((resolve) => (resume = resolve));
		this.#paused = { since: this.#now(), promise, resume };
	}

	resume(): void {
		if (this.#paused === null) return;
		this.#pausedMs += this.#now() - this.#paused.since;
		this.#paused.resume();
		this.#paused = null;
	}

	cancel(): void {
		this.#cancelled = true;
		this.resume();
	}

	/** Lets messages in, waits while paused, and tells whether to go on. */
	async step(): Promise<boolean> {
		await new Promise((resolve) => setTimeout(resolve));
		while (this.#paused !== null) await this.#paused.promise;
		return !this.#cancelled;
	}
}
