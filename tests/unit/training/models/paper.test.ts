import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepsPerEpochOf, learningRateAt, type Recipe } from '../../../../training/models/recipe';
import { NO_AUGMENTATION } from '../../../../training/augment/augment';
import { findModel, findRecipe } from '../../../../training/models/index';

const ADAMAX = { kind: 'adamax', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** What both of the paper's approaches share. */
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
			pretrained: { training: 'frozen', normalised: false }
		});
		expect(findModel('vgg16').input).toEqual({ size: 48, channels: 3, range: [0, 1] });
	});

	it("take 225 steps of 128 pictures and 575 of 50 over the paper's 28,708", () => {
		expect(stepsPerEpochOf(recipeOf('cnn'), 28_708)).toBe(225);
		expect(stepsPerEpochOf(recipeOf('vgg16'), 28_708)).toBe(575);
		expect([0, 100_000].map((step) => learningRateAt(recipeOf('cnn'), step, 225))).toEqual([0.002, 0.002]);
	});
});

// Keras's counts for the paper's code and for VGG16 without its top. Networks trained with normalisation have as many
// parameters once it is folded away.
describe.each([
	{ id: 'cnn', kernels: 8, parameters: 22_386_119, base: 0 },
	{ id: 'vgg16', kernels: 17, parameters: 15_440_839, base: 14_714_688 }
])('the network of the paper: $id', ({ id, kernels, parameters, base }) => {
	const definition = findModel(id);
	let network: tf.LayersModel;
	beforeAll(async () => {
		await tf.setBackend('cpu');
		network = definition.build(7, recipeOf(id));
	});
	afterAll(() => {
		network.dispose();
	});

	it("has as many parameters as the paper's", () => {
		expect(network.countParams()).toBe(parameters);
		const head = definition.parts?.head(7, recipeOf(id));
		expect(parameters - (head?.countParams() ?? parameters)).toBe(base);
		const widths = head?.layers.map((layer) => layer.outputShape);
		if (id === 'vgg16') expect(widths).toEqual([512, 1024, 128, 128, 512, 7].map((n) => [null, n]));
		head?.dispose();
	});

	it('starts from Glorot uniform kernels and zero biases', async () => {
		const drawn = network.weights.filter(({ originalName }) => originalName.endsWith('kernel'));
		expect(drawn).toHaveLength(kernels);
		for (const weight of network.weights) {
			const values = await weight.read().data<'float32'>();
			const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
			if (!drawn.includes(weight)) {
				expect(greatest).toBe(0);
				continue;
			}
			const shape = weight.shape.map(Number);
			const [outputs = 0, inputs = 0] = [shape.at(-1), shape.at(-2)];
			const field = shape.slice(0, -2).reduce((product, side) => product * side, 1);
			const limit = Math.sqrt(6 / (field * (inputs + outputs)));
			expect(greatest).toBeLessThanOrEqual(limit * 1.000001);
			expect(greatest).toBeGreaterThan(limit * 0.95);
		}
	});
});
