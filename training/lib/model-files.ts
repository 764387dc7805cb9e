/** tfjs layers models on disk: quantised shards, written whole and read without a server. */
import { Float16Array } from '@petamoriken/float16';
import * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { UserError, messageOf } from './errors';
import { sha256, writeWhole } from './files';

/** Larger weight files are cut, so that a host's or a proxy's limits are no matter. */
const SHARD_BYTES = 4 * 1024 * 1024;
const MODEL_FILE = 'model.json';
/**
 * Weights that are stored as bytes come in so many at least. The others are few, and of the first layers, where a step
 * counts most: as bytes they cost `mien` another 0.1 points.
 */
const LARGE_KERNEL = 50_000;

export interface WrittenModel {
	/** model.json and all shards together. */
	readonly bytes: number;
	/** Of the shards one after another. */
	readonly sha256: string;
}

/** How weights are stored: all as float16, or large kernels as bytes between their least and greatest value. */
export type Precision = 'float16' | 'uint8';

/** Writes `model` to `dir`: model.json and shards of at most 4 MB. Throws UserError. */
export async function writeModel(model: tf.LayersModel, dir: string, precision: Precision): Promise<WrittenModel> {
	let artifacts: tf.io.ModelArtifacts | undefined;
	await model.save(
		tf.io.withSaveHandler((saved) => {
			artifacts = saved;
			return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved) });
		})
	);
	if (!artifacts?.weightSpecs || !artifacts.weightData) throw new Error(`${model.name} has no weights to save.`);
	const values = new Float32Array(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
	let offset = 0;
	const stored = artifacts.weightSpecs.map((spec) => {
		const size = tf.util.sizeFromShape(spec.shape);
		const part = values.subarray(offset, (offset += size));
		return { spec, ...(precision === 'uint8' && size >= LARGE_KERNEL ? asBytes(part) : asHalves(part)) };
	});
	const bytes = Buffer.concat(stored.map((weight) => weight.bytes));
	const shards = Array.from({ length: Math.ceil(bytes.length / SHARD_BYTES) }, (_, i) =>
		bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES)
	);
	const paths = shards.map((_, i) => `weights-${String(i + 1)}-of-${String(shards.length)}.bin`);
	const json = `${JSON.stringify({
		format: 'layers-model',
		generatedBy: `TensorFlow.js tfjs-layers v${tf.version['tfjs-layers']}`,
		convertedBy: null,
		modelTopology: artifacts.modelTopology,
		weightsManifest: [{ paths, weights: stored.map(({ spec, quantization }) => ({ ...spec, quantization })) }]
	})}\n`;
	removeShards(dir);
	for (const [index, shard] of shards.entries()) writeWhole(path.join(dir, paths[index] ?? ''), [shard]);
	writeWhole(path.join(dir, MODEL_FILE), [json]);
	return { bytes: Buffer.byteLength(json) + bytes.length, sha256: sha256(bytes) };
}

function asHalves(values: Float32Array) {
	const { buffer, byteOffset, byteLength } = new Float16Array(values);
	return { bytes: new Uint8Array(buffer, byteOffset, byteLength), quantization: { dtype: 'float16' as const } };
}

/** Bytes q for which q * scale + min is nearest to each value. */
function asBytes(values: Float32Array) {
	let [min, max] = [Infinity, -Infinity];
	for (const value of values) {
		if (value < min) min = value;
		if (value > max) max = value;
	}
	const scale = (max - min) / 255 || 1;
	const bytes = Uint8Array.from(values, (value) => Math.round((value - min) / scale));
	return { bytes, quantization: { dtype: 'uint8' as const, scale, min } };
}

/** An export with fewer shards must not leave the rest of an earlier one behind. */
function removeShards(dir: string): void {
	if (!existsSync(dir)) return;
	for (const name of readdirSync(dir)) if (/^weights-\d+-of-\d+\.bin$/.test(name)) rmSync(path.join(dir, name));
}

/** What tfjs loads, from model.json and the shards beside it. Throws UserError when one is missing or damaged. */
export function readArtifacts(modelFile: string): tf.io.ModelArtifacts {
	try {
		const json = JSON.parse(readFileSync(modelFile, 'utf8')) as tf.io.ModelJSON;
		const shards = json.weightsManifest
			.flatMap(({ paths }) => paths)
			.map((shard) => readFileSync(path.join(path.dirname(modelFile), shard)));
		const weights = Uint8Array.from(Buffer.concat(shards)).buffer;
		return tf.io.getModelArtifactsForJSONSync(json, tf.io.getWeightSpecs(json.weightsManifest), weights);
	} catch (thrown) {
		throw new UserError(`The model ${modelFile} could not be read: ${messageOf(thrown)}. Export it again.`);
	}
}

/** Multiply-adds of one forward pass for one picture: those of convolutions and dense layers. */
export function multiplyAdds(model: tf.LayersModel): number {
	return model.layers.reduce((sum, layer) => sum + multiplyAddsOf(layer), 0);
}

/** The same of one layer; 0 where it is neither. */
export function multiplyAddsOf(layer: tf.layers.Layer): number {
	const [kernel] = layer.getWeights();
	if (!kernel) return 0;
	// Each weight of a kernel is used once per output position.
	const positions = layer.getClassName() === 'Conv2D' ? (layer.outputShape as number[]).slice(1, 3) : [];
	return positions.reduce((product, side) => product * side, kernel.size);
}
