/** A benchmark in this browser: what it runs on, how far it is, and what it found. */
import { startTask, type Task, type TaskHost } from '../client/task';
import { toAppError, type AppError } from '../errors';
import type { BenchmarkProgress, BenchmarkRequest, Problem } from '../protocol/tasks';

export type BenchmarkStatus =
	| { readonly kind: 'idle' }
	| { readonly kind: 'running' }
	| { readonly kind: 'paused' }
	| { readonly kind: 'done' }
	| { readonly kind: 'cancelled' }
	| { readonly kind: 'failed'; readonly error: AppError };

export class Benchmark {
	#status: BenchmarkStatus = $state.raw({ kind: 'idle' });
	#progress: BenchmarkProgress | null = $state.raw(null);
	#problems: readonly Problem[] = $state.raw([]);
	#request: BenchmarkRequest | null = $state.raw(null);
	#task: Task | null = null;
	readonly #host: TaskHost;

	constructor(host: TaskHost) {
		this.#host = host;
	}

	get status(): BenchmarkStatus {
		return this.#status;
	}

	/** How far it is, or was when it ended; null before the first report. */
	get progress(): BenchmarkProgress | null {
		return this.#progress;
	}

	/** What it runs on, or ran on last. */
	get request(): BenchmarkRequest | null {
		return this.#request;
	}

	/** Pictures that are not counted. */
	get problems(): readonly Problem[] {
		return this.#problems;
	}

	/** Milliseconds left at the speed so far, or null if that is unknown. */
	readonly leftMs: number | null = $derived.by(() => {
		if (this.#progress === null) return null;
		const { done, total, elapsedMs } = this.#progress;
		return done === 0 || elapsedMs <= 0 ? null : ((total - done) * elapsedMs) / done;
	});

	/** Runs to the end; `problems` are those known beforehand. Failures become the status. */
	async run(request: BenchmarkRequest, problems: readonly Problem[]): Promise<void> {
		if (this.#task !== null) return;
		this.#problems = problems;
		this.#request = request;
		this.#progress = null;
		this.#status = { kind: 'running' };
		const task = startTask(this.#host, { type: 'benchmark', request }, (event) => {
			if (event.type !== 'progress') return;
			this.#progress = event.progress;
			if (event.progress.problems.length > 0) this.#problems = [...this.#problems, ...event.progress.problems];
		});
		this.#task = task;
		try {
			this.#status = { kind: (await task.finished) ? 'done' : 'cancelled' };
		} catch (thrown) {
			this.#status = { kind: 'failed', error: toAppError(thrown, 'analysis-failed') };
		} finally {
			this.#task = null;
		}
	}

	pause(): void {
		if (this.#status.kind !== 'running') return;
		this.#task?.pause();
		this.#status = { kind: 'paused' };
	}

	resume(): void {
		if (this.#status.kind !== 'paused') return;
		this.#task?.resume();
		this.#status = { kind: 'running' };
	}

	cancel(): void {
		this.#task?.cancel();
	}
}
