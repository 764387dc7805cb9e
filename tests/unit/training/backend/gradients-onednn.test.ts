import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { chooseBackend, startBackend } from '../../../../training/backend/index';
import { oneDnnProblem, versionProblem } from '../../../../training/backend/onednn/library';
import { testGradients } from './gradients';

// An optional system library; without it, training uses WASM.
const problem = oneDnnProblem();
testGradients('onednn', { available: problem === undefined });

describe('oneDNN', () => {
	it.skipIf(problem === undefined)('is not chosen if the library is missing', async () => {
		const { backend, reason } = await chooseBackend();
		expect(backend).not.toBe('onednn');
		if (backend === 'wasm') expect(reason).toContain(problem);
	});

	it.skipIf(problem !== undefined)('refuses the convolution whose kernel would write past its memory', async () => {
		await startBackend('onednn');
		const convolve = (): tf.Tensor =>
			tf.conv2d(tf.zeros<tf.Rank.R4>([2, 8, 8, 4]), tf.zeros<tf.Rank.R4>([1, 1, 4, 6]), 2, 'same');
		expect(() => tf.tidy(convolve)).toThrow(/1x1 convolutions with strides only for multiples of eight channels/);
	});

	it('is refused with a clear message if its version differs', () => {
		expect(versionProblem(2, 6)).toBeUndefined();
		expect(versionProblem(2, 7)).toMatch(/version 2\.7 here, and only 2\.6 /);
		expect(versionProblem(3, 6)).toMatch(/version 3\.6 here/);
	});
});
