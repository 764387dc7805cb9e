import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { startBackend, type TrainingBackend } from '../../../../training/backend/index';
import { BatchNorm } from '../../../../training/models/batch-norm';

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
		const largest = (of: readonly number[]): number => of.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
		const scale = Math.max(1, largest(values));
		const worst = largest(values.map((value, i) => value - (actual[index]?.[i] ?? NaN)));
		expect(worst / scale).toBeLessThan(tolerance);
	}
}

interface ConvolutionCase {
	readonly name: string;
	readonly x: number[];
	readonly kernel: number[];
	readonly stride: number;
	readonly pad: 'same' | 'valid';
}

const convolutions: readonly ConvolutionCase[] = [
	{ name: '3x3 same', x: [3, 6, 6, 4], kernel: [3, 3, 4, 5], stride: 1, pad: 'same' },
	{ name: '3x3 valid', x: [2, 7, 5, 3], kernel: [3, 3, 3, 4], stride: 1, pad: 'valid' },
	{ name: '3x3 stride 2 on an even side', x: [2, 8, 8, 3], kernel: [3, 3, 3, 4], stride: 2, pad: 'same' },
	{ name: '3x3 stride 2 on an odd side', x: [2, 9, 7, 3], kernel: [3, 3, 3, 4], stride: 2, pad: 'same' },
	{ name: '3x3 stride 2 that leaves rows unread', x: [2, 8, 8, 3], kernel: [3, 3, 3, 4], stride: 2, pad: 'valid' },
	{ name: '5x5 stride 2 of one channel', x: [2, 12, 12, 1], kernel: [5, 5, 1, 8], stride: 2, pad: 'same' },
	{ name: '1x1 stride 2', x: [2, 8, 8, 8], kernel: [1, 1, 8, 6], stride: 2, pad: 'same' },
	{ name: '1x1', x: [2, 5, 5, 4], kernel: [1, 1, 4, 6], stride: 1, pad: 'same' }
];

/** Large enough to fill several tiles of a GPU's programs; sums of so many terms depend on their order. */
const largeConvolutions: readonly ConvolutionCase[] = [
	{ name: '3x3 of many channels', x: [3, 9, 9, 72], kernel: [3, 3, 72, 136], stride: 1, pad: 'same' },
	{ name: '3x3 stride 2 of many channels', x: [3, 12, 12, 32], kernel: [3, 3, 32, 72], stride: 2, pad: 'same' },
	{ name: '1x1 stride 2 of many channels', x: [3, 12, 12, 32], kernel: [1, 1, 32, 72], stride: 2, pad: 'same' },
	{
		name: '5x5 stride 2 of one channel, many pictures',
		x: [20, 24, 24, 1],
		kernel: [5, 5, 1, 32],
		stride: 2,
		pad: 'same'
	},
	{ name: '1x1 of very many pixels', x: [33, 64, 64, 4], kernel: [1, 1, 4, 4], stride: 1, pad: 'same' }
];
const LARGE_TOLERANCE = 1e-3;

/**
 * The subset of both for a software GPU, which takes seconds to compile a program: tiles next to and below each other,
 * sums in parts, uneven strides; and single-channel pictures, whose gradient tfjs computes.
 */
const fewConvolutions: readonly ConvolutionCase[] = [
	{ name: '3x3 stride 2 in several tiles', x: [8, 11, 11, 8], kernel: [3, 3, 8, 72], stride: 2, pad: 'same' },
	{ name: '5x5 stride 2 of one channel', x: [2, 12, 12, 1], kernel: [5, 5, 1, 8], stride: 2, pad: 'same' }
];

/** Batch normalisation from its definition, differentiated by tfjs. */
function definition(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
	const { mean, variance } = tf.moments(x, [0, 1, 2]);
	return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3))), gamma), beta);
}

/**
 * Tests every layer that training uses on `backend` against the cpu back end. Call it in a file of its own, as back
 * ends replace each other's kernels. `tolerance` is that of convolutions. The tests are skipped if the back end is not
 * `available`, and reduced to `few` if it is slow to start.
 */
