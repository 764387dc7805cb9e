/** What several architectures share. */
import * as tf from '@tensorflow/tfjs';
import { NO_AUGMENTATION, type Augmentation } from '../augment/augment';
import { DEFAULT_RECIPE, type Recipe } from './recipe';
import { BatchNorm } from './batch-norm';

/** Augmentation for networks that train for only a few epochs. */
export const FEW_CHANGES: Augmentation = {
	...NO_AUGMENTATION,
	flip: 0.5,
	shift: 0.06,
	scale: 0.08,
	rotationDegrees: 8,
	contrast: 0.2
};

/** What the paper's two approaches share, as published; where the published code says nothing, as Keras 2.3 does it. */
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
 * Makes 3x3 convolutions with ReLU, as in plain VGG-like networks. With `recipe.norm` there is a batch normalisation
 * between the two in training, which export folds into the convolution.
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
