import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { BatchNorm, MirrorConv2D, SeededDropout } from '../../../../training/models/layers';
import { mien } from '../../../../training/models/mien';

beforeAll(async () => {
	await startBackend('cpu');
});

describe('BatchNorm', () => {
	it('uses its moving statistics when not training', async () => {
		const layer = new BatchNorm({});
		layer.build([null, null, null, 1]);
		layer.setWeights([tf.tensor1d([2]), tf.tensor1d([1]), tf.tensor1d([3]), tf.tensor1d([4 - 1e-3])]);
		const output = layer.apply(tf.fill([1, 1, 1, 1], 5)) as tf.Tensor;
		expect((await output.data())[0]).toBeCloseTo(((5 - 3) / 2) * 2 + 1, 4);
	});

	it('moves its statistics towards the batch', () => {
		const layer = new BatchNorm({});
		layer.build([null, null, null, 1]);
		layer.apply(tf.tensor4d([1, 3, 5, 7], [4, 1, 1, 1]), { training: true });
		const [, , mean, variance] = layer.getWeights().map((weight) => weight.dataSync()[0]);
		expect(mean).toBeCloseTo(0.1 * 4, 5);
		expect(variance).toBeCloseTo(0.9 + 0.1 * 5, 5);
	});
});

describe('filters in pairs', () => {
	const picture = (size: number, channels: number) => tf.randomNormal([2, size, size, channels], 0, 1, 'float32', 1);
	const mirrored = (x: tf.Tensor) => tf.reverse(x, 2);
	const exchanged = (x: tf.Tensor) => tf.concat(tf.split(x, 2, 3).reverse(), 3);

	it.each([
		[3, 1],
		[4, 2],
		[6, 2]
	])('of size %i, %i pixels on, say the mirror image of a mirror image', async (kernelSize, strides) => {
		const kernelInitializer = tf.initializers.heNormal({ seed: 1 });
		const convolve = (x: tf.Tensor) =>
			new MirrorConv2D({ filters: 6, kernelSize, strides, kernelInitializer }).apply(x) as tf.Tensor;
		const x = picture(12, 4);
		const expected = await exchanged(mirrored(convolve(x))).data();
		const actual = await convolve(exchanged(mirrored(x))).data();
		for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 4);
	});

	it('make a network that cannot tell a picture from its mirror image, in use and in training', async () => {
		const recipe = { ...mien.recipes[0], mirror: true, stages: [[6, 2] as const, [8, 1] as const] };
		const network = mien.build(7, recipe);
		const x = picture(48, 1);
		for (const training of [false, true]) {
			const [one, other] = [x, mirrored(x)].map((input) => network.apply(input, { training }) as tf.Tensor);
			const expected = await one?.data();
			expect(Math.max(...(expected ?? []))).toBeGreaterThan(0.01);
			for (const [index, value] of ((await other?.data()) ?? []).entries())
				expect(value).toBeCloseTo(expected?.[index] ?? NaN, 4);
		}
	});
});

describe('SeededDropout', () => {
	it('repeats its mask for equal keys, keeps the mean, and does nothing in use', async () => {
		const layer = new SeededDropout({ rate: 0.25 });
		const x = tf.ones([100, 100]);
		const draw = async (...keys: number[]) => {
			layer.reseed(...keys);
			return (layer.apply(x, { training: true }) as tf.Tensor).data<'float32'>();
		};
		const first = await draw(1, 2);
		expect(await draw(1, 2)).toEqual(first);
		expect(await draw(1, 3)).not.toEqual(first);
		expect(first.reduce((a, b) => a + b, 0) / first.length).toBeCloseTo(1, 1);
		expect(await (layer.apply(x) as tf.Tensor).data()).toEqual(await x.data());
	});
});
