/** Time limits of several named tasks; each is either met in time or reported once. */

/** A timer that comes so late tells that the page itself stood still; its worker did too, or its answer waits behind. */
const LATE_MS = 1000;

export class Deadlines<Task extends string> {
	readonly #running = new Map<Task, { timer: ReturnType<typeof setTimeout>; limitMs: number }>();
	readonly #onExpired: (task: Task, limitMs: number) => void;

	constructor(onExpired: (task: Task, limitMs: number) => void) {
		this.#onExpired = onExpired;
	}

	/** Starts the limit of a task, or starts it anew. */
	start(task: Task, limitMs: number): void {
		this.#start(task, limitMs, true);
	}

	/** There was a sign of life: gives every running task its whole limit again. */
	extendAll(): void {
		for (const [task, { limitMs }] of [...this.#running]) this.start(task, limitMs);
	}

	stop(task: Task): void {
		clearTimeout(this.#running.get(task)?.timer);
		this.#running.delete(task);
	}

	stopAll(): void {
		for (const task of [...this.#running.keys()]) this.stop(task);
	}

	/** `mayBeLate`: where the page stood still, the task gets its limit once more, once. */
	#start(task: Task, limitMs: number, mayBeLate: boolean): void {
		this.stop(task);
		const dueMs = performance.now() + limitMs;
		const timer = setTimeout(() => {
			this.#running.delete(task);
			if (mayBeLate && performance.now() - dueMs > LATE_MS) this.#start(task, limitMs, false);
			else this.#onExpired(task, limitMs);
		}, limitMs);
		this.#running.set(task, { timer, limitMs });
	}
}
