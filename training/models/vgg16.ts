/** The student paper's transfer learning (its approach 1): VGG16 (Simonyan & Zisserman, 2015) with a dense head. */
import * as tf from '@tensorflow/tfjs';
import { DEFAULT_RECIPE, type Recipe } from './recipe';
import { SeededDropout } from './dropout';
import { AS_PUBLISHED, convolutionalUnit, FEW_CHANGES } from './blocks';
import type { ModelDefinition } from './definition';

const BLOCKS = [
	[64, 64],
	[128, 128],
	[256, 256, 256],
	[512, 512, 512],
	[512, 512, 512]
] as const;
const FEATURES = 512;
/** Mean of ImageNet's three channel means; each channel's difference from it goes into the first convolution. */
const IMAGENET_GREY = 114.8;

/** Pictures of 32 pixels, for less than half the work, then FER2013's own 48 from that epoch on. */
const growingAt = (fromEpoch: number): Recipe['sizes'] => [
	{ fromEpoch: 0, size: 32 },
	{ fromEpoch, size: 48 }
];

/** On FER2013 only, including all thirteen convolutions. */
const SCRATCH: Recipe = {
	...DEFAULT_RECIPE,
	learningRate: 0.03,
	emaDecay: 0.998,
	augmentation: FEW_CHANGES
};

export const vgg16: ModelDefinition = {
	id: 'vgg16',
	title: 'VGG16 of the paper',
	purpose: 'for comparison',
	input: { size: 48, channels: 3, range: [0, 1] },
	recipes: [
		{
			...SCRATCH,
			id: 'further',
			from: 'longer',
			epochs: 14,
			sizes: growingAt(11)
		},
		{
			...SCRATCH,
			id: 'longer',
			from: 'scratch',
			epochs: 9,
			sizes: growingAt(7)
		},
		{
			...SCRATCH,
			id: 'scratch',
			epochs: 5,
			// Fully convolutional: most of the learning is done on small pictures, for half the work; under 32 pixels,
			// its five poolings leave nothing.
			sizes: growingAt(4)
		},
		{
			...AS_PUBLISHED,
			// The convolutions are never trained, and get 0..1 instead of what they were trained on.
			pretrained: { training: 'frozen', normalised: false },
			epochs: 300,
			batchSize: 50
		},
		{
			...DEFAULT_RECIPE,
			id: 'best',
			// All convolutions are trained further, on the kind of pictures they know.
			pretrained: { training: 'tuned', normalised: true },
			range: [-IMAGENET_GREY, 255 - IMAGENET_GREY],
			// The published weights have no normalisation.
			norm: false,
			epochs: 20,
			// Small steps of equal size in all layers: a large first one would undo what the convolutions know.
			optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
			learningRate: 1e-4,
			weightDecay: 0,
			labelSmoothing: 0.1,
			emaDecay: 0.998,
			augmentation: {
				flip: 0.5,
				shift: 0.08,
				scale: 0.1,
				rotationDegrees: 10,
				contrast: 0.2,
				erase: 0.25,
				degrade: 0,
				light: 0
			}
		}
	],
	build(labels, recipe) {
		const input = tf.input({ shape: [null, null, 3] });
		return tf.model({ inputs: input, outputs: head(convolutions(input, recipe), labels, recipe) });
	},
	parts: {
		features(recipe) {
			const input = tf.input({ shape: [null, null, 3] });
			return tf.model({ inputs: input, outputs: convolutions(input, recipe) });
		},
		head(labels, recipe) {
			const input = tf.input({ shape: [FEATURES] });
			return tf.model({ inputs: input, outputs: head(input, labels, recipe) });
		}
	}
};

/** VGG16 without its top, with global average pooling: features [n, 512]. */
function convolutions(input: tf.SymbolicTensor, recipe: Recipe): tf.SymbolicTensor {
	const unit = convolutionalUnit(recipe);
	let x = input;
	for (const block of BLOCKS) {
		for (const filters of block) x = unit(x, filters, 'same');
		x = tf.layers.maxPooling2d({ poolSize: 2 }).apply(x) as tf.SymbolicTensor;
	}
	return tf.layers.globalAveragePooling2d({}).apply(x) as tf.SymbolicTensor;
}

/** The paper's final layers: logits [n, labels]. */
function head(features: tf.SymbolicTensor, labels: number, recipe: Recipe): tf.SymbolicTensor {
	const dense = (x: tf.SymbolicTensor, units: number, activation: 'relu' | 'linear', index: number) => {
		const kernelInitializer = tf.initializers.glorotUniform({ seed: recipe.seed * 1000 + 900 + index });
		return tf.layers.dense({ units, activation, kernelInitializer }).apply(x) as tf.SymbolicTensor;
	};
	const x = new SeededDropout({ rate: 0.5 }).apply(dense(dense(features, 1024, 'relu', 0), 128, 'relu', 1));
	return dense(dense(x as tf.SymbolicTensor, 512, 'linear', 2), labels, 'linear', 3);
}
