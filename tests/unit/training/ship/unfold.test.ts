import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { toModelInput } from '../../../../src/lib/core/preprocess';
import { startBackend } from '../../../../training/backend/index';
import { FER2013_SIDE } from '../../../../src/lib/core/fer2013';
import { foldForInference } from '../../../../training/models/fold-batch-norm';
import { BatchNorm } from '../../../../training/models/batch-norm';
import { cnn } from '../../../../training/models/cnn';
import { mien } from '../../../../training/models/mien';
import { createRandom } from '../../../../training/lib/random';
import { unfold } from '../../../../training/ship/unfold';

beforeAll(async () => {
	await startBackend('wasm');
});

const SMALL = {
	...mien.recipes[0],
	stages: [
		[8, 2],
		[12, 1]
	] as const
};
const { size, channels } = mien.input;

function pictures(n: number): Uint8Array[] {
	const random = createRandom(1);
	return Array.from({ length: n }, () => Uint8Array.from({ length: FER2013_SIDE ** 2 }, () => random() * 256));
}

function asTensor(some: readonly Uint8Array[]): tf.Tensor4D {
	const length = size * size * channels;
	const values = new Float32Array(some.length * length);
	for (const [index, picture] of some.entries()) toModelInput(picture, mien.input, values, index * length);
	return tf.tensor4d(values, [some.length, size, size, channels]);
}

/** The network after some training: normalisation is not the identity, and one filter never answers. */
function trainedLike(model: tf.LayersModel): tf.LayersModel {
	const norms = model.layers.filter((layer) => layer instanceof BatchNorm);
	for (const [index, norm] of norms.entries()) {
		const [gamma, beta, mean, variance] = norm.getWeights();
		if (!gamma || !beta || !mean || !variance) throw new Error('A BatchNorm has four weights.');
		norm.setWeights([
			gamma.mul(tf.range(0, gamma.size).minimum(1)),
			beta.add(tf.randomNormal(beta.shape, 0, 0.2, 'float32', index)),
			mean.add(tf.randomNormal(mean.shape, 0, 0.2, 'float32', index + 50)),
			tf.randomUniform(variance.shape, 0.5, 2, 'float32', index)
		]);
	}
	return model;
}

it('gives a network the function that was folded, in use and in training', async () => {
	const shipped = foldForInference(trainedLike(mien.build(7, SMALL)), size, channels);
	const network = mien.build(7, { ...SMALL, seed: 5 });
	const seen = pictures(150);
	unfold(network, shipped, mien.input, seen);

	const x = asTensor(seen);
	const expected = await (shipped.predict(x) as tf.Tensor).data();
	const inUse = await tf.softmax(network.predict(x) as tf.Tensor).data();
	for (const [index, value] of expected.entries()) expect(inUse[index]).toBeCloseTo(value, 4);

	// Statistics of the batch are those of the moving averages; what is left is the dropout before the last layer.
	const hidden = network.layers.at(-3)?.output as tf.SymbolicTensor;
	const body = tf.model({ inputs: network.inputs, outputs: hidden });
	const learning = body.apply(x, { training: true }) as tf.Tensor;
	const using = await (body.apply(x) as tf.Tensor).data();
	for (const [index, value] of (await learning.data()).entries()) expect(value).toBeCloseTo(using[index] ?? NaN, 3);

	for (const layer of network.layers) {
		const [kernel] = layer.getClassName().endsWith('Conv2D') ? layer.getWeights() : [];
		if (!kernel) continue;
		for (const norm of await tf.norm(kernel.reshape([-1, kernel.shape.at(-1) ?? 1]), 2, 0).data())
			expect(norm === 0 || Math.abs(norm - 1) < 1e-4).toBe(true);
	}
});

it('refuses a model of another architecture', () => {
	const shipped = foldForInference(mien.build(7, SMALL), size, channels);
	expect(() => {
		unfold(cnn.build(7, cnn.recipes[0]), shipped, cnn.input, []);
	}).toThrow(/layers with weights/);
});
