/** The student paper's transfer learning (its approach 1): VGG16 (Simonyan & Zisserman, 2015) under a dense head. */
import * as tf from '@tensorflow/tfjs';
import { DEFAULT_RECIPE } from '../config';
import { SeededDropout } from '../layers';
import { convolutionalUnit } from './blocks';
import type { ModelDefinition } from './definition';

const BLOCKS = [
	[64, 64],
	[128, 128],
	[256, 256, 256],
	[512, 512, 512],
	[512, 512, 512]
] as const;

export const vgg16: ModelDefinition = {
	id: 'vgg16',
	title: 'VGG16 of the paper',
	input: { size: 48, channels: 3, range: [0, 1] },
	recipes: [
		{
			...DEFAULT_RECIPE,
			id: 'scratch',
			// Trained from nothing on FER2013, all thirteen convolutions of the base too.
			epochs: 5,
			learningRate: 0.03,
			emaDecay: 0.998,
			// Fully convolutional: most of the learning is done on small pictures, at a quarter of the work.
			sizes: [
				{ fromEpoch: 0, size: 24 },
				{ fromEpoch: 3, size: 32 },
				{ fromEpoch: 4, size: 48 }
			],
			augmentation: { flip: 0.5, shift: 0.06, scale: 0.08, rotationDegrees: 8, contrast: 0.2, erase: 0, degrade: 0 }
		}
	],
	build(labels, recipe) {
		const unit = convolutionalUnit(recipe);
		const dense = (x: tf.SymbolicTensor, units: number, activation: 'relu' | 'linear', index: number) => {
			const kernelInitializer = tf.initializers.glorotUniform({ seed: recipe.seed * 1000 + 900 + index });
			return tf.layers.dense({ units, activation, kernelInitializer }).apply(x) as tf.SymbolicTensor;
		};
		const input = tf.input({ shape: [null, null, 3] });
		let x: tf.SymbolicTensor = input;
		for (const block of BLOCKS) {
			for (const filters of block) x = unit(x, filters, 'same');
			x = tf.layers.maxPooling2d({ poolSize: 2 }).apply(x) as tf.SymbolicTensor;
		}
		x = tf.layers.globalAveragePooling2d({}).apply(x) as tf.SymbolicTensor;
		x = dense(dense(x, 1024, 'relu', 0), 128, 'relu', 1);
		x = new SeededDropout({ rate: 0.5 }).apply(x) as tf.SymbolicTensor;
		x = dense(dense(x, 512, 'linear', 2), labels, 'linear', 3);
		return tf.model({ inputs: input, outputs: x });
	}
};
