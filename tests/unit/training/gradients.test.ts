import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, TRAINING_BACKENDS, type TrainingBackend } from '../../../training/backend/index';
import { BatchNorm, SeededDropout } from '../../../training/layers';

/** Numbers that do not depend on the back end. */
function numbers(count: number, seed: number): Float32Array {
	return Float32Array.from({ length: count }, (_, i) => Math.sin(seed + 12.9898 * i) * Math.cos(0.37 * i * seed + i));
}

function tensor(shape: number[], seed: number): tf.Tensor {
	return tf.tensor(numbers(tf.util.sizeFromShape(shape), seed), shape);
}

/** Values of f and the gradients of sum(f * weights) with respect to its arguments, on one back end. */
async function evaluate(
	backend: TrainingBackend,
	shapes: number[][],
	f: (...inputs: tf.Tensor[]) => tf.Tensor
): Promise<number[][]> {
	await startBackend(backend);
	const inputs = shapes.map((shape, index) => tensor(shape, index + 1));
	const before = tf.memory().numTensors;
	const { value, grads } = tf.valueAndGrads((...args: tf.Tensor[]) => {
		const output = f(...args);
		return tf.sum(tf.mul(output, tensor(output.shape, 99))).asScalar();
	})(inputs);
	const results = await Promise.all([value, ...grads].map(async (result) => Array.from(await result.data())));
	tf.dispose([value, ...grads]);
	expect(tf.memory().numTensors).toBe(before);
	tf.dispose(inputs);
	return results;
}

function expectClose(actual: number[][], expected: number[][], tolerance: number): void {
	expect(actual.map((values) => values.length)).toEqual(expected.map((values) => values.length));
	for (const [index, values] of expected.entries()) {
		const scale = Math.max(1, ...values.map(Math.abs));
		const worst = Math.max(...values.map((value, i) => Math.abs(value - (actual[index]?.[i] ?? NaN))));
		expect(worst / scale).toBeLessThan(tolerance);
	}
}

const convolutions: { name: string; x: number[]; kernel: number[]; stride: number; pad: 'same' | 'valid' }[] = [
	{ name: '3x3 same', x: [3, 6, 6, 4], kernel: [3, 3, 4, 5], stride: 1, pad: 'same' },
	{ name: '3x3 valid', x: [2, 7, 5, 3], kernel: [3, 3, 3, 4], stride: 1, pad: 'valid' },
	{ name: '3x3 stride 2 on an even side', x: [2, 8, 8, 3], kernel: [3, 3, 3, 4], stride: 2, pad: 'same' },
	{ name: '3x3 stride 2 on an odd side', x: [2, 9, 7, 3], kernel: [3, 3, 3, 4], stride: 2, pad: 'same' },
	{ name: '3x3 stride 2 that leaves rows unread', x: [2, 8, 8, 3], kernel: [3, 3, 3, 4], stride: 2, pad: 'valid' },
	{ name: '5x5 stride 2 of one channel', x: [2, 12, 12, 1], kernel: [5, 5, 1, 8], stride: 2, pad: 'same' },
	{ name: '1x1 stride 2', x: [2, 8, 8, 4], kernel: [1, 1, 4, 6], stride: 2, pad: 'same' },
	{ name: '1x1', x: [2, 5, 5, 4], kernel: [1, 1, 4, 6], stride: 1, pad: 'same' }
];

describe.each(TRAINING_BACKENDS.filter((backend) => backend !== 'cpu'))(
	'gradients on %s equal the cpu back end',
	(backend) => {
		it.each(convolutions)('convolution $name', async ({ x, kernel, stride, pad }) => {
			const convolve = (...[a, b]: tf.Tensor[]) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
			const expected = await evaluate('cpu', [x, kernel], convolve);
			const actual = await evaluate(backend, [x, kernel], convolve);
			expectClose(actual, expected, 1e-5);
		});

		const layers: Record<string, { shape: number[]; apply: (x: tf.Tensor) => tf.Tensor }> = {
			relu: { shape: [3, 4, 4, 2], apply: (x) => tf.relu(x) },
			'global average pooling': { shape: [3, 4, 4, 2], apply: (x) => tf.mean(x, [1, 2]) },
			'log softmax': { shape: [5, 7], apply: (x) => tf.logSoftmax(x) }
		};
		it.each(Object.keys(layers))('%s', async (name) => {
			const layer = layers[name];
			if (!layer) throw new Error(name);
			const apply = (...inputs: tf.Tensor[]) => layer.apply(inputs[0] ?? tf.scalar(NaN));
			expectClose(await evaluate(backend, [layer.shape], apply), await evaluate('cpu', [layer.shape], apply), 1e-5);
		});

		it('dense', async () => {
			const dense = (...[x, kernel, bias]: tf.Tensor[]) =>
				tf.add(tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D), bias as tf.Tensor1D);
			const shapes = [[4, 6], [6, 3], [3]];
			expectClose(await evaluate(backend, shapes, dense), await evaluate('cpu', shapes, dense), 1e-5);
		});
	}
);

/** Batch normalisation from its definition, differentiated by tfjs. */
function definition(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
	const { mean, variance } = tf.moments(x, [0, 1, 2]);
	return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3))), gamma), beta);
}

describe('BatchNorm', () => {
	beforeAll(async () => {
		await startBackend('cpu');
	});
	const shape = [4, 5, 5, 3];

	async function layerGradients(backend: TrainingBackend): Promise<number[][]> {
		await startBackend(backend);
		const layer = new BatchNorm({});
		layer.build([null, null, null, 3]);
		layer.setWeights([tensor([3], 2), tensor([3], 3), tf.zeros([3]), tf.ones([3])]);
		const [gamma, beta] = layer.trainableWeights.map((weight) => weight.read());
		if (!(gamma instanceof tf.Variable) || !(beta instanceof tf.Variable)) throw new Error('BatchNorm has no weights.');
		const x = tf.variable(tensor(shape, 1));
		const { value, grads } = tf.variableGrads(
			() => tf.sum(tf.mul(layer.apply(x, { training: true }) as tf.Tensor, tensor(shape, 99))).asScalar(),
			[x, gamma, beta]
		);
		const ordered = [value, grads[x.name], grads[gamma.name], grads[beta.name]];
		return Promise.all(ordered.map(async (result) => Array.from((await result?.data()) ?? [])));
	}

	it.each(TRAINING_BACKENDS)('has the value and gradients of its definition on %s', async (backend) => {
		const actual = await layerGradients(backend);
		const expected = await evaluate('cpu', [shape, [3], [3]], (...inputs) => {
			const [x, gamma, beta] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
			return definition(x, gamma, beta);
		});
		expectClose(actual, expected, 1e-4);
	});

	it('uses its moving statistics when not training', async () => {
		await startBackend('cpu');
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

describe('SeededDropout', () => {
	it('repeats its mask for equal keys, keeps the mean, and does nothing in use', async () => {
		await startBackend('cpu');
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
