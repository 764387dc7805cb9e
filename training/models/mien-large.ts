/**
 * A larger one of Mien's kind, for photos and as its teacher: five times the work, as the first halving of the picture comes
 * after the stem. It is trained on a GPU.
 */
import { FER2013_LEAST_CONTRAST } from '../../src/lib/core/contrast';
import { DEFAULT_RECIPE, type Recipe } from './recipe';
import { growingAt } from './blocks';
import type { ModelDefinition } from './definition';
import { WIDER_AUGMENTATION } from './mien-recipes';
import { residualNetwork } from './residual';

const STAGES: NonNullable<Recipe['stages']> = [
	[64, 2],
	[128, 3],
	[256, 2]
];

const LARGE: Recipe = {
	...DEFAULT_RECIPE,
	batchSize: 512,
	learningRate: 0.3,
	warmupEpochs: 3,
	stages: STAGES,
	labelSmoothing: 0.05,
	votes: 0.15,
	mergeDuplicates: true,
	augmentation: WIDER_AUGMENTATION
};

/** Without teachers: networks that learned alone err in different places, and are right together more often. */
const APART: Recipe = {
	...LARGE,
	epochs: 50,
	sizes: growingAt(18),
	emaDecay: 0.998,
	augmentation: { ...WIDER_AUGMENTATION, erase: 0.3 }
};

/** From random weights, taught by what the best two networks before say, in the mean, of each picture and its mirror image. */
const ANEW: Recipe = {
	...LARGE,
	emaDecay: 0.998,
	votes: 0.1,
	teachers: {
		part: 0.6,
		live: true,
		mirrored: true,
		of: [
			['mien-large', 'from-peers'],
			['mien', 'in-any-light']
		]
	}
};

export const mienLarge: ModelDefinition = {
	id: 'mien-large',
	title: 'Mien large',
	purpose: 'more careful',
	input: { size: 48, channels: 1, range: [-1, 1] },
	leastContrast: FER2013_LEAST_CONTRAST,
	recipes: [
		{
			...LARGE,
			id: 'from-peers',
			epochs: 80,
			sizes: growingAt(32),
			teachers: {
				part: 0.45,
				live: true,
				of: [
					['mien', 'among-peers'],
					['mien', 'flatter'],
					['mien', 'wider']
				]
			}
		},
		{
			...ANEW,
			id: 'anew',
			epochs: 76,
			sizes: growingAt(28)
		},
		{
			...ANEW,
			id: 'anew-wider',
			seed: 2,
			epochs: 70,
			sizes: growingAt(26),
			stages: [
				[80, 2],
				[160, 3],
				[320, 2]
			]
		},
		{ ...APART, id: 'apart' },
		{ ...APART, id: 'apart-again', seed: 2 },
		{
			...APART,
			id: 'apart-wide',
			seed: 3,
			stages: [
				[96, 1],
				[192, 2],
				[384, 1]
			]
		}
	],
	build: (labels, recipe) => residualNetwork(labels, recipe, { kernelSize: 3, strides: 1 })
};
