/** The student paper's own network (its approach 2), layer by layer: six convolutions, then two dense layers. */
import * as tf from '@tensorflow/tfjs';
import { DEFAULT_RECIPE, type Recipe } from './recipe';
import { SeededDropout } from './dropout';
import { AS_PUBLISHED, convolutionalUnit, FEW_CHANGES } from './blocks';
import type { ModelDefinition } from './definition';

const PAPER: Recipe = {
	...AS_PUBLISHED,
	epochs: 500,
	// Keras's early stopping ends the run, but keeps the last weights.
	earlyStopping: { by: 'loss', patience: 20 }
};

export const cnn: ModelDefinition = {
	id: 'cnn',
	title: 'CNN of the paper',
	purpose: 'for comparison',
	input: { size: 48, channels: 1, range: [0, 1] },
	recipes: [
		{
			...DEFAULT_RECIPE,
			id: 'best',
			// The convolutions are already trained; what remains is the dense layers, and the step to full-size
			// pictures.
			from: 'features',
			// Normalisation lets it learn in a tenth of the epochs; folded away, the layers are the paper's.
			epochs: 4,
			learningRate: 0.02,
			warmupEpochs: 0.5,
			// Few epochs: the moving average must not remember the first ones.
			emaDecay: 0.995,
			augmentation: FEW_CHANGES
		},
		{
			...DEFAULT_RECIPE,
			id: 'features',
			pooled: true,
			epochs: 9,
			learningRate: 0.05,
			emaDecay: 0.998,
			// A quarter of the area, but a sixth of the work: convolutions without padding lose their borders.
			sizes: [
				{ fromEpoch: 0, size: 24 },
				{ fromEpoch: 5, size: 32 }
			],
			augmentation: FEW_CHANGES
		},
		PAPER,
		{ ...PAPER, id: 'paper-0.001', learningRate: 0.001 }
	],
	build(labels, recipe) {
		const unit = convolutionalUnit(recipe);
		const dropout = (x: tf.SymbolicTensor, rate: number) => new SeededDropout({ rate }).apply(x) as tf.SymbolicTensor;
		const pool = (x: tf.SymbolicTensor) => tf.layers.maxPooling2d({ poolSize: 2 }).apply(x) as tf.SymbolicTensor;

		const side = recipe.pooled ? null : 48;
		const input = tf.input({ shape: [side, side, 1] });
		let x = unit(unit(input, 64, 'same'), 64, 'valid');
		x = dropout(pool(x), 0.25);
		x = unit(unit(x, 128, 'same'), 128, 'valid');
		x = unit(unit(x, 256, 'same'), 256, 'valid');
		x = dropout(pool(x), 0.25);
		const initializer = (seed: number) => tf.initializers.glorotUniform({ seed: recipe.seed * 1000 + seed });
		const classes = tf.layers.dense({ units: labels, kernelInitializer: initializer(902) });
		if (recipe.pooled) {
			x = tf.layers.globalAveragePooling2d({}).apply(x) as tf.SymbolicTensor;
			return tf.model({ inputs: input, outputs: classes.apply(x) as tf.SymbolicTensor });
		}
		x = tf.layers.flatten().apply(x) as tf.SymbolicTensor;
		x = tf.layers
			.dense({ units: 1024, activation: 'relu', kernelInitializer: initializer(901) })
			.apply(x) as tf.SymbolicTensor;
		x = dropout(x, 0.5);
		return tf.model({ inputs: input, outputs: classes.apply(x) as tf.SymbolicTensor });
	}
};
