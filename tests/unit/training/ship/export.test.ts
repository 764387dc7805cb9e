import * as tf from '@tensorflow/tfjs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { foldForInference } from '../../../../training/models/fold-batch-norm';
import { multiplyAdds, readArtifacts, writeModel } from '../../../../training/lib/model-files';
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
		// Millions of numbers are drawn from a normal distribution in seconds, from a uniform one in tenths of them.
		const drawn = { ...recipe, kernelInitializer: 'glorotUniform' } as const;

		it('says the same as the trained network, without its training layers', async () => {
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

describe('writeModel', () => {
	const { size, channels } = mien.input;

	it.each([
		['float16', 2.1, 5e-3],
		['uint8', 1.15, 0.1]
	] as const)('comes back from its files of %s', async (precision, bytesPerWeight, tolerance) => {
		const dir = mkdtempSync(path.join(os.tmpdir(), 'mien-export-'));
		const folded = foldForInference(trainedLike(mien.build(7, mien.recipes[0])), size, channels);
		const written = await writeModel(folded, dir, precision);
		expect(written.bytes).toBeLessThan(bytesPerWeight * folded.countParams() + 20_000);
		expect(written.sha256).toMatch(/^[0-9a-f]{64}$/);
		const loaded = await tf.loadLayersModel(tf.io.fromMemory(readArtifacts(path.join(dir, 'model.json'))));
		const x = tf.randomNormal([4, size, size, channels], 0, 0.5, 'float32', 2);
		const expected = await (folded.predict(x) as tf.Tensor).data();
		const actual = await (loaded.predict(x) as tf.Tensor).data();
		for (const [index, value] of expected.entries())
			expect(Math.abs((actual[index] ?? NaN) - value)).toBeLessThan(tolerance);

		writeFileSync(path.join(dir, 'model.json'), '{');
		expect(() => readArtifacts(path.join(dir, 'model.json'))).toThrow(/could not be read.*Export it again/);
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
