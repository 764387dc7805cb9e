import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { stepsPerEpochOf, learningRateAt, type Recipe } from '../../../../training/models/recipe';
import { NO_AUGMENTATION } from '../../../../training/augment/augment';
import { findModel, findRecipe } from '../../../../training/models/index';

const ADAMAX = { kind: 'adamax', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** What both approaches of the paper share. */
const SHARED: Partial<Recipe> = {
	rows: 'paper',
	keep: 'last',
	norm: false,
	pooled: false,
	from: undefined,
	optimizer: ADAMAX as Recipe['optimizer'],
	learningRate: 0.002,
	warmupEpochs: 0,
	schedule: 'constant',
	lastBatch: 'kept',
	kernelInitializer: 'glorotUniform',
	weightDecay: 0,
	labelSmoothing: 0,
	votes: 0,
	emaDecay: 0,
	augmentation: NO_AUGMENTATION,
	sizes: [{ fromEpoch: 0, size: 48 }]
};

const recipeOf = (model: string, id = 'paper'): Recipe => findRecipe(findModel(model), id);

describe('the recipes of the paper', () => {
	it('train its network of approach 2 as published', () => {
		expect(recipeOf('cnn')).toEqual({
			id: 'paper',
			seed: 1,
			...SHARED,
			epochs: 500,
			batchSize: 128,
			earlyStopping: { by: 'loss', patience: 20 }
		});
		expect(recipeOf('cnn', 'paper-0.001')).toEqual({ ...recipeOf('cnn'), id: 'paper-0.001', learningRate: 0.001 });
		expect(findModel('cnn').input).toEqual({ size: 48, channels: 1, range: [0, 1] });
	});

	it('train its head of approach 1 as published', () => {
		expect(recipeOf('vgg16')).toEqual({
			id: 'paper',
			seed: 1,
			...SHARED,
			epochs: 300,
			batchSize: 50,
			base: { training: 'frozen', normalised: false }
		});
		expect(findModel('vgg16').input).toEqual({ size: 48, channels: 3, range: [0, 1] });
	});

	it('take 225 steps of 128 pictures and 575 of 50 over the 28,708 of the paper', () => {
		expect(stepsPerEpochOf(recipeOf('cnn'), 28_708)).toBe(225);
		expect(stepsPerEpochOf(recipeOf('vgg16'), 28_708)).toBe(575);
		expect([0, 100_000].map((step) => learningRateAt(recipeOf('cnn'), step, 225))).toEqual([0.002, 0.002]);
	});
});

describe('the networks of the paper', () => {
	beforeAll(() => tf.setBackend('cpu'));

	it.each(['cnn', 'vgg16'])('of %s start from uniform kernels after Glorot and zero biases', async (id) => {
		const definition = findModel(id);
		const recipe = recipeOf(id);
		const network = definition.parts ? definition.parts.head(7, recipe) : definition.build(7, recipe);
		const kernels = network.weights.filter(({ originalName }) => originalName.endsWith('kernel'));
		expect(kernels).toHaveLength(id === 'cnn' ? 8 : 4);
		for (const weight of network.weights) {
			const values = await weight.read().data<'float32'>();
			if (!kernels.includes(weight)) {
				expect(values.every((value) => value === 0)).toBe(true);
				continue;
			}
			const shape = weight.shape.map(Number);
			const [outputs = 0, inputs = 0] = [shape.at(-1), shape.at(-2)];
			const field = shape.slice(0, -2).reduce((product, side) => product * side, 1);
			const limit = Math.sqrt(6 / (field * (inputs + outputs)));
			const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
			expect(greatest).toBeLessThanOrEqual(limit * 1.000001);
			expect(greatest).toBeGreaterThan(limit * 0.95);
		}
		network.dispose();
	});
});
