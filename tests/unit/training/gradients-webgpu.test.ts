import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { afterAll, expect, it } from 'vitest';
import { chooseBackend, startBackend } from '../../../training/backend/index';
import { findGpu, stopWebGpu } from '../../../training/backend/webgpu';
import { SeededDropout } from '../../../training/layers';
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
