/** tfjs layers models on disk: half-precision shards, written whole and read without a server. */
import { Float16Array } from '@petamoriken/float16';
import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError, messageOf } from './errors';
import { sha256, writeWhole } from './files';

/** Larger weight files are cut, so that a host's or a proxy's limits are no matter. */
const SHARD_BYTES = 4 * 1024 * 1024;
const MODEL_FILE = 'model.json';

export interface WrittenModel {
	/** model.json and all shards together. */
	readonly bytes: number;
	/** Of the shards one after another. */
	readonly sha256: string;
}

/** Writes `model` to `dir` with its weights as float16: model.json and shards of at most 4 MB. Throws UserError. */
export async function writeModel(model: tf.LayersModel, dir: string): Promise<WrittenModel> {
	let artifacts: tf.io.ModelArtifacts | undefined;
	await model.save(
		tf.io.withSaveHandler((saved) => {
			artifacts = saved;
			return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved) });
		})
	);
	if (!artifacts?.weightSpecs || !artifacts.weightData) throw new Error(`${model.name} has no weights to save.`);
	const weights = new Float32Array(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
	const halves = new Float16Array(weights);
	const bytes = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength);
	const shards = Array.from({ length: Math.ceil(bytes.length / SHARD_BYTES) }, (_, i) =>
		bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES)
	);
	const paths = shards.map((_, i) => `weights-${String(i + 1)}-of-${String(shards.length)}.bin`);
	const json = `${JSON.stringify({
		format: 'layers-model',
		generatedBy: `TensorFlow.js tfjs-layers v${tf.version['tfjs-layers']}`,
		convertedBy: null,
		modelTopology: artifacts.modelTopology,
		weightsManifest: [
			{ paths, weights: artifacts.weightSpecs.map((spec) => ({ ...spec, quantization: { dtype: 'float16' } })) }
		]
	})}\n`;
	for (const [index, shard] of shards.entries()) writeWhole(path.join(dir, paths[index] ?? ''), [shard]);
	writeWhole(path.join(dir, MODEL_FILE), [json]);
	return { bytes: Buffer.byteLength(json) + bytes.length, sha256: sha256(bytes) };
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
	let total = 0;
	for (const layer of model.layers) {
		const [kernel] = layer.getWeights();
		if (!kernel) continue;
		// Each weight of a kernel is used once per output position.
		const positions = layer.getClassName() === 'Conv2D' ? (layer.outputShape as number[]).slice(1, 3) : [1];
		total += positions.reduce((product, side) => product * side, kernel.size);
	}
	return total;
}
