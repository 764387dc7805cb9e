/** Every step of a network against tfjs's own operations and its own loader, on the WASM and cpu back ends. */
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
	outputShapeOf,
	sizeOf,
	type NetworkDescription,
	type Step
} from '../../../../src/lib/core/network/description';
import { Network } from '../../../../src/lib/core/network/network';
import { packNetwork, unpackNetwork } from '../../../../training/lib/graph-model';
import { inNearestSteps } from '../../training/nearest-steps';
import { loadStock } from '../../stock-loader';

const ROOT = path.resolve(import.meta.dirname, '../../../..');

function wave(shape: readonly number[], phase: number): Float32Array {
	return Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(phase + 1.7 * index));
}

/** One step, or several, with weights of these shapes. */
function networkOf(
	input: NetworkDescription['input'],
	steps: readonly Step[],
	shapes: readonly (readonly number[])[] = []
): NetworkDescription {
	return { input, steps, weights: shapes.map((shape, index) => ({ shape, values: wave(shape, index) })) };
}

const PICTURE = [6, 5, 4] as const;
const kernel = (shape: [number, number, number, number]): tf.Tensor4D => tf.tensor4d(wave(shape, 0), shape);
const bias = (length: number): tf.Tensor1D => tf.tensor1d(wave([length], 1));

interface Case {
	readonly name: string;
	readonly description: NetworkDescription;
	readonly expected: (x: tf.Tensor4D) => tf.Tensor;
}

const CASES: readonly Case[] = [
	...(['same', 'valid'] as const).map((padding) => ({
		name: `a convolution with stride 2, ${padding}, and ReLU`,
		description: networkOf(
			PICTURE,
			[{ op: 'conv', from: 0, kernel: 0, bias: 1, strides: [2, 2], padding, relu: true }],
			[[3, 3, 4, 2], [2]]
		),
		expected: (x: tf.Tensor4D) => tf.relu(tf.add(tf.conv2d(x, kernel([3, 3, 4, 2]), 2, padding), bias(2)))
	})),
	{
		name: 'a depthwise convolution without ReLU',
		description: networkOf(
			PICTURE,
			[{ op: 'depthwise', from: 0, kernel: 0, bias: 1, strides: [1, 1], padding: 'same', relu: false }],
			[[3, 3, 4, 1], [4]]
		),
		expected: (x) => tf.add(tf.depthwiseConv2d(x, kernel([3, 3, 4, 1]), 1, 'same'), bias(4))
	},
	{
		name: 'a dense layer with its softmax',
		description: networkOf(
			PICTURE,
			[
				{ op: 'mean', from: 0 },
				{ op: 'dense', from: 1, kernel: 0, bias: 1, relu: false },
				{ op: 'softmax', from: 2 }
			],
			[[4, 3], [3]]
		),
		expected: (x) => tf.softmax(tf.add(tf.matMul(tf.mean(x, [1, 2]), tf.tensor2d(wave([4, 3], 0), [4, 3])), bias(3)))
	},
	{
		name: 'a sum with a value of before, and ReLU',
		description: networkOf(PICTURE, [
			{ op: 'relu', from: 0 },
			{ op: 'add', from: 1, and: 0 },
			{ op: 'relu', from: 2 }
		]),
		expected: (x) => tf.relu(tf.add(tf.relu(x), x))
	},
	{
		name: 'pooling',
		description: networkOf(PICTURE, [{ op: 'maxPool', from: 0, size: [2, 2], strides: [2, 2], padding: 'same' }]),
		expected: (x) => tf.maxPool(x, 2, 2, 'same')
	},
	{
		name: 'zeros around, in channels too',
		description: networkOf(PICTURE, [
			{
				op: 'pad',
				from: 0,
				by: [
					[1, 2],
					[0, 1],
					[0, 3]
				]
			}
		]),
		expected: (x) =>
			tf.pad(x, [
				[0, 0],
				[1, 2],
				[0, 1],
				[0, 3]
			])
	},
	{
		name: 'another size',
		description: networkOf(PICTURE, [{ op: 'resize', from: 0, size: [12, 7] }]),
		expected: (x) => tf.image.resizeBilinear(x, [12, 7], false, true)
	},
	{
		name: 'parts side by side',
		description: networkOf(PICTURE, [
			{ op: 'reshape', from: 0, shape: [30, 4] },
			{ op: 'relu', from: 1 },
			{ op: 'concat', from: [1, 2], axis: 0 },
			{ op: 'concat', from: [3, 3], axis: 1 }
		]),
		expected: (x) => {
			const rows = tf.reshape(x, [2, 30, 4]);
			const both = tf.concat([rows, tf.relu(rows)], 1);
			return tf.concat([both, both], 2);
		}
	}
];

