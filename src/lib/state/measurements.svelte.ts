/** How fast the models are on this device, measured when a visitor asks for it. */
import { startTask, type Task, type TaskHost } from '../client/task';
import { toAppError, type AppError } from '../errors';
import type { Speed } from '../protocol/tasks';

export class Measurements {
	#speeds: Readonly<Record<string, Speed>> = $state.raw({});
	#task: Task | null = $state.raw(null);
	#error: AppError | null = $state.raw(null);
	readonly #host: TaskHost;

	constructor(host: TaskHost) {
		this.#host = host;
	}

	/** By model id. */
	get speeds(): Readonly<Record<string, Speed>> {
		return this.#speeds;
	}

	get running(): boolean {
		return this.#task !== null;
	}

	get error(): AppError | null {
		return this.#error;
	}

	/** Measures these models again, one after another. Failures become `error`. */
	async measure(models: readonly string[]): Promise<void> {
		if (this.#task !== null) return;
		this.#speeds = {};
		this.#error = null;
		this.#task = startTask(this.#host, { type: 'speed', models }, (event) => {
			if (event.type === 'speed') this.#speeds = { ...this.#speeds, [event.speed.model]: event.speed };
		});
		try {
			await this.#task.finished;
		} catch (thrown) {
			this.#error = toAppError(thrown, 'analysis-failed');
		} finally {
			this.#task = null;
		}
	}

	stop(): void {
		this.#task?.cancel();
	}
}
