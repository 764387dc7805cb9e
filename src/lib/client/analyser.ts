/** The page's side of the worker: starts it, talks to it, and restarts it when it dies or hangs. */
import type { Explanation, FrameResult } from '../core/types';
import { AppError, toAppError } from '../errors';
import type { Manifest } from '../manifest';
import {
	WORKER_NOT_LOADED,
	type BackendName,
	type BackendReport,
	type FrameOptions,
	type FromWorker,
	type GrabbedFrame,
	type ToWorker,
	type WorkerSettings
} from '../protocol';
import { Deadlines } from './deadlines';
import { takeEarlyWorker } from './early-worker';
import { Pace } from './pace';

type Message<Type extends FromWorker['type']> = Extract<FromWorker, { type: Type }>;

export interface Ready {
	readonly backend: BackendReport;
	readonly manifest: Manifest;
}

export interface WorkerStats {
	readonly tensors: number;
	readonly tensorBytes: number;
}

export type AnalyserEvent =
	| Message<'progress'>
	/** Also after every restart; the analyser itself sends the current settings again. */
	| ({ type: 'ready' } & Ready)
	/** The worker died, hung or lost its back end; it is restarted automatically. */
	| { type: 'restarting'; error: AppError }
	/** It could not be started; `start` may be called again. */
	| { type: 'fatal'; error: AppError };

/** The part of a Worker that the analyser needs; tests pass their own. */
export interface WorkerLike {
	postMessage(message: ToWorker, transfer: Transferable[]): void;
	terminate(): void;
	onmessage: ((event: MessageEvent<FromWorker>) => unknown) | null;
	onmessageerror: ((event: MessageEvent) => unknown) | null;
	onerror: ((event: ErrorEvent) => unknown) | null;
}

/** A worker that was told to start, and its messages since. */
interface Early {
	readonly worker: WorkerLike;
	readonly said: readonly FromWorker[];
}

/** Limits in milliseconds. Those for start and configuration count from the last sign of progress. */
export interface Timeouts {
	/** Until the worker's code is loaded: a stalled connection is reported like any file that cannot be loaded. */
	readonly codeMs: number;
	readonly startMs: number;
	readonly configureMs: number;
	readonly frameMs: number;
	/** A still takes some hundred looks. */
	readonly stillMs: number;
}

export interface AnalyserOptions {
	/** Absolute address of static/ on this origin, with a slash at its end. */
	readonly baseUrl: string;
	readonly backend?: BackendName | 'auto';
	/** Used without a trial if it runs, instead of choosing a back end. */
	readonly known?: BackendReport;
	readonly onEvent: (event: AnalyserEvent) => void;
	readonly createWorker?: () => WorkerLike;
	/** Returns a worker that was created and told to start earlier; called once. */
	readonly takeEarly?: () => Early | null;
	readonly timeouts?: Partial<Timeouts>;
}

/** Long, as a software GPU compiles for a minute on a busy machine. Frames get less once their pace is known. */
const TIMEOUTS: Timeouts = {
	codeMs: 40_000,
	startMs: 120_000,
	configureMs: 120_000,
	frameMs: 30_000,
	stillMs: 300_000
};
/** Back ends that compile nothing while they run: on a GPU the first frame with more faces than before may. */
const STEADY_BACKENDS: ReadonlySet<BackendName> = new Set(['wasm', 'cpu']);
const ONE_THREAD: BackendReport = { chosen: 'wasm', reason: 'One of several workers.', trials: [], threads: 1 };
const FIRST_STARTS = 3;
const BACKOFF_MS = { first: 250, greatest: 30_000 };

interface Waiter<T> {
	readonly resolve: (value: T) => void;
	readonly reject: (error: AppError) => void;
}

interface PendingFrame extends Waiter<FrameResult | null> {
	readonly frameId: number;
	readonly sentMs: number;
	readonly still: boolean;
}

function startWorker(): WorkerLike {
	return new Worker(new URL('../worker/analyser.worker.ts', import.meta.url), { type: 'module' });
}