/** Kernels large enough to be stored in quantised steps. */
const IN_STEPS: readonly Omit<Case, 'expected'>[] = [
	{
		name: 'a large convolution',
		description: networkOf(
			[3, 4, 48],
			[{ op: 'conv', from: 0, kernel: 0, bias: 1, strides: [1, 1], padding: 'same', relu: true }],
			[[3, 3, 48, 32], [32]]
		)
	},
	{
		name: 'a large depthwise convolution',
		description: networkOf(
			[3, 4, 1200],
			[{ op: 'depthwise', from: 0, kernel: 0, bias: 1, strides: [1, 1], padding: 'same', relu: false }],
			[[3, 3, 1200, 1], [1200]]
		)
	},
	{
		name: 'a large dense layer with ReLU',
		description: networkOf(
			[1, 1, 600],
			[
				{ op: 'mean', from: 0 },
				{ op: 'dense', from: 1, kernel: 0, bias: 1, relu: true }
			],
			[[600, 20], [20]]
		)
	}
];

describe.each(['wasm', 'cpu'])('Network on %s', (backend) => {
	beforeAll(async () => {
		setWasmPaths(`${path.join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
		await tf.setBackend(backend);
	});

	it.each(CASES)(
		'computes $name in the predicted shape, and leaves no tensor behind',
		async ({ description, expected }) => {
			const batch = wave([2, ...PICTURE], 3);
			const x = tf.tensor4d(batch, [2, ...PICTURE]);
			const wanted = tf.tidy(() => expected(x));
			const before = tf.memory().numTensors;
			const network = new Network(description);
			const output = network.run(batch, 2);
			expect(output.shape).toEqual(wanted.shape);
			expect(output.shape.slice(1)).toEqual(outputShapeOf(description));
			const [found, values] = [await output.data(), await wanted.data()];
			for (const [index, value] of values.entries()) expect(found[index]).toBeCloseTo(value, 4);
			output.dispose();
			await network.predict(batch, 2);
			network.dispose();
			expect(tf.memory().numTensors).toBe(before);
			tf.dispose([x, wanted]);
		}
	);

	it.each([...CASES, ...IN_STEPS])(
		"gives what tfjs's own loader gives for the files of $name",
		async ({ description }) => {
			const packed = packNetwork(description, inNearestSteps(description, 0.3));
			const batch = wave([2, ...description.input], 3);
			const stock = await loadStock(packed, batch, 2);
			const network = new Network(unpackNetwork(packed));
			const output = network.run(batch, 2);
			expect(output.shape).toEqual(stock.shape);
			const found = await output.data();
			for (const [index, value] of stock.values.entries())
				expect(Math.abs((found[index] ?? NaN) - value)).toBeLessThan(1e-4);
			output.dispose();
			network.dispose();
		}
	);

	it('takes pictures of another size, and gives a row for each of their places', async () => {
		const steps: Step[] = [
			{ op: 'maxPool', from: 0, size: [2, 2], strides: [2, 2], padding: 'same' },
			{ op: 'resize', from: 1, size: [4, 8] },
			{ op: 'add', from: 0, and: 2 },
			{ op: 'reshape', from: 3, shape: [32, 4] }
		];
		const [small, large] = [[4, 8, 4] as const, [12, 8, 4] as const];
		const network = new Network(networkOf(small, steps));
		const whole = new Network(
			networkOf(
				large,
				steps.map((step): Step => {
					if (step.op === 'resize') return { ...step, size: [12, 8] };
					return step.op === 'reshape' ? { ...step, shape: [96, 4] } : step;
				})
			)
		);
		const batch = wave(large, 5);
		expect(await network.predict(batch, 1, [12, 8])).toEqual(await whole.predict(batch, 1));
		expect((await network.predict(wave(small, 5), 1)).length).toBe(128);
		network.dispose();
		whole.dispose();
	});

	it('rejects a batch of another size, and frees its tensors if a step fails', () => {
		const network = new Network(networkOf(PICTURE, [{ op: 'relu', from: 0 }]));
		expect(() => network.run(new Float32Array(7), 1)).toThrow('7 values are not a batch of [1,6,5,4].');
		network.dispose();
		const broken = new Network(networkOf(PICTURE, [{ op: 'relu', from: 3 }]));
		const before = tf.memory().numTensors;
		expect(() => broken.run(wave(PICTURE, 0), 1)).toThrow('A "relu" reads value 3, which is not there.');
		expect(tf.memory().numTensors).toBe(before);
	});
});
