import { memory, setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { measureWorkload } from '../../../src/lib/worker/workload';

beforeAll(async () => {
	expect(await setBackend('wasm')).toBe(true);
});

describe('measureWorkload', () => {
	it('takes the fastest run and leaks no tensor', async () => {
		const before = memory().numTensors;
		// Two readings per run; the second run is the fastest. The third reading of `now` asks if there is time for it.
		const clock = [0, 0, 50, 60, 60, 80, 1000];
		const ms = await measureWorkload(() => clock.shift() ?? 1000, new AbortController().signal);
		expect(ms).toBe(20);
		expect(memory().numTensors).toBe(before);
	});

	it('gives up when told to, and leaks no tensor', async () => {
		const before = memory().numTensors;
		const signal = AbortSignal.abort(new Error('too late'));
		await expect(measureWorkload(() => 0, signal)).rejects.toThrow('too late');
		expect(memory().numTensors).toBe(before);
	});
});
