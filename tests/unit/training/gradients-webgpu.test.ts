import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { afterAll, expect, it } from 'vitest';
import { chooseBackend, startBackend } from '../../../training/backend/index';
import { MOVE_KERNEL, runKernel } from '../../../training/backend/extra-kernels';
import { findGpu, stopWebGpu } from '../../../training/backend/webgpu';
import { SeededDropout } from '../../../training/layers';
import { createOptimizer } from '../../../training/optimizer';
import { testGradients } from './gradients';

/** Debian's chromium brings this GPU in software. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(SWIFTSHADER)) process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;

const gpu = await findGpu();
afterAll(() => {
	stopWebGpu();
});

if (gpu) {
	testGradients('webgpu');

	it('convolves with bias and ReLU in one go', async () => {
		const inputs = (): [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D] => {
			const wave = (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(1 + 1.7 * i));
			return [
				tf.tensor4d(wave(2 * 6 * 6 * 8), [2, 6, 6, 8]),
				tf.tensor4d(wave(9 * 8 * 12), [3, 3, 8, 12]),
				tf.tensor1d(wave(12))
			];
		};
		const run = async (backend: 'cpu' | 'webgpu', activation: 'relu' | 'linear'): Promise<Float32Array> => {
			await startBackend(backend);
			const [x, filter, bias] = inputs();
			return tf.fused.conv2d({ x, filter, bias, activation, strides: 1, pad: 'same' }).data<'float32'>();
		};
		for (const activation of ['relu', 'linear'] as const) {
			const [expected, actual] = [await run('cpu', activation), await run('webgpu', activation)];
			expect(expected.some((value) => value > 0)).toBe(true);
			for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 4);
		}
	});

	it('takes the optimizer’s steps and moves averages in place', async () => {
		const run = async (backend: 'cpu' | 'webgpu', nesterov: boolean): Promise<number[]> => {
			await startBackend(backend);
			const weight = tf.variable(tf.tensor1d([4, -2, 1, 0.5, 3]));
			const config = { kind: 'sgd', momentum: 0.9, nesterov } as const;
			const optimizer = createOptimizer(config, [{ name: 'w', value: weight, decay: 0.1 }]);
			// Read before it is changed: what was read must not be what is read again.
			const values = Array.from(await weight.data());
			for (let step = 0; step < 3; step++) {
				const gradient = tf.tensor1d([1, 2, -1, 0, step]);
				optimizer.apply([gradient], 0.1 / (step + 1), step);
				values.push(...(await weight.data()));
			}
			return values;
		};
		for (const nesterov of [true, false]) {
			const [expected, actual] = [await run('cpu', nesterov), await run('webgpu', nesterov)];
			for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 5);
		}
		const target = tf.variable(tf.tensor1d([1, 2, 3]));
		runKernel(MOVE_KERNEL, { target, towards: tf.tensor1d([3, 2, -1]) }, { part: 0.25 });
		expect(Array.from(await target.data())).toEqual([1.5, 2, 2]);
	});

	it('takes dropout masks from a bank on the device, again for equal keys', async () => {
		await startBackend('webgpu');
		const draw = async (layer: SeededDropout, size: number, ...keys: number[]) => {
			layer.reseed(...keys);
			const output = layer.apply(tf.ones([size]), { training: true }) as tf.Tensor;
			return output.data<'float32'>();
		};
		const layer = new SeededDropout({ rate: 0.25 });
		const first = await draw(layer, 10_000, 1, 2);
		expect(await draw(layer, 10_000, 1, 2)).toEqual(first);
		expect(await draw(layer, 10_000, 1, 3)).not.toEqual(first);
		expect(first.reduce((a, b) => a + b, 0) / first.length).toBeCloseTo(1, 1);
		// A resumed run may see its larger pictures first.
		const resumed = new SeededDropout({ rate: 0.25 });
		await draw(resumed, 20_000, 9);
		expect(await draw(resumed, 10_000, 1, 2)).toEqual(first);
	});
}

it('takes WebGPU by itself only on a real GPU, and says why', async () => {
	const { backend, reason } = await chooseBackend();
	if (gpu?.isSoftware === false) expect(backend).toBe('webgpu');
	else {
		expect(backend).not.toBe('webgpu');
		expect(reason).toMatch(gpu ? /not webgpu: .+ is no real GPU/i : /not webgpu: this machine shows no GPU/i);
	}
	expect(reason).toContain(`Back end: ${backend}`);
});
