import * as tf from '@tensorflow/tfjs';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { createRandom } from '../../../../training/lib/random';
import { askFaceApi, faceApiNetwork } from '../../../../training/pretrained/face-api';
import { pictureOf } from '../../../../training/data/dataset';
import { blockPictures } from '../block-pictures';
import { temporaryFolder } from '../temporary-folder';

const MANIFEST = 'face_expression_model-weights_manifest.json';
const BLOCKS = [32, 64, 128, 256];
const dir = temporaryFolder();
const cacheDir = temporaryFolder();
const weights = new Map<string, tf.Tensor>();

/** Random weights in the files of the package: kernels as bytes, biases as numbers. */
beforeAll(async () => {
	await startBackend('wasm');
	const random = createRandom(1);
	const specs: object[] = [];
	const parts: Buffer[] = [];
	const add = (name: string, shape: readonly number[]): void => {
		const length = shape.reduce((product, side) => product * side, 1);
		if (name.endsWith('bias')) {
			const values = Float32Array.from({ length }, () => random() - 0.5);
			specs.push({ name, shape, dtype: 'float32' });
			parts.push(Buffer.from(values.buffer));
			weights.set(name, tf.tensor(values, [...shape]));
			return;
		}
		// Scaled so that outputs are about as large as inputs.
		const reach = 2 / Math.sqrt(length / (name.includes('depthwise') ? (shape[2] ?? 1) : (shape.at(-1) ?? 1)));
		const [scale, min] = [(2 * reach) / 255, -reach];
		const bytes = Uint8Array.from({ length }, () => Math.floor(random() * 256));
		specs.push({ name, shape, dtype: 'float32', quantization: { dtype: 'uint8', scale, min } });
		parts.push(Buffer.from(bytes));
		weights.set(
			name,
			tf.tensor(
				Float32Array.from(bytes, (byte) => byte * scale + min),
				[...shape]
			)
		);
	};
	for (const [block, filters] of BLOCKS.entries())
		for (const place of [0, 1, 2, 3]) {
			const inputs = place > 0 ? filters : (BLOCKS[block - 1] ?? 3);
			const name = `dense${String(block)}/conv${String(place)}`;
			if (block === 0 && place === 0) add(`${name}/filters`, [3, 3, inputs, filters]);
			else {
				add(`${name}/depthwise_filter`, [3, 3, inputs, 1]);
				add(`${name}/pointwise_filter`, [1, 1, inputs, filters]);
			}
			add(`${name}/bias`, [filters]);
		}
	add('fc/weights', [256, 7]);
	add('fc/bias', [7]);
	writeFileSync(path.join(dir, MANIFEST), JSON.stringify([{ weights: specs, paths: ['face_expression_model.bin'] }]));
	writeFileSync(path.join(dir, 'face_expression_model.bin'), Buffer.concat(parts));
});

/** As face-api 1.7.15 computes it: faceFeatureExtractor/FaceFeatureExtractor.ts and denseBlock.ts. */
function asFaceApi(pictures: tf.Tensor4D): tf.Tensor2D {
	const weight = (name: string): tf.Tensor => weights.get(name) as tf.Tensor;
	const separable = (x: tf.Tensor4D, name: string, stride: number): tf.Tensor4D => {
		const [depthwise, pointwise] = [weight(`${name}/depthwise_filter`), weight(`${name}/pointwise_filter`)];
		const out = tf.separableConv2d(x, depthwise as tf.Tensor4D, pointwise as tf.Tensor4D, stride, 'same');
		return tf.add(out, weight(`${name}/bias`));
	};
	let x: tf.Tensor4D = tf.div(
		tf.sub(tf.image.resizeBilinear(pictures, [112, 112]), tf.tensor1d([122.782, 117.001, 104.298])),
		255
	);
	for (const block of ['dense0', 'dense1', 'dense2', 'dense3']) {
		const out1 = tf.relu<tf.Tensor4D>(
			block === 'dense0'
				? tf.add(tf.conv2d(x, weight('dense0/conv0/filters') as tf.Tensor4D, 2, 'same'), weight('dense0/conv0/bias'))
				: separable(x, `${block}/conv0`, 2)
		);
		const out2 = separable(out1, `${block}/conv1`, 1);
		const out3 = separable(tf.relu(tf.add(out1, out2)), `${block}/conv2`, 1);
		const out4 = separable(tf.relu(tf.add(out1, tf.add(out2, out3))), `${block}/conv3`, 1);
		x = tf.relu(tf.add(out1, tf.add(out2, tf.add(out3, out4))));
	}
	const pooled = tf.avgPool(x, [7, 7], [2, 2], 'valid').reshape([-1, 256]);
	return tf.add(tf.matMul(pooled as tf.Tensor2D, weight('fc/weights') as tf.Tensor2D), weight('fc/bias'));
}

it("faceApiNetwork answers like face-api's own code, in FER2013's order", async () => {
	const pictures = tf.randomUniform<tf.Rank.R4>([2, 48, 48, 3], 0, 255, 'float32', 1);
	const network = faceApiNetwork(dir);
	const actual = (await (network.predict(pictures) as tf.Tensor).array()) as number[][];
	const expected = await asFaceApi(pictures).array();
	// angry, disgust, fear, happy, sad, surprise, neutral; there: neutral, happy, sad, angry, fearful, disgusted, surprised.
	for (const [row, logits] of actual.entries())
		for (const [label, theirs] of [3, 5, 4, 1, 2, 6, 0].entries()) {
			const value = expected[row]?.[theirs] ?? NaN;
			expect(Math.abs((logits[label] ?? NaN) - value)).toBeLessThan(1e-3 * Math.max(1, Math.abs(value)));
		}
});

it('askFaceApi asks about each row of Training and its mirror image, once', async () => {
	const dataset = blockPictures(6, 5, 2);
	const parts: number[] = [];
	const ask = (signal = new AbortController().signal) =>
		askFaceApi({ dir, dataset, cacheDir, signal, onPart: (part) => parts.push(part) });
	expect(await ask(AbortSignal.abort())).toBeUndefined();
	const answers = (await ask()) ?? new Float32Array();
	expect(parts.at(-1)).toBe(1);
	const network = faceApiNetwork(dir);
	for (let row = 0; row < 6; row++) {
		const grey = tf.tensor4d(Array.from(pictureOf(dataset, row)), [1, 48, 48, 1]);
		const pictures = tf.tile(tf.concat([grey, tf.reverse(grey, 2)]), [1, 1, 1, 3]);
		const expected = tf.mean(tf.softmax(network.predict(pictures) as tf.Tensor2D), 0).dataSync();
		for (const [label, value] of expected.entries())
			expect(answers[row * 7 + label]).toBeCloseTo(row < 5 ? value : 0, 4);
	}
	expect(await ask()).toEqual(answers);
});

it('faceApiNetwork says where to get the weights if they are missing', () => {
	expect(() => faceApiNetwork(path.join(dir, 'nowhere'))).toThrow('npm pack @vladmandic/face-api');
});
