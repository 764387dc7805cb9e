import { existsSync } from 'node:fs';
import process from 'node:process';
import { afterAll, expect, it } from 'vitest';
import { chooseBackend } from '../../../training/backend/index';
import { findGpu, stopWebGpu } from '../../../training/backend/webgpu';
import { testGradients } from './gradients';

/** Debian's chromium brings this GPU in software. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(SWIFTSHADER)) process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;

const gpu = await findGpu();
afterAll(() => {
	stopWebGpu();
});

if (gpu) testGradients('webgpu');

it('takes WebGPU by itself only on a real GPU, and says why', async () => {
	const { backend, reason } = await chooseBackend();
	if (gpu?.isSoftware === false) expect(backend).toBe('webgpu');
	else {
		expect(backend).not.toBe('webgpu');
		expect(reason).toMatch(gpu ? /not webgpu: .+ is no real GPU/i : /not webgpu: this machine shows no GPU/i);
	}
	expect(reason).toContain(`Back end: ${backend}`);
});
