import * as tf from '@tensorflow/tfjs';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { readNetwork } from '../../../../src/lib/core/network/format';
import { Network } from '../../../../src/lib/core/network/network';
import { startBackend } from '../../../../training/backend/index';
import { foldForInference } from '../../../../training/models/fold-batch-norm';
import { multiplyAdds } from '../../../../training/lib/model-files';
import { layersModelOf, networkFileOf, readNetworkFile, writeNetworkFile } from '../../../../training/lib/network-file';
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
	{ timeout: 180_000 },
	(_, definition, recipe) => {
		const { size, channels } = definition.input;

		it('says the same as the trained network, without its training layers', async () => {
			const model = trainedLike(definition.build(7, recipe));
			const folded = foldForInference(model, size, channels);
			const x = tf.randomNormal([2, size, size, channels], 0, 0.5, 'float32', 1);
			const expected = await tf.softmax(model.predict(x) as tf.Tensor).data();
			const actual = await (folded.predict(x) as tf.Tensor).data();
			for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 4);
			for (const layer of folded.layers) expect(layer.getClassName()).not.toMatch(/^Mien/);
		});
	}
);

describe('network files', () => {
	const { size, channels } = mien.input;

	it.each([
		['in half precision', null, 2.05, 5e-3],
		['in fine steps', 0.05, 1.05, 0.02],
		['in coarse steps', 0.3, 1.05, 0.1]
	] as const)(
		'give back what they were made of, %s, by layers and by kernels',
		async (_, coarseness, perWeight, most) => {
			const folded = foldForInference(trainedLike(mien.build(7, mien.recipes[0])), size, channels);
			const file = networkFileOf(folded, coarseness);
			expect(file.length).toBeLessThan(perWeight * folded.countParams() + 20_000);
			const read = readNetwork(file);
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
		const packed = [0.3, 0.15, null].map((coarseness) => gzipSync(networkFileOf(folded, coarseness)).length);
		expect(packed).toEqual(packed.toSorted((a, b) => a - b));
		expect(packed[0]).toBeLessThan(0.62 * folded.countParams());
	});

	it('are written with their hash in their name, in place of the file before, and refused where they are damaged', () => {
		const dir = mkdtempSync(path.join(os.tmpdir(), 'mien-export-'));
		const folded = foldForInference(mien.build(7, mien.recipes[0]), size, channels);
		writeNetworkFile(dir, networkFileOf(folded, null));
		const { file, sha256, bytes } = writeNetworkFile(dir, networkFileOf(folded, 0.3));
		expect(readdirSync(dir)).toEqual([file]);
		expect(file).toBe(`network-${sha256.slice(0, 12)}.bin`);
		expect(readNetworkFile(dir)).toMatchObject({ file, bytes, sha256 });
		writeFileSync(path.join(dir, file), readFileSync(path.join(dir, file)).subarray(0, -1));
		expect(() => readNetworkFile(dir)).toThrow(/could not be read.*Export it again/);
		rmSync(dir, { recursive: true });
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
