/**
 * A larger one of Mien's kind, for photos and as its teacher: five times the work, as the first halving of the picture comes
 * after the stem. It is trained on a GPU.
 */
import { FER2013_LEAST_CONTRAST } from '../../src/lib/core/contrast';
import { DEFAULT_RECIPE } from '../config';
import type { ModelDefinition } from './definition';
import { WIDER_AUGMENTATION } from './mien';
import { residualNetwork } from './residual';

export const mienLarge: ModelDefinition = {
	id: 'mien-large',
	title: 'Mien large',
	input: { size: 48, channels: 1, range: [-1, 1] },
	leastContrast: FER2013_LEAST_CONTRAST,
	recipes: [
		{
			...DEFAULT_RECIPE,
			id: 'from-peers',
			epochs: 80,
			batchSize: 512,
			learningRate: 0.3,
			warmupEpochs: 3,
			sizes: [
				{ fromEpoch: 0, size: 32 },
				{ fromEpoch: 32, size: 48 }
			],
			stages: [
				[64, 2],
				[128, 3],
				[256, 2]
			],
			labelSmoothing: 0.05,
			votes: 0.15,
			mergeDuplicates: true,
			teachers: {
				part: 0.45,
				live: true,
				of: [
					['mien', 'among-peers'],
					['mien', 'flatter'],
					['mien', 'wider']
				]
			},
			augmentation: WIDER_AUGMENTATION
		}
	],
	build: (labels, recipe) => residualNetwork(labels, recipe, { kernelSize: 3, strides: 1 })
};