export function testGradients(
	backend: Exclude<TrainingBackend, 'cpu'>,
	{ tolerance = 1e-5, available = true, few = false }: { tolerance?: number; available?: boolean; few?: boolean } = {}
): void {
	describe.skipIf(!available)(`gradients on ${backend} equal those on the cpu back end:`, () => {
		const isClose = async ({ x, kernel, stride, pad }: ConvolutionCase, within: number): Promise<void> => {
			const convolve = (...[a, b]: tf.Tensor[]) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
			const expected = await evaluate('cpu', [x, kernel], convolve);
			expectClose(await evaluate(backend, [x, kernel], convolve), expected, within);
		};
		it.each(few ? [] : convolutions)('convolution $name', (convolution) => isClose(convolution, tolerance));
		it.each(few ? fewConvolutions : [])('convolution $name', (convolution) => isClose(convolution, LARGE_TOLERANCE));
		if (backend === 'webgpu' && !few)
			it.each(largeConvolutions)('convolution $name', (convolution) => isClose(convolution, LARGE_TOLERANCE));

		const layers: Record<string, { shape: number[]; apply: (x: tf.Tensor) => tf.Tensor }> = {
			relu: { shape: [3, 4, 4, 2], apply: (x) => tf.relu(x) },
			'relu of many': { shape: [3, 14, 14, 8], apply: (x) => tf.relu(x) },
			'sum of two': { shape: [3, 14, 14, 8], apply: (x) => tf.add(x, tf.mul(x, 0.5)) },
			'max pooling': { shape: [2, 8, 8, 3], apply: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid') },
			'max pooling of an odd side': { shape: [2, 7, 9, 3], apply: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid') },
			'global average pooling': { shape: [3, 4, 4, 2], apply: (x) => tf.mean(x, [1, 2]) },
			'log softmax': { shape: [5, 7], apply: (x) => tf.logSoftmax(x) }
		};
		it.each(Object.keys(layers))('%s', async (name) => {
			const layer = layers[name];
			if (!layer) throw new Error(name);
			const apply = (...inputs: tf.Tensor[]) => layer.apply(inputs[0] ?? tf.scalar(NaN));
			expectClose(await evaluate(backend, [layer.shape], apply), await evaluate('cpu', [layer.shape], apply), 1e-5);
		});

		it('bias of a convolution', async () => {
			const shift = (...[x, bias]: tf.Tensor[]) => tf.add(x as tf.Tensor4D, bias as tf.Tensor1D);
			const shapes = [[3, 14, 14, 8], [8]];
			expectClose(await evaluate(backend, shapes, shift), await evaluate('cpu', shapes, shift), 1e-5);
		});

		it('dense', async () => {
			const dense = (...[x, kernel, bias]: tf.Tensor[]) =>
				tf.add(tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D), bias as tf.Tensor1D);
			const shapes = [[32, 6], [6, 24], [24]];
			expectClose(await evaluate(backend, shapes, dense), await evaluate('cpu', shapes, dense), 1e-5);
		});

		async function layerGradients(shape: number[]): Promise<number[][]> {
			await startBackend(backend);
			const channels = shape.slice(-1);
			const layer = new BatchNorm({});
			layer.build([null, null, null, ...channels]);
			layer.setWeights([tensor(channels, 2), tensor(channels, 3), tf.zeros(channels), tf.ones(channels)]);
			const [gamma, beta] = layer.trainableWeights.map((weight) => weight.read());
			if (!(gamma instanceof tf.Variable) || !(beta instanceof tf.Variable))
				throw new Error('BatchNorm has no weights.');
			const x = tf.variable(tensor(shape, 1));
			const { value, grads } = tf.variableGrads(
				() => tf.sum(tf.mul(layer.apply(x, { training: true }) as tf.Tensor, tensor(shape, 99))).asScalar(),
				[x, gamma, beta]
			);
			const ordered = [value, grads[x.name], grads[gamma.name], grads[beta.name]];
			return Promise.all(ordered.map(async (result) => Array.from((await result?.data()) ?? [])));
		}

		it.each([[[4, 5, 5, 3]], [[2, 30, 30, 12]], ...(few ? [] : [[[1, 2, 2, 132]]])])(
			'batch normalisation of %j has the value and gradients of its definition',
			async (shape) => {
				const actual = await layerGradients(shape);
				const channels = shape.slice(-1);
				const expected = await evaluate('cpu', [shape, channels, channels], (...inputs) => {
					const [x, gamma, beta] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
					return definition(x, gamma, beta);
				});
				expectClose(actual, expected, 1e-4);
			}
		);
	});
}