export class Analyser {
	readonly #options: AnalyserOptions;
	readonly #timeouts: Timeouts;
	readonly #deadlines: Deadlines<'code' | 'start' | 'configure' | 'frame' | 'explain' | 'stats'>;
	#worker: WorkerLike | null = null;
	#restartTimer: ReturnType<typeof setTimeout> | undefined;
	/** Starts since the last result. */
	#attempts = 0;
	#disposed = false;
	#ready: Ready | null = null;
	/** Whether any worker ever became ready: from then on it is always started again. */
	#everReady = false;
	#generation = 0;
	/** Settings that the worker confirmed, and those requested since. */
	#accepted: WorkerSettings | null = null;
	#wanted: WorkerSettings | null = null;
	/** Generation that the running worker confirmed. */
	#active: number | null = null;
	/** The model likely to be requested first. */
	#likelyModel: string | null = null;
	#lastFrameId = 0;
	#frame: PendingFrame | null = null;
	readonly #pace = new Pace();
	#startWaiters: Waiter<Ready>[] = [];
	#configureWaiters: Waiter<void>[] = [];
	#statsWaiters: Waiter<WorkerStats>[] = [];
	/** Called when the worker behind a task's port is gone. */
	readonly #connections = new Set<(error: AppError) => void>();
	/** Largest face id from any worker so far: the next worker continues from there. */
	#lastFaceId = 0;
	#lastRequestId = 0;
	readonly #explainWaiters = new Map<number, Waiter<Explanation>>();

