/** Training pictures, changed at random and made what the network takes. */
import type { Worker } from 'node:worker_threads';
import { FER2013_SIDE } from '../src/lib/core/fer2013';
import { raiseContrast } from '../src/lib/core/contrast';
import { toModelInput } from '../src/lib/core/preprocess';
import { augment } from './augment';
import type { Recipe } from './config';
import { pictureOf, type Dataset } from './dataset';
import type { ModelDefinition } from './models/definition';
import type { PainterReply, PainterRequest } from './painter-worker';
import { createRandom, STREAM } from './random';
import { startThread } from './thread';

export interface Painter {
	/** [rows, size, size, channels] of the rows' pictures, which depend on nothing but recipe, row and epoch. */
	paint(rows: Uint32Array, size: number, epoch: number): Promise<Float32Array> | Float32Array;
}

export interface PainterSetup {
	readonly dataset: Pick<Dataset, 'pixels'>;
	readonly recipe: Pick<Recipe, 'seed' | 'augmentation'>;
	readonly input: ModelDefinition['input'];
	/** Pictures are raised to this contrast after the changes; undefined leaves them as they are. */
	readonly leastContrast?: number | undefined;
}

/** Paints in this thread, at once. */
export class LocalPainter implements Painter {
	constructor(private readonly setup: PainterSetup) {}

	paint(rows: Uint32Array, size: number, epoch: number): Float32Array {
		const { dataset, recipe, input, leastContrast } = this.setup;
		const length = size * size * input.channels;
		const ofSize = { ...input, size };
		const batch = new Float32Array(rows.length * length);
		for (const [index, row] of rows.entries()) {
			const random = createRandom(recipe.seed, STREAM.augmentation, epoch, row);
			const picture = augment(pictureOf(dataset, row), FER2013_SIDE, size, recipe.augmentation, random);
			toModelInput(raiseContrast(picture, leastContrast), ofSize, batch, index * length);
		}
		return batch;
	}
}

/** Paints in threads, each a part of the rows: one thread paints slower than a GPU learns. Rejects once a thread has failed. */
export class PainterThreads implements Painter {
	private readonly workers: readonly Worker[];
	private readonly channels: number;
	private failure: Error | undefined;
	private readonly waiting = new Map<
		number,
		{ readonly resolve: (values: Float32Array) => void; readonly reject: (error: Error) => void }
	>();
	private requests = 0;

	constructor(setup: PainterSetup, threads: number) {
		this.channels = setup.input.channels;
		this.workers = Array.from({ length: threads }, () => {
			const worker = startThread(new URL('./painter-worker.ts', import.meta.url), setup);
			worker.on('message', ({ id, values }: PainterReply) => {
				this.waiting.get(id)?.resolve(values);
				this.waiting.delete(id);
			});
			worker.on('error', (error) => {
				this.fail(error);
			});
			worker.on('exit', () => {
				this.fail(new Error('A thread that paints pictures has ended.'));
			});
			return worker;
		});
	}

	async paint(rows: Uint32Array, size: number, epoch: number): Promise<Float32Array> {
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

	/** Ends the threads; pictures that are asked for then, or still to come, are refused. */
	async close(): Promise<void> {
		await Promise.all(this.workers.map((worker) => worker.terminate()));
	}

	private fail(error: Error): void {
		this.failure ??= error;
		for (const { reject } of this.waiting.values()) reject(this.failure);
		this.waiting.clear();
	}

	private ask(worker: Worker, request: PainterRequest): Promise<Float32Array> {
		if (this.failure) return Promise.reject(this.failure);
		return new Promise((resolve, reject) => {
			this.waiting.set(request.id, { resolve, reject });
			worker.postMessage(request);
		});
	}
}
