/** tfjs layers models: read from disk without a server, and how much work they are. */
import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError, messageOf } from './errors';

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
		throw new UserError(`The model ${modelFile} could not be read: ${messageOf(thrown)}.`);
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
