/** A frozen network's output for every picture, computed once. */
import * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { toModelInput } from '../../src/lib/core/preprocess';
import type { InputSpec } from '../../src/lib/core/types';
import { pictureOf, type Dataset } from '../data/dataset';
import { sha256, writeWhole } from '../lib/files';

/** Pictures per cache file: an interrupted computation loses no more than these. */
const ROWS_PER_FILE = 1024;
const BATCH = 64;
const MAGIC = 'mien-features-1\n';

export interface FeatureOptions {
	/** Maps [n, size, size, channels] to [n, width]. */
	readonly network: tf.LayersModel;
	readonly input: Pick<InputSpec, 'size' | 'channels' | 'range'>;
	readonly dataset: Dataset;
	readonly cacheDir: string;
	/** Ends the computation after its current batch. */
	readonly signal: AbortSignal;
	readonly onRows: (done: number) => void;
}

/**
 * The data set with the features of all its pictures, on the back end in use; those already in `cacheDir` are read.
 * Gives undefined if stopped. Throws UserError if the disk is full.
 */
export async function withFeatures(options: FeatureOptions): Promise<Dataset | undefined> {
	const { network, input, dataset, cacheDir } = options;
	const width = network.outputs[0]?.shape.at(-1) ?? 0;
	const weights: Uint8Array[] = [];
	for (const weight of network.getWeights())
		weights.push(new Uint8Array(Float32Array.from(await weight.data()).buffer));
	const key = sha256(JSON.stringify([width, input]), dataset.pixels, ...weights).slice(0, 16);
	const values = new Float32Array(new SharedArrayBuffer(4 * width * dataset.n));
	for (let start = 0; start < dataset.n; start += ROWS_PER_FILE) {
		const end = Math.min(dataset.n, start + ROWS_PER_FILE);
		const part = values.subarray(start * width, end * width);
		const file = path.join(cacheDir, key, `${String(start)}.bin`);
		if (!readPart(file, part)) {
			if (!(await computePart(options, start, end, part))) return undefined;
			const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
			writeWhole(file, [MAGIC, sha256(bytes), bytes]);
		}
		options.onRows(end);
	}
	return { ...dataset, features: { width, values } };
}

/** Whether `file` is whole and was read into `part`. */
function readPart(file: string, part: Float32Array): boolean {
	if (!existsSync(file)) return false;
	const bytes = readFileSync(file);
	const start = MAGIC.length + 64;
	const body = bytes.subarray(start);
	const isWhole = body.length === part.byteLength && bytes.toString('latin1', 0, start) === MAGIC + sha256(body);
	if (isWhole) part.set(new Float32Array(Uint8Array.from(body).buffer));
	return isWhole;
}

async function computePart(
	{ network, input, dataset, signal, onRows }: FeatureOptions,
	start: number,
	end: number,
	part: Float32Array
): Promise<boolean> {
	const { size, channels } = input;
	const length = size * size * channels;
	let done = 0;
	for (let row = start; row < end; row += BATCH) {
		if (signal.aborted) return false;
		const n = Math.min(BATCH, end - row);
		const batch = new Float32Array(n * length);
		for (let i = 0; i < n; i++) toModelInput(pictureOf(dataset, row + i), input, batch, i * length);
		const output = tf.tidy(() => network.predictOnBatch(tf.tensor4d(batch, [n, size, size, channels])) as tf.Tensor);
		const features = await output.data<'float32'>();
		part.set(features, done);
		done += features.length;
		output.dispose();
		onRows(row + n);
		// Lets signals in.
		await new Promise(setImmediate);
	}
	return true;
}
