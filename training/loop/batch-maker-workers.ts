/** Makes training pictures in separate workers. */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../lib/workers';
import type { BatchMaker, BatchSetup } from './batch-maker';
import type { BatchReply, BatchRequest } from './batch-maker-worker';

/** Makes batches in workers, each a part of the rows, as one is slower than a GPU. Rejects once a worker has failed. */
export class BatchMakerWorkers implements BatchMaker {
	private readonly workers: readonly Worker[];
	private readonly channels: number;
	private failure: Error | undefined;
	private readonly waiting = new Map<
		number,
		{ readonly resolve: (values: Float32Array) => void; readonly reject: (error: Error) => void }
	>();
	private requests = 0;

	constructor(setup: BatchSetup, count: number) {
		this.channels = setup.input.channels;
		this.workers = Array.from({ length: count }, () => {
			const worker = startWorker('training/loop/batch-maker-worker.ts', setup);
			worker.on('message', ({ id, values }: BatchReply) => {
				this.waiting.get(id)?.resolve(values);
				this.waiting.delete(id);
			});
			worker.on('error', (error) => {
				this.fail(error);
			});
			worker.on('exit', () => {
				this.fail(new Error('A worker that makes batches has ended.'));
			});
			return worker;
		});
	}

	async makeBatch(rows: Uint32Array, size: number, epoch: number): Promise<Float32Array> {
		const { workers } = this;
		const parts = await Promise.all(
			workers.map((worker, index) => {
				const [from, to] = [index, index + 1].map((edge) => Math.floor((rows.length * edge) / workers.length));
				return this.ask(worker, { id: this.requests++, rows: rows.slice(from, to), size, epoch });
			})
		);
		const batch = new Float32Array(rows.length * size * size * this.channels);
		let offset = 0;
		for (const part of parts) {
			batch.set(part, offset);
			offset += part.length;
		}
		return batch;
	}

	/** Ends the workers; requests from then on, or still pending, are rejected. */
	async close(): Promise<void> {
		await Promise.all(this.workers.map((worker) => worker.terminate()));
	}

	private fail(error: Error): void {
		this.failure ??= error;
		for (const { reject } of this.waiting.values()) reject(this.failure);
		this.waiting.clear();
	}

	private ask(worker: Worker, request: BatchRequest): Promise<Float32Array> {
		if (this.failure) return Promise.reject(this.failure);
		return new Promise((resolve, reject) => {
			this.waiting.set(request.id, { resolve, reject });
			worker.postMessage(request);
		});
	}
}
