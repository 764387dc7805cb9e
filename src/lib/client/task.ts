/** The page's side of a task beside the live analysis. */
import { AppError, toAppError } from '../errors';
import type { FromTask, TaskRequest, ToTask } from '../protocol/tasks';

export type TaskEvent = Extract<FromTask, { type: 'speed' | 'tables' | 'progress' }>;

/** What a task needs of the analyser: a port to its worker, and a call if that worker is lost before it disconnects. */
export interface TaskHost {
	connect(onLost: (error: AppError) => void): Promise<MessagePort>;
	disconnect(onLost: (error: AppError) => void): void;
}

export interface Task {
	/** Resolves at its end: true unless it was cancelled. Rejects with an AppError. */
	readonly finished: Promise<boolean>;
	pause(): void;
	resume(): void;
	cancel(): void;
}

/** A worker that is silent for this long hangs. What takes longest is loading a model on a software GPU. */
const SILENCE_LIMIT_MS = 120_000;

/** Starts a task; `onEvent` gets every event before its end. */
export function startTask(host: TaskHost, request: TaskRequest, onEvent: (event: TaskEvent) => void): Task {
	let port: MessagePort | null = null;
	let settle: { resolve: (finished: boolean) => void; reject: (error: AppError) => void };
	let timer: ReturnType<typeof setTimeout> | undefined;
	/** No messages are expected while paused. */
	let paused = false;
	/** Sent once there is a port. */
	const waiting: ToTask[] = [request];

	const finished = new Promise<boolean>((resolve, reject) => (settle = { resolve, reject }));
	const stop = (): void => {
		clearTimeout(timer);
		port?.close();
		port = null;
		host.disconnect(fail);
	};
	const fail = (error: AppError): void => {
		stop();
		settle.reject(error);
	};
	const expectSign = (): void => {
		clearTimeout(timer);
		if (paused) return;
		timer = setTimeout(() => {
			fail(new AppError('worker-timeout', `The task gave no sign for ${SILENCE_LIMIT_MS} ms`));
		}, SILENCE_LIMIT_MS);
	};
	const send = (message: ToTask): void => {
		if (port === null) waiting.push(message);
		else port.postMessage(message);
	};

	host
		.connect(fail)
		.then((opened) => {
			port = opened;
			opened.onmessage = ({ data }: MessageEvent<FromTask>) => {
				switch (data.type) {
					case 'done':
						stop();
						settle.resolve(!data.cancelled);
						break;
					case 'failed':
						fail(new AppError(data.failure.code, data.failure.message, undefined, data.failure.said));
						break;
					case 'speed':
					case 'tables':
					case 'progress':
						expectSign();
						onEvent(data);
						break;
					default:
						throw new Error(`Unknown message: ${JSON.stringify(data satisfies never)}`);
				}
			};
			for (const message of waiting.splice(0)) opened.postMessage(message);
			expectSign();
		})
		// Includes messages that cannot be sent.
		.catch((error: unknown) => fail(toAppError(error, 'worker-died')));

	return {
		finished,
		pause: () => {
			paused = true;
			clearTimeout(timer);
			send({ type: 'pause' });
		},
		resume: () => {
			paused = false;
			expectSign();
			send({ type: 'resume' });
		},
		cancel: () => {
			paused = false;
			expectSign();
			send({ type: 'cancel' });
		}
	};
}
