/** What several architectures are built of. */
import * as tf from '@tensorflow/tfjs';
import { NO_AUGMENTATION, type Augmentation } from '../augment/augment';
import { DEFAULT_RECIPE, type Recipe } from './recipe';
import { BatchNorm } from './batch-norm';

/** Changes of the picture for networks that learn for a few epochs. */
export const FEW_CHANGES: Augmentation = {
	...NO_AUGMENTATION,
	flip: 0.5,
	shift: 0.06,
	scale: 0.08,
	rotationDegrees: 8,
	contrast: 0.2
};

/** What the paper's two approaches share, as published. Where the published code says nothing, it is what Keras 2.3 does. */
export const AS_PUBLISHED: Recipe = {
	...DEFAULT_RECIPE,
	id: 'paper',
	rows: 'paper',
	keep: 'last',
	norm: false,
	kernelInitializer: 'glorotUniform',
	lastBatch: 'kept',
	optimizer: { kind: 'adamax', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
	learningRate: 0.002,
	warmupEpochs: 0,
	schedule: 'constant',
	weightDecay: 0,
	emaDecay: 0
};

/**
 * A maker of 3x3 convolutions with ReLU, as plain VGG-like networks have them. With `recipe.norm` a batch normalisation
 * is trained between the two, which export folds into the convolution.
 */
export function convolutionalUnit({ seed, norm, kernelInitializer }: Recipe) {
	let layers = 0;
	return (x: tf.SymbolicTensor, filters: number, padding: 'same' | 'valid'): tf.SymbolicTensor => {
		const convolution = tf.layers.conv2d({
			filters,
			kernelSize: 3,
			padding,
			useBias: !norm,
			kernelInitializer: tf.initializers[kernelInitializer]({ seed: seed * 1000 + layers++ })
		});
		const sum = convolution.apply(x) as tf.SymbolicTensor;
		const centred = norm ? (new BatchNorm({}).apply(sum) as tf.SymbolicTensor) : sum;
		return tf.layers.activation({ activation: 'relu' }).apply(centred) as tf.SymbolicTensor;
	};
}
