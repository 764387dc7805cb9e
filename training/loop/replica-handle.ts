import type { Worker } from 'node:worker_threads';
import { startWorker } from '../lib/workers';
import type { EvaluationSums, StepReport } from './replica';
import type { ReplicaReply, ReplicaRequest, ReplicaSetup } from './replica-worker';
import type { State } from './state';

interface Pending {
	readonly resolve: (result: number | EvaluationSums | State | undefined) => void;
	readonly reject: (error: Error) => void;
	readonly onStep: ((report: StepReport) => void) | undefined;
}

/** A replica in its own worker, with one request at a time. */
export class ReplicaHandle {
	private pending: Pending | undefined;

	private constructor(private readonly worker: Worker) {
		worker.on('message', (reply: ReplicaReply) => {
			this.receive(reply);
		});
		worker.on('error', (error) => {
			this.settle((pending) => {
				pending.reject(error);
			});
		});
		worker.on('exit', (code) => {
			this.settle((pending) => {
				pending.reject(new Error(`A worker that trains ended with code ${String(code)}.`));
			});
		});
	}

	static async start(setup: ReplicaSetup): Promise<ReplicaHandle> {
		const worker = startWorker('training/loop/replica-worker.ts', setup);
		const handle = new ReplicaHandle(worker);
		try {
			await new Promise<unknown>((resolve, reject) => {
				handle.pending = { resolve, reject, onStep: undefined };
			});
		} catch (thrown) {
			await handle.close();
			throw thrown;
		}
		return handle;
	}

	ask(
		request: ReplicaRequest,
		onStep?: (report: StepReport) => void
	): Promise<number | EvaluationSums | State | undefined> {
		return new Promise((resolve, reject) => {
			this.pending = { resolve, reject, onStep };
			this.worker.postMessage(request);
		});
	}

	async close(): Promise<void> {
		this.pending = undefined;
		await this.worker.terminate();
	}

	private receive(reply: ReplicaReply): void {
		switch (reply.type) {
			case 'step':
				this.pending?.onStep?.(reply.report);
				return;
			case 'started':
				this.settle(({ resolve }) => {
					resolve(undefined);
				});
				return;
			case 'done':
				this.settle(({ resolve }) => {
					resolve(reply.result);
				});
				return;
			case 'failed':
				this.settle(({ reject }) => {
					reject(new Error(reply.message));
				});
		}
	}

	private settle(how: (pending: Pending) => void): void {
		const { pending } = this;
		this.pending = undefined;
		if (pending) how(pending);
	}
}
