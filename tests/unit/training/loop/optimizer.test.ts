import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import type { OptimizerConfig } from '../../../../training/models/recipe';
import { createOptimizer } from '../../../../training/loop/optimizer';

beforeAll(async () => {
	await startBackend('cpu');
});

const RATE = 0.05;
const moments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** A bowl with unequal axes. */
const loss = (weight: tf.Variable) => () => tf.sum(tf.mul(tf.square(tf.sub(weight, [1, -2])), [0.5, 3])).asScalar();

async function ours(config: OptimizerConfig, steps: number, inPlace = true, decay = 0): Promise<Float32Array> {
	const weight = tf.variable(tf.tensor1d([4, 4]));
	const optimizer = createOptimizer(config, [{ name: 'w', value: weight, decay }], { inPlace });
	for (let step = 0; step < steps; step++) {
		const { value, grads } = tf.variableGrads(loss(weight), [weight]);
		optimizer.apply(Object.values(grads), RATE, step);
		tf.dispose([value, grads]);
	}
	return (await weight.data()) as Float32Array;
}

async function tfjs(optimizer: tf.Optimizer, steps: number): Promise<Float32Array> {
	const weight = tf.variable(tf.tensor1d([4, 4]));
	for (let step = 0; step < steps; step++) optimizer.minimize(loss(weight), false, [weight]);
	return (await weight.data()) as Float32Array;
}

const cases: [string, OptimizerConfig, () => tf.Optimizer][] = [
	['momentum', { kind: 'sgd', momentum: 0.9, nesterov: false }, () => tf.train.momentum(RATE, 0.9)],
	['Nesterov momentum', { kind: 'sgd', momentum: 0.9, nesterov: true }, () => tf.train.momentum(RATE, 0.9, true)],
	['Adam', { kind: 'adam', ...moments }, () => tf.train.adam(RATE, 0.9, 0.999, 1e-7)],
	['Adamax', { kind: 'adamax', ...moments }, () => tf.train.adamax(RATE, 0.9, 0.999, 1e-7)]
];

describe('optimizers', () => {
	it.each(cases)('%s takes the same steps as in tfjs', async (_, config, create) => {
		for (const steps of [1, 2, 25]) {
			const [mine, theirs] = [await ours(config, steps), await tfjs(create(), steps)];
			for (const [index, value] of theirs.entries()) expect(mine[index]).toBeCloseTo(value, 4);
		}
	});

	it.each(['adam', 'adamax'] as const)('%s takes the same steps with operations as in place', async (kind) => {
		const [operations, inPlace] = [false, true].map((place) => ours({ kind, ...moments }, 25, place, 0.1));
		const expected = [...((await inPlace) ?? [])];
		expect(expected).toHaveLength(2);
		for (const [index, value] of expected.entries()) expect((await operations)?.[index]).toBeCloseTo(value, 4);
	});

	it('add weight decay to the gradient', () => {
		const weight = tf.variable(tf.tensor1d([4, -2]));
		const plain = { kind: 'sgd', momentum: 0, nesterov: false } as const;
		createOptimizer(plain, [{ name: 'w', value: weight, decay: 0.5 }]).apply([tf.tensor1d([1, 0])], 0.1, 0);
		expect(weight.dataSync()[0]).toBeCloseTo(4 - 0.1 * (1 + 2), 6);
		expect(weight.dataSync()[1]).toBeCloseTo(-2 + 0.1, 6);
	});

	it.each([true, false])('keep no tensors but their slots, in place: %s', (inPlace) => {
		const weight = tf.variable(tf.tensor1d([4, 4]));
		const optimizer = createOptimizer({ kind: 'adam', ...moments }, [{ name: 'w', value: weight, decay: 0 }], {
			inPlace
		});
		const gradient = tf.tensor1d([1, 1]);
		const before = tf.memory().numTensors;
		for (let step = 0; step < 5; step++) optimizer.apply([gradient], RATE, step);
		expect(tf.memory().numTensors).toBe(before);
		expect([...optimizer.slots.keys()]).toEqual(['w/first', 'w/second']);
	});
});
