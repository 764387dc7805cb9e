/** Time limits for several named tasks; each is either met in time or reported once. */

/** If a timer is this late, the page itself was stalled; so was its worker, or its answer is still queued. */
const LATE_MS = 1000;

export class Deadlines<Task extends string> {
	readonly #running = new Map<Task, { timer: ReturnType<typeof setTimeout>; limitMs: number }>();
	readonly #onExpired: (task: Task, limitMs: number) => void;

	constructor(onExpired: (task: Task, limitMs: number) => void) {
		this.#onExpired = onExpired;
	}

	/** Starts or restarts the limit of a task. */
	start(task: Task, limitMs: number): void {
		this.#start(task, limitMs, true);
	}

	/** After a sign of life: gives every running task its whole limit again. */
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

	/** `mayBeLate`: if the page was stalled, the task gets its limit again, once. */
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
