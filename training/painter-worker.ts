/** A thread that paints pictures: answers each request with one reply. */
import { parentPort, workerData } from 'node:worker_threads';
import { LocalPainter, type PainterSetup } from './painter';

export interface PainterRequest {
	readonly id: number;
	readonly rows: Uint32Array;
	readonly size: number;
	readonly epoch: number;
}

export interface PainterReply {
	readonly id: number;
	readonly values: Float32Array<ArrayBuffer>;
}

const painter = new LocalPainter(workerData as PainterSetup);
parentPort?.on('message', ({ id, rows, size, epoch }: PainterRequest) => {
	const reply = { id, values: painter.paint(rows, size, epoch) };
	parentPort?.postMessage(reply, [reply.values.buffer as ArrayBuffer]);
});
