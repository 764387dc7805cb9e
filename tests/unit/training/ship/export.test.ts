import * as tf from '@tensorflow/tfjs';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { Network } from '../../../../src/lib/core/network/network';
import { startBackend } from '../../../../training/backend/index';
import { foldForInference } from '../../../../training/models/fold-batch-norm';
import { multiplyAdds } from '../../../../training/lib/multiply-adds';
import { packNetwork, unpackNetwork } from '../../../../training/lib/graph-model';
import { layersModelOf, networkOfLayers } from '../../../../training/lib/layers-network';
import { inNearestSteps } from '../nearest-steps';
import { MODELS } from '../../../../training/models/index';
import { mien } from '../../../../training/models/mien';

beforeAll(async () => {
	await startBackend('wasm');
});

/** A network whose normalisation is not the identity, as after training. */
function trainedLike(model: tf.LayersModel): tf.LayersModel {
	const weights = model.getWeights().map((weight, index) => {
		const name = model.weights[index]?.originalName ?? '';
		if (name.endsWith('variance')) return tf.randomUniform(weight.shape, 0.5, 2, 'float32', index);
		if (name.endsWith('kernel')) return weight;
		return tf.add(weight, tf.randomNormal(weight.shape, 0, 0.2, 'float32', index));
	});
	model.setWeights(weights);
	return model;
}

describe.each(MODELS.map((definition) => [definition.id, definition, definition.recipes[0]] as const))(
	'export of %s',
	(_, definition, recipe) => {
		const { size, channels } = definition.input;
		// Drawing millions of numbers takes seconds from a normal distribution, and tenths of that from a uniform one.
		const drawn = { ...recipe, kernelInitializer: 'glorotUniform' } as const;

		it('gives the same as the trained network, without its training layers', async () => {
			const model = trainedLike(definition.build(7, drawn));
			const folded = foldForInference(model, size, channels);
			const x = tf.randomNormal([2, size, size, channels], 0, 0.5, 'float32', 1);
			const expected = await tf.softmax(model.predict(x) as tf.Tensor).data();
			const actual = await (folded.predict(x) as tf.Tensor).data();
			for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 4);
			for (const layer of folded.layers) expect(layer.getClassName()).not.toMatch(/^Mien/);
		});
	}
);

describe('packed networks', () => {
	const { size, channels } = mien.input;

	it.each([
		['in half precision', null, 2.05, 5e-3],
		['in fine steps', 0.05, 1.05, 0.02],
		['in coarse steps', 0.3, 1.05, 0.1]
	] as const)(
		'restore the original network %s, both by layers and by kernels',
		async (_, coarseness, perWeight, most) => {
			const folded = foldForInference(trainedLike(mien.build(7, mien.recipes[0])), size, channels);
			const original = networkOfLayers(folded);
			const packed = packNetwork(original, coarseness === null ? new Map() : inNearestSteps(original, coarseness));
			expect(packed.weights.length).toBeLessThan(perWeight * folded.countParams() + 20_000);
			const read = unpackNetwork(packed);
			const x = tf.randomNormal([4, size, size, channels], 0, 0.5, 'float32', 2);
			const expected = await (folded.predict(x) as tf.Tensor).data();
			const layers = layersModelOf(read);
			const network = new Network(read);
			const byLayers = await (layers.predict(x) as tf.Tensor).data();
			const byKernels = await network.predict(await x.data<'float32'>(), 4);
			for (const [index, value] of expected.entries()) {
				expect(Math.abs((byLayers[index] ?? NaN) - value)).toBeLessThan(most);
				expect(byKernels[index]).toBeCloseTo(byLayers[index] ?? NaN, 5);
			}
			network.dispose();
		}
	);

	it('take fewer bytes, compressed, the coarser the steps', () => {
		const folded = foldForInference(mien.build(7, mien.recipes[0]), size, channels);
		const network = networkOfLayers(folded);
		const stepped = [inNearestSteps(network, 0.3), inNearestSteps(network, 0.15), new Map()];
		const packed = stepped.map((kernels) => gzipSync(packNetwork(network, kernels).weights).length);
		expect(packed).toEqual(packed.toSorted((a, b) => a - b));
		expect(packed[0]).toBeLessThan(0.62 * folded.countParams());
	});
});

describe('multiplyAdds', () => {
	it('counts a network worked out by hand', () => {
		const input = tf.input({ shape: [8, 8, 1] });
		const convolved = tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }).apply(input);
		const pooled = tf.layers.globalAveragePooling2d({}).apply(convolved);
		const output = tf.layers.dense({ units: 7 }).apply(pooled) as tf.SymbolicTensor;
		expect(multiplyAdds(tf.model({ inputs: input, outputs: output }))).toBe(4 * 4 * 9 * 4 + 4 * 7);
	});
});
