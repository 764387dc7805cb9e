import * as tf from '@tensorflow/tfjs';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { FER2013_CROP } from '../../../../src/lib/core/crop';
import { startBackend } from '../../../../training/backend/index';
import { tryCrops } from '../../../../training/studies/crop-trial';
import { allocate, rowsOf } from '../../../../training/data/dataset';
import { loadDetectorNetwork } from '../../../../training/blazeface/detector';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const PIXELS = 48 * 48;

beforeAll(async () => {
	await startBackend('wasm');
});

/** A classifier that says 3 if the picture is darker than `threshold`, and 0 otherwise. */
function byBrightness(threshold: number): tf.LayersModel {
	const input = tf.input({ shape: [48, 48, 1] });
	const dense = tf.layers.dense({ units: 7, activation: 'softmax' });
	const output = dense.apply(tf.layers.globalAveragePooling2d({}).apply(input)) as tf.SymbolicTensor;
	dense.setWeights([
		tf.tensor2d([[100, -99, -99, -100, -99, -99, -99]]),
		tf.tensor1d([0, 0, 0, 200, 0, 0, 0].map((b) => b * threshold))
	]);
	return tf.model({ inputs: input, outputs: output });
}

describe('tryCrops', () => {
	it('counts only pictures with a face, whole and cut', async () => {
		const face = await sharp(path.join(ROOT, 'tests/fixtures/astronaut.png'))
			.extract({ left: 165, top: 50, width: 120, height: 120 })
			.resize(48, 48)
			.grayscale()
			.raw()
			.toBuffer();
		const dataset = allocate(3);
		dataset.usage.fill(1);
		dataset.pixels.set(face, 0);
		dataset.pixels.set(
			face.map((value) => value >> 2),
			PIXELS
		);
		dataset.pixels.fill(128, 2 * PIXELS);
		dataset.labels.set([0, 0, 0]);
		const detector = loadDetectorNetwork(path.join(ROOT, 'static/models/blazeface'));
		const input = { size: 48, channels: 1, range: [0, 1], crop: FER2013_CROP } as const;
		const crops = [{ name: 'detected', crop: FER2013_CROP }];
		const tools = { detector, classifier: byBrightness(0.3), entry: { input, temperature: 1 } };
		const rows = rowsOf(dataset, 'public');
		const { n, trials } = await tryCrops(dataset, rows, crops, tools);
		// The grey picture contains no face; of the other two, the dark one is called 3.
		expect(n).toBe(2);
		expect(trials).toEqual([
			{ name: 'whole picture', accuracy: 0.5 },
			{ name: 'detected', accuracy: 0.5 }
		]);
		const biased = { ...tools, entry: { ...tools.entry, biases: [0, 0, 0, 1000, 0, 0, 0] } };
		expect((await tryCrops(dataset, rows, crops, biased)).trials.map(({ accuracy }) => accuracy)).toEqual([0, 0]);
	});
});