	constructor(options: AnalyserOptions) {
		this.#options = options;
		this.#timeouts = { ...TIMEOUTS, ...options.timeouts };
		this.#deadlines = new Deadlines((task, limitMs) => {
			if (task === 'code') this.#workerFailed(notLoaded(`nothing came for ${limitMs / 1000} s`), { reported: true });
			else this.#workerFailed(new AppError('worker-timeout', `The worker did not answer (${task}) for ${limitMs} ms`));
		});
	}

	/** True while a frame is in flight, or while none would be accepted (starting, restarting, no settings yet). */
	get busy(): boolean {
		return this.#frame !== null || this.#active === null;
	}

	/**
	 * Starts the worker; resolves when it is ready. `likelyModel`: will be requested first; null: the manifest's
	 * default. Rejects with the AppError that 'fatal' reports.
	 */
	start(likelyModel: string | null = null): Promise<Ready> {
		if (this.#disposed) return Promise.reject(disposedError());
		if (this.#ready !== null) return Promise.resolve(this.#ready);
		return new Promise((resolve, reject) => {
			this.#startWaiters.push({ resolve, reject });
			this.#likelyModel = likelyModel;
			if (this.#worker === null && this.#restartTimer === undefined) this.#spawn();
		});
	}

	/** Like `start`, but fetches the worker and the list of models anew: the site may have changed. */
	startAnew(likelyModel: string | null = null): Promise<Ready> {
		// A worker that is still starting fetches them anyway.
		if (this.#ready === null) return this.start(likelyModel);
		const error = new AppError('worker-died', 'The worker was started anew');
		this.#stopWorker();
		this.#frame?.reject(error);
		this.#frame = null;
		this.#loseConnections(error);
		this.#rejectWaiters(error);
		this.#attempts = 0;
		return this.start(likelyModel);
	}

	/**
	 * Resolves when the models of these settings run. Until then, and after a failure (AppError), the previous settings
	 * stay in force. A call while another one is in progress replaces it; both settle together.
	 */
	configure(settings: WorkerSettings): Promise<void> {
		if (this.#disposed) return Promise.reject(disposedError());
		return new Promise((resolve, reject) => {
			this.#configureWaiters.push({ resolve, reject });
			this.#wanted = settings;
			if (this.#ready !== null) this.#sendSettings(settings);
		});
	}

	/**
	 * The faces of a picture, or null if it was dropped (another one in flight, not ready, settings just changed).
	 * Takes the picture and closes it. Rejects with an AppError if the picture, or the worker, failed.
	 */
	analyse(picture: GrabbedFrame, options: FrameOptions): Promise<FrameResult | null> {
		const generation = this.#active;
		if (this.#frame !== null || generation === null) {
			picture.close();
			return Promise.resolve(null);
		}
		const frameId = ++this.#lastFrameId;
		return new Promise((resolve, reject) => {
			try {
				this.#post({ type: 'frame', generation, frameId, picture, options }, [picture]);
			} catch (error) {
				picture.close();
				reject(toAppError(error, 'analysis-failed'));
				return;
			}
			this.#frame = { frameId, sentMs: performance.now(), still: options.still, resolve, reject };
			this.#deadlines.start('frame', this.#frameLimitMs(this.#frame));
		});
	}

	/**
	 * Which parts of a face (FaceResult.input) speak for the label that a running model gives it. Rejects with an
	 * AppError.
	 */
	explain(modelId: string, input: Uint8Array): Promise<Explanation> {
		if (this.#active === null) return Promise.reject(new AppError('worker-died', 'No model is running'));
		const requestId = ++this.#lastRequestId;
		return new Promise((resolve, reject) => {
			this.#explainWaiters.set(requestId, { resolve, reject });
			this.#post({ type: 'explain', requestId, modelId, input });
			this.#deadlines.start('explain', this.#timeouts.configureMs);
		});
	}

	/** Starts a look at a face at rest, to read it relative to that, or ends this. Lost when the worker ends. */
	rest(faceId: number, learn: boolean, stream = 0): void {
		this.#post({ type: 'rest', stream, faceId, learn });
	}

	/** Forgets tracked faces: another source starts. */
	reset(stream = 0): void {
		this.#post({ type: 'reset', stream });
	}

	/** Live tensors in the worker and their bytes. Rejects with an AppError if no worker is running. */
	stats(): Promise<WorkerStats> {
		if (this.#ready === null) return Promise.reject(new AppError('worker-died', 'No worker is running'));
		return new Promise((resolve, reject) => {
			this.#statsWaiters.push({ resolve, reject });
			this.#post({ type: 'stats' });
			this.#deadlines.start('stats', this.#timeouts.configureMs);
		});
	}

	/** Another analyser, with its own worker on single-threaded WASM: to share out pictures between several. */
	beside(): Analyser {
		const { baseUrl } = this.#options;
		return new Analyser({ baseUrl, known: ONE_THREAD, takeEarly: () => null, onEvent: () => undefined });
	}

	/** Ends the worker and starts another one, as if it had hung. */
	restart(): void {
		if (this.#worker !== null) this.#workerFailed(new AppError('worker-died', 'It was restarted on request'));
	}

	/**
	 * A port to the worker, for one task beside the frames. `onLost` is called at most once, when the worker is gone;
	 * the port alone would just fall silent. Call `disconnect` with the same function at the end. Rejects like `start`.
	 */
	async connect(onLost: (error: AppError) => void): Promise<MessagePort> {
		await this.start();
		const { port1, port2 } = new MessageChannel();
		this.#connections.add(onLost);
		this.#post({ type: 'connect', port: port2 }, [port2]);
		return port1;
	}

	/** The task is over: `onLost` is no longer called. */
	disconnect(onLost: (error: AppError) => void): void {
		this.#connections.delete(onLost);
	}

	/** Ends the worker. A frame in flight counts as dropped; everything else that is pending rejects. */
	dispose(): void {
		this.#disposed = true;
		this.#stopWorker();
		this.#loseConnections(disposedError());
		this.#frame?.resolve(null);
		this.#frame = null;
		this.#rejectWaiters(disposedError());
	}

	#spawn(): void {
		this.#restartTimer = undefined;
		this.#attempts++;
		try {
			const { createWorker = startWorker } = this.#options;
			const early = this.#takeEarly();
			const worker = early?.worker ?? createWorker();
			this.#worker = worker;
			worker.onmessage = ({ data }) => {
				this.#receive(data);
			};
			worker.onerror = ({ message }: Partial<ErrorEvent>) => {
				// There is no message if the entry script cannot be loaded.
				const isLoaded = message !== undefined && message !== '' && !message.includes(WORKER_NOT_LOADED);
				this.#workerFailed(isLoaded ? new AppError('worker-died', message) : notLoaded());
			};
			worker.onmessageerror = () => {
				this.#workerFailed(new AppError('worker-died', 'A message of the worker could not be read'));
			};
			this.#deadlines.start('code', this.#timeouts.codeMs);
			this.#deadlines.start('start', this.#timeouts.startMs);
			if (early === null) {
				const { baseUrl, backend = 'auto', known } = this.#options;
				const model = this.#wanted?.models[0] ?? this.#likelyModel;
				this.#post({ type: 'start', baseUrl, backend, known, model, firstFaceId: this.#lastFaceId + 1 });
			} else for (const message of early.said) this.#receive(message);
		} catch (error) {
			this.#workerFailed(toAppError(error, 'worker-died'));
		}
	}

	/** The worker that was started early, for the first start only; tests pass their own or none. */
	#takeEarly(): Early | null {
		const { createWorker, takeEarly } = this.#options;
		if (this.#attempts > 1 || this.#everReady) return null;
		if (takeEarly !== undefined) return takeEarly();
		return createWorker === undefined ? takeEarlyWorker() : null;
	}

	#receive(message: FromWorker): void {
		this.#deadlines.stop('code');
		switch (message.type) {
			case 'progress':
				this.#deadlines.extendAll();
				this.#options.onEvent(message);
				break;
			case 'ready':
				this.#becomeReady({ backend: message.backend, manifest: message.manifest });
				break;
			case 'configured':
				if (message.generation === this.#generation) this.#becomeConfigured();
				break;
			case 'result':
				this.#attempts = 0;
				this.#settleFrame(message.frameId, (frame) => {
					if (!frame.still) {
						this.#pace.add(performance.now() - frame.sentMs);
						this.#lastFaceId = Math.max(this.#lastFaceId, ...message.result.faces.map(({ id }) => id));
					}
					frame.resolve(message.generation === this.#active ? message.result : null);
				});
				break;
			case 'dropped':
				this.#settleFrame(message.frameId, (frame) => {
					frame.resolve(null);
				});
				break;
			case 'explained':
				this.#settleExplanation(message.requestId, (waiter) => {
					waiter.resolve(message.explanation);
				});
				break;
			case 'failed':
				this.#receiveFailure(message);
				break;
			case 'stats':
				this.#deadlines.stop('stats');
				for (const { resolve } of this.#statsWaiters.splice(0)) resolve(message);
				break;
			default:
				throw new Error(`Unknown message: ${JSON.stringify(message satisfies never)}`);
		}
	}

	#becomeReady(ready: Ready): void {
		this.#deadlines.stop('start');
		this.#ready = ready;
		this.#everReady = true;
		const settings = this.#wanted ?? this.#accepted;
		if (settings !== null) this.#sendSettings(settings);
		for (const { resolve } of this.#startWaiters.splice(0)) resolve(ready);
		this.#options.onEvent({ type: 'ready', ...ready });
	}

	#becomeConfigured(): void {
		this.#deadlines.stop('configure');
		this.#active = this.#generation;
		this.#pace.forget();
		this.#accepted = this.#wanted ?? this.#accepted;
		this.#wanted = null;
		for (const { resolve } of this.#configureWaiters.splice(0)) resolve();
	}

	#receiveFailure({ generation, frameId, requestId, failure }: Message<'failed'>): void {
		const error = new AppError(failure.code, failure.message, undefined, failure.said);
		if (frameId !== undefined) {
			this.#settleFrame(frameId, (frame) => {
				frame.reject(error);
			});
		} else if (requestId !== undefined) {
			this.#settleExplanation(requestId, (waiter) => {
				waiter.reject(error);
			});
		} else if (generation === undefined) {
			this.#workerFailed(error, { reported: true });
		} else if (generation === this.#generation) {
			this.#settingsFailed(error);
		}
	}

	#settingsFailed(error: AppError): void {
		// Settings that ran before a restart failed now: there is no awaiter, so try another restart.
		if (this.#configureWaiters.length === 0) {
			this.#workerFailed(error);
			return;
		}
		this.#deadlines.stop('configure');
		this.#wanted = null;
		for (const { reject } of this.#configureWaiters.splice(0)) reject(error);
		// New settings failed right after a restart: the previous ones must still be restored.
		if (this.#active === null && this.#accepted !== null) this.#sendSettings(this.#accepted);
	}

	#workerFailed(error: AppError, { reported = false } = {}): void {
		if (this.#disposed) return;
		this.#stopWorker();
		const frame = this.#frame;
		this.#frame = null;
		frame?.reject(error);
		for (const { reject } of this.#statsWaiters.splice(0)) reject(error);
		this.#loseConnections(error);
		this.#rejectExplanations(error);
		// A worker that reports why it cannot start would report it again; one that just dies may have had an accident.
		if (!this.#everReady && (reported || this.#attempts >= FIRST_STARTS)) {
			this.#attempts = 0;
			this.#wanted = null;
			this.#rejectWaiters(error);
			this.#options.onEvent({ type: 'fatal', error });
			return;
		}
		if (this.#everReady) {
			// The new settings may have killed the worker: go back to those that ran.
			if (this.#accepted !== null) this.#wanted = null;
			for (const { reject } of this.#configureWaiters.splice(0)) reject(error);
		}
		const delayMs = Math.min(BACKOFF_MS.greatest, BACKOFF_MS.first * 2 ** Math.max(0, this.#attempts - 1));
		this.#restartTimer = setTimeout(() => {
			this.#spawn();
		}, delayMs);
		this.#options.onEvent({ type: 'restarting', error });
	}

	#sendSettings(settings: WorkerSettings): void {
		this.#generation++;
		this.#post({ type: 'configure', generation: this.#generation, settings });
		this.#deadlines.start('configure', this.#timeouts.configureMs);
		if (this.#frame !== null) this.#deadlines.start('frame', this.#frameLimitMs(this.#frame));
	}

	/** The worker has one thread: a frame may have to wait for a model to compile. */
	#frameLimitMs({ still }: PendingFrame): number {
		if (still) return this.#timeouts.stillMs;
		if (this.#generation !== this.#active) return this.#timeouts.configureMs;
		const { frameMs } = this.#timeouts;
		const chosen = this.#ready?.backend.chosen;
		return chosen !== undefined && STEADY_BACKENDS.has(chosen) ? this.#pace.limitMs(frameMs) : frameMs;
	}

	#settleFrame(frameId: number, settle: (frame: PendingFrame) => void): void {
		if (this.#frame?.frameId !== frameId) return;
		const frame = this.#frame;
		this.#frame = null;
		this.#deadlines.stop('frame');
		settle(frame);
	}

	#loseConnections(error: AppError): void {
		const lost = [...this.#connections];
		this.#connections.clear();
		for (const onLost of lost) onLost(error);
	}

	#rejectWaiters(error: AppError): void {
		const waiters = [
			...this.#startWaiters.splice(0),
			...this.#configureWaiters.splice(0),
			...this.#statsWaiters.splice(0)
		];
		for (const { reject } of waiters) reject(error);
		this.#rejectExplanations(error);
	}

	#settleExplanation(requestId: number, settle: (waiter: Waiter<Explanation>) => void): void {
		const waiter = this.#explainWaiters.get(requestId);
		if (waiter === undefined) return;
		this.#explainWaiters.delete(requestId);
		if (this.#explainWaiters.size === 0) this.#deadlines.stop('explain');
		settle(waiter);
	}

	#rejectExplanations(error: AppError): void {
		const waiters = [...this.#explainWaiters.values()];
		this.#explainWaiters.clear();
		for (const { reject } of waiters) reject(error);
	}

	#stopWorker(): void {
		clearTimeout(this.#restartTimer);
		this.#restartTimer = undefined;
		this.#deadlines.stopAll();
		this.#ready = null;
		this.#active = null;
		if (this.#worker === null) return;
		this.#worker.onmessage = null;
		this.#worker.onmessageerror = null;
		this.#worker.onerror = null;
		this.#worker.terminate();
		this.#worker = null;
	}

	#post(message: ToWorker, transfer: Transferable[] = []): void {
		this.#worker?.postMessage(message, transfer);
	}
}

function notLoaded(why = 'it could not be loaded'): AppError {
	return new AppError('model-unreachable', 'the worker', undefined, `The analysis script: ${why}.`);
}

function disposedError(): AppError {
	return new AppError('worker-died', 'The analyser was disposed');
}
