/** A worker that makes batches: answers each request with one reply. */
import { parentPort, workerData } from 'node:worker_threads';
import { LocalBatchMaker, type BatchSetup } from './batch-maker';

export interface BatchRequest {
	readonly id: number;
	readonly rows: Uint32Array;
	readonly size: number;
	readonly epoch: number;
}

export interface BatchReply {
	readonly id: number;
	readonly values: Float32Array<ArrayBuffer>;
}

const maker = new LocalBatchMaker(workerData as BatchSetup);
parentPort?.on('message', ({ id, rows, size, epoch }: BatchRequest) => {
	const reply = { id, values: maker.makeBatch(rows, size, epoch) };
	parentPort?.postMessage(reply, [reply.values.buffer as ArrayBuffer]);
});
