import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { chooseBackend, startBackend } from '../../../../training/backend/index';
import { moveInPlace } from '../../../../training/backend/extra-kernels';
import { findGpu, stopWebGpu } from '../../../../training/backend/webgpu/webgpu';
import { DEFAULT_RECIPE } from '../../../../training/models/recipe';
import { SeededDropout } from '../../../../training/models/dropout';
import type { ModelDefinition } from '../../../../training/models/definition';
import { residualNetwork } from '../../../../training/models/residual';
import { createOptimizer } from '../../../../training/loop/optimizer';
import type { State } from '../../../../training/loop/state';
import { startReplicas } from '../../../../training/loop/replica-group';
import { testGradients } from './gradients';
import { allocate } from '../../../../training/data/dataset';

/** Debian's chromium package ships this software GPU. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(SWIFTSHADER)) process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;

const gpu = await findGpu();
afterAll(() => {
	stopWebGpu();
});

/** A software GPU takes seconds to compile each program, so it is tested less. */
const isSlow = gpu?.isSoftware === true;

testGradients('webgpu', { available: gpu !== undefined, few: isSlow });

describe.skipIf(gpu === undefined)('WebGPU in Node', () => {
	it('runs convolution, bias and ReLU in one program', async () => {
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

	it('applies optimizer steps and moving averages in place', async () => {
		const run = async (backend: 'cpu' | 'webgpu', nesterov: boolean): Promise<number[]> => {
			await startBackend(backend);
			const weight = tf.variable(tf.tensor1d([4, -2, 1, 0.5, 3]));
			const config = { kind: 'sgd', momentum: 0.9, nesterov } as const;
			const optimizer = createOptimizer(config, [{ name: 'w', value: weight, decay: 0.1 }]);
			// Read before the change: the cached values must not be read again.
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
		// More than fit into one program, of different lengths.
		const moves = Array.from({ length: 5 }, (_, i) => ({
			target: tf.variable(tf.tensor1d([1, 2, 3, 4].slice(0, 1 + (i % 4)))),
			towards: tf.tensor1d([3, 2, -1, 4 * i].slice(0, 1 + (i % 4)))
		}));
		moveInPlace(moves, 0.75);
		const moved = await Promise.all(moves.map(async ({ target }) => Array.from(await target.data())));
		expect(moved).toEqual([[1.5], [1.5, 2], [1.5, 2, 2], [1.5, 2, 2, 6], [1.5]]);
	});

	it('takes the same step of a whole network as the cpu back end', async () => {
		const network: ModelDefinition = {
			id: 'network',
			title: 'Network',
			purpose: 'for tests',
			input: { size: 16, channels: 1, range: [-1, 1] },
			recipes: [
				{
					...DEFAULT_RECIPE,
					batchSize: isSlow ? 1 : 4,
					sizes: [{ fromEpoch: 0, size: 16 }],
					stages: isSlow ? [] : [[8, 1]]
				}
			],
			build: (labels, recipe) => residualNetwork(labels, recipe, { kernelSize: 3, strides: 2 })
		};
		const [recipe] = network.recipes;
		const dataset = allocate(8);
		for (let i = 0; i < dataset.pixels.length; i++) dataset.pixels[i] = (i * 7919) % 251;
		for (let i = 0; i < dataset.n; i++) dataset.labels[i] = i % 7;
		const rows = Uint32Array.from({ length: dataset.n }, (_, row) => row);
		const afterTwoSteps = async (backend: 'cpu' | 'webgpu'): Promise<State> => {
			const group = await startReplicas({
				definition: network,
				recipe,
				labels: 7,
				dataset,
				rows,
				backend,
				replicas: 1
			});
			await group.run(0, 2, () => undefined);
			const state = await group.snapshot();
			await group.close();
			return state;
		};
		const expected = await afterTwoSteps('cpu');
		const setPipeline = vi.spyOn(GPUComputePassEncoder.prototype, 'setPipeline');
		const actual = await afterTwoSteps('webgpu');
		const programs = setPipeline.mock.calls.map(([{ label }]) => label);
		setPipeline.mockRestore();
		// tfjs's own are slow; only one is left here, for the gradient of single-channel pictures.
		const convolutions = programs.filter((label) => /^(Conv|Im2Col)/.test(label));
		expect(new Set(convolutions)).toEqual(new Set(['Conv2DDerInputProgram']));
		expect([...actual.keys()]).toEqual([...expected.keys()]);
		for (const [name, { values }] of expected)
			for (const [index, value] of values.entries()) expect(actual.get(name)?.values[index]).toBeCloseTo(value, 3);
	});

	it('takes dropout masks from a bank on the device, the same for equal keys', async () => {
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
});

it('WebGPU is chosen automatically only on a real GPU, with the reason', async () => {
	const { backend, reason } = await chooseBackend();
	if (gpu?.isSoftware === false) expect(backend).toBe('webgpu');
	else {
		expect(backend).not.toBe('webgpu');
		expect(reason).toMatch(gpu ? /not webgpu: .+ is not a real GPU/i : /not webgpu: no GPU was found/i);
	}
	expect(reason).toContain(`Back end: ${backend}`);
});
