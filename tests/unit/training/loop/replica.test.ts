import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_RECIPE, type Recipe } from '../../../../training/models/recipe';
import { allocate, type Dataset } from '../../../../training/data/dataset';
import { ALL, createSoloAllReduce } from '../../../../training/loop/all-reduce';
import type { ModelDefinition } from '../../../../training/models/definition';
import { mien } from '../../../../training/models/mien';
import { LocalBatchMaker } from '../../../../training/loop/batch-maker';
import { createRandom, shuffle, STREAM } from '../../../../training/lib/random';
import { Replica } from '../../../../training/loop/replica';
import type { State } from '../../../../training/loop/state';
import type { Teacher } from '../../../../training/loop/live-teacher';
import { untrainedTeacher } from './untrained-teacher';

const LABELS = 7;
const PIXELS = 48 * 48;
const BATCH = 4;
const RATE = 0.5;

const recipe: Recipe = {
	...DEFAULT_RECIPE,
	batchSize: BATCH,
	optimizer: { kind: 'sgd', momentum: 0, nesterov: false },
	learningRate: RATE,
	warmupEpochs: 0,
	schedule: 'constant',
	weightDecay: 0,
	emaDecay: 0
};

/** Softmax regression on the pixels, whose gradient can be written down. */
const regression: ModelDefinition = {
	id: 'regression',
	title: 'Regression',
	purpose: 'for tests',
	input: { size: 48, channels: 1, range: [-1, 1] },
	recipes: [recipe],
	build(labels) {
		const input = tf.input({ shape: [48, 48, 1] });
		const flat = tf.layers.flatten().apply(input) as tf.SymbolicTensor;
		const kernelInitializer = tf.initializers.randomNormal({ stddev: 0.02, seed: 3 });
		const dense = tf.layers.dense({ units: labels, useBias: false, kernelInitializer });
		return tf.model({ inputs: input, outputs: dense.apply(flat) as tf.SymbolicTensor });
	}
};

/** The same, with a network of `mien`'s kind as teacher. */
const taught: ModelDefinition = {
	...regression,
	build: (labels, settings) => (settings.stages ? mien : regression).build(labels, settings)
};

const dataset: Dataset = (() => {
	const random = createRandom(11);
	const pictures = allocate(BATCH);
	for (let i = 0; i < pictures.pixels.length; i++) pictures.pixels[i] = Math.floor(random() * 256);
	for (let i = 0; i < BATCH; i++) pictures.labels[i] = i;
	return pictures;
})();

const rows = (): Uint32Array => Uint32Array.from({ length: BATCH }, (_, row) => row);

/** 24 rows, and `more` for a last batch. */
const manyRows = (more: number): Uint32Array => Uint32Array.from({ length: 24 + more }, (_, row) => row % BATCH);

async function afterOneStep(definition: ModelDefinition, changes: Partial<Recipe>, teacher?: Teacher) {
	const allReduce = createSoloAllReduce(new Int32Array(new SharedArrayBuffer(4)));
	const data = teacher ? { ...dataset, teacher } : dataset;
	const replica = new Replica(definition, { ...recipe, ...changes }, LABELS, data, rows(), allReduce);
	const before = await replica.weights.snapshot();
	const tensors = tf.memory().numTensors;
	await replica.run(0, 1, () => undefined);
	expect(tf.memory().numTensors).toBe(tensors);
	return { before, after: await replica.weights.snapshot() };
}

type Values = ArrayLike<number>;

const pictureOf = (row: number): number[] =>
	Array.from(dataset.pixels.subarray(row * PIXELS, (row + 1) * PIXELS), (value) => value / 127.5 - 1);
const labelOf = (row: number): number[] =>
	Array.from({ length: LABELS }, (_, label) => Number(label === dataset.labels[row]));

/** Gradient of the mean cross-entropy of softmax regression with `kernel` [pixels, labels] over some rows. */
function gradientOf(
	kernel: Float32Array,
	over: Uint32Array,
	targetOf: (row: number) => Values = labelOf,
	seenOf: (row: number) => number[] = pictureOf
): Float64Array {
	const sum = new Float64Array(kernel.length);
	for (const row of over) {
		const picture = seenOf(row);
		const scores = Array.from({ length: LABELS }, (_, label) =>
			picture.reduce((total, value, pixel) => total + value * (kernel[pixel * LABELS + label] ?? 0), 0)
		);
		const powers = scores.map(Math.exp);
		const total = powers.reduce((a, b) => a + b);
		for (const [pixel, value] of picture.entries())
			for (const [label, power] of powers.entries()) {
				const at = pixel * LABELS + label;
				const error = power / total - (targetOf(row)[label] ?? 0);
				sum[at] = (sum[at] ?? 0) + (value * error) / over.length;
			}
	}
	return sum;
}

