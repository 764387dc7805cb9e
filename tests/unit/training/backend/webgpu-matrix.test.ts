import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { startBackend } from '../../../../training/backend/index';
import { findGpu, startWebGpu, stopWebGpu } from '../../../../training/backend/webgpu/webgpu';
import {
	matrixBackward,
	matrixFilterProduct,
	matrixForward
} from '../../../../training/backend/webgpu/matrix-programs';

/** Debian's chromium brings this GPU in software. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(SWIFTSHADER)) process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;

const gpu = await findGpu();
afterAll(() => {
	stopWebGpu();
});

type Shape4D = [number, number, number, number];
interface Case {
	readonly name: string;
	readonly x: Shape4D;
	readonly filter: Shape4D;
	readonly strides: number;
}

const CASES: readonly Case[] = [
	{ name: 'halves an odd side; rows of the filter in two tiles', x: [2, 9, 7, 12], filter: [3, 3, 12, 20], strides: 2 },
	{ name: 'several tiles of columns', x: [2, 8, 8, 16], filter: [1, 1, 16, 240], strides: 2 },
	{ name: 'so many pixels that tiles are large', x: [1, 230, 232, 4], filter: [1, 1, 4, 32], strides: 1 }
];

function wave(shape: readonly number[], seed: number): tf.Tensor4D {
	const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) =>
		Math.sin(seed + 12.9898 * i + Math.cos(0.37 * i))
	);
	return tf.tensor4d(values, shape as Shape4D);
}

/** A convolution's result, and the gradients of half its squares' sum for picture and filter. */
async function convolve({ x, filter, strides }: Case): Promise<Float32Array[]> {
	const inputs = [wave(x, 1), wave(filter, 2)] as const;
	const run = (a: tf.Tensor, b: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, 'same');
	const { grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) =>
		tf.mul(0.5, tf.sum(tf.square(run(a, b)))).asScalar()
	)([...inputs]);
	return Promise.all([run(...inputs), ...grads].map((tensor) => tensor.data<'float32'>()));
}

if (gpu)
	it('multiplies matrices as the cpu back end convolves', async () => {
		await startBackend('cpu');
		const expected = [];
		for (const each of CASES) expected.push(await convolve(each));
		await startWebGpu('emulated');
		for (const [index, each] of CASES.entries()) {
			const actual = await convolve(each);
			for (const [k, values] of (expected[index] ?? []).entries()) {
				const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
				const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - (actual[k]?.[i] ?? NaN))), 0);
				expect(worst / scale, `${each.name}, ${String(k)}`).toBeLessThan(1e-5);
			}
		}
	}, 120_000);

describe('for matrix units', () => {
	it.each(CASES)('the programs are valid: $name', async ({ x: [, ...shape], filter, strides }) => {
		// Dawn's null back end has all features: it checks programs, and runs none.
		const instance = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
		const adapter = await instance.requestAdapter();
		const features = ['shader-f16', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
		const device = await adapter?.requestDevice({ requiredFeatures: features });
		if (!device) throw new Error('Dawn has no null back end.');
		// As many pictures as in training.
		const info = tf.backend_util.computeConv2DInfo([512, ...shape], filter, strides, 1, 'same');
		const programs = [matrixForward, matrixBackward, matrixFilterProduct].map((write) => write(info, 'float16'));
		for (const { code } of programs) {
			device.pushErrorScope('validation');
			const module = device.createShaderModule({ code });
			expect((await module.getCompilationInfo()).messages.map(({ message }) => message)).toEqual([]);
			expect(await device.popErrorScope()).toBeNull();
		}
	});

	it('are asked for only where a GPU has them', async () => {
		if (gpu?.hasMatrixUnits) return;
		await expect(startWebGpu('float16')).rejects.toThrow(gpu ? 'no matrix units' : 'no GPU');
	});
});
