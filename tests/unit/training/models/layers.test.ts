import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { BatchNorm } from '../../../../training/models/batch-norm';
import { SeededDropout } from '../../../../training/models/dropout';

beforeAll(async () => {
	await startBackend('cpu');
});

describe('BatchNorm', () => {
	it('uses its moving statistics outside training', async () => {
		const layer = new BatchNorm({});
		layer.build([null, null, null, 1]);
		layer.setWeights([tf.tensor1d([2]), tf.tensor1d([1]), tf.tensor1d([3]), tf.tensor1d([4 - 1e-3])]);
		const output = layer.apply(tf.fill([1, 1, 1, 1], 5)) as tf.Tensor;
		expect((await output.data())[0]).toBeCloseTo(((5 - 3) / 2) * 2 + 1, 4);
	});

	it('moves its statistics towards those of the batch', () => {
		const layer = new BatchNorm({});
		layer.build([null, null, null, 1]);
		layer.apply(tf.tensor4d([1, 3, 5, 7], [4, 1, 1, 1]), { training: true });
		const [, , mean, variance] = layer.getWeights().map((weight) => weight.dataSync()[0]);
		expect(mean).toBeCloseTo(0.1 * 4, 5);
		expect(variance).toBeCloseTo(0.9 + 0.1 * 5, 5);
	});
});

describe('SeededDropout', () => {
	it('repeats its mask for equal keys, keeps the mean, and does nothing at inference', async () => {
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