const kernelOf = (state: State): Float32Array => state.get('weight/0:kernel')?.values ?? new Float32Array();

/** Largest distance of `end` from a step of plain descent from `start`. */
function distance(start: Float32Array, end: Float32Array, down: Float64Array): number {
	return Math.max(...end.map((value, i) => Math.abs(value - ((start[i] ?? 0) - RATE * (down[i] ?? 0)))));
}

describe('Replica', () => {
	beforeAll(() => tf.setBackend('cpu'));

	it('steps along the gradient of its batch', async () => {
		const { before, after } = await afterOneStep(regression, {});
		const down = gradientOf(kernelOf(before), rows());
		expect(Math.max(...down.map(Math.abs))).toBeGreaterThan(1e-2);
		expect(distance(kernelOf(before), kernelOf(after), down)).toBeLessThan(1e-5);
	});

	it.each([
		{ light: 0, as: 'as augmented' },
		{ light: 1, as: 'as augmented, except for light and erasing' }
	])("learns the teacher's answers to the pictures $as", async ({ light }) => {
		const { teacher, network } = untrainedTeacher(1);
		const mirrorOf = (row: number): number[] => {
			const picture = pictureOf(row);
			return picture.map((_, i) => picture[i - (i % 48) + 47 - (i % 48)] ?? 0);
		};
		const taughtOf = (row: number): Values =>
			tf.tidy(() =>
				tf.softmax(network.predict(tf.tensor4d(mirrorOf(row), [1, 48, 48, 1])) as tf.Tensor).dataSync<'float32'>()
			);
		const augmentation = { ...recipe.augmentation, flip: 1, light, erase: light };
		const maker = new LocalBatchMaker({ dataset, recipe: { ...recipe, augmentation }, input: regression.input });
		const seen = (row: number): number[] => [...maker.makeBatch(Uint32Array.of(row), 48, 0)];
		const learning = { augmentation, teacher: { part: 1, recipe: 'teacher' } };
		const { before, after } = await afterOneStep(taught, learning, teacher);
		const taughtLabels = Array.from(rows(), taughtOf);
		const down = gradientOf(kernelOf(before), rows(), (row) => taughtLabels[row] ?? [], seen);
		expect(Math.max(...down.map(Math.abs))).toBeGreaterThan(1e-2);
		expect(distance(kernelOf(before), kernelOf(after), down)).toBeLessThan(1e-5);
	});

	it.each([2, 3, 8])('shares a smaller last batch among %d so that each picture counts the same', async (replicas) => {
		const few = 3;
		const gradients = await Promise.all(
			Array.from({ length: replicas }, async (_, replica) => {
				let own: Float32Array | undefined;
				const allReduce = {
					replica,
					replicas,
					own: ALL,
					reduce([gradient]: readonly Float32Array[]) {
						own = gradient?.slice();
					},
					gather: () => undefined,
					stopping: () => false
				};
				const shared: Recipe = { ...recipe, batchSize: 24, lastBatch: 'kept' };
				const alone = new Replica(regression, shared, LABELS, dataset, manyRows(few), allReduce);
				const start = kernelOf(await alone.weights.snapshot());
				let counted = -1;
				await alone.run(1, 2, ({ n }) => (counted = n));
				return { start, counted, own: own ?? new Float32Array() };
			})
		);
		expect(gradients.reduce((sum, { counted }) => sum + counted, 0)).toBe(few);
		const order = shuffle(manyRows(few), createRandom(recipe.seed, STREAM.order, 0));
		const expected = gradientOf(gradients[0]?.start ?? new Float32Array(), order.subarray(24));
		expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-2);
		const mean = expected.map((_, i) => gradients.reduce((sum, { own }) => sum + (own[i] ?? NaN), 0) / replicas);
		expect(Math.max(...mean.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))).toBeLessThan(5e-6);
	});
});
