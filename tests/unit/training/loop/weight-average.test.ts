import { expect, it } from 'vitest';
import type { Checkpoint } from '../../../../training/loop/checkpoint';
import { UserError } from '../../../../training/lib/errors';
import { averageOf } from '../../../../training/loop/weight-average';

const run = (kernel: number[], rest: Partial<Checkpoint> = {}): Checkpoint => ({
	fingerprint: 'x',
	step: 3,
	running: { loss: 0, correct: 0, n: 0, seconds: 0 },
	history: [],
	...rest,
	state: new Map([
		['average/0:kernel', { shape: [kernel.length], values: Float32Array.from(kernel) }],
		['weight/0:kernel', { shape: [kernel.length], values: new Float32Array(kernel.length) }]
	])
});

it('takes the mean of the averaged weights, and the rest from the first run', () => {
	const first = run([1, -2], { backend: 'wasm', base: 'a base' });
	const mean = averageOf([first, run([2, 4], { backend: 'cpu' }), run([5, 1], { backend: 'wasm' }), run([4, 1])]);
	expect([...mean.state.keys()]).toEqual(['average/0:kernel']);
	expect([...(mean.state.get('average/0:kernel')?.values ?? [])]).toEqual([3, 1]);
	expect(mean).toMatchObject({ step: 3, base: 'a base', backend: 'wasm; cpu' });
	expect([...(first.state.get('average/0:kernel')?.values ?? [])]).toEqual([1, -2]);
});

it('refuses runs of different networks', () => {
	expect(() => averageOf([run([1, 2]), run([1, 2, 3])])).toThrow(UserError);
});
