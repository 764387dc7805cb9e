/** What a training run is made of. A model's recipe holds only its differences from these defaults. */
import { NO_AUGMENTATION, type Augmentation } from '../augment/augment';

export type OptimizerConfig =
	| { readonly kind: 'sgd'; readonly momentum: number; readonly nesterov: boolean }
	| { readonly kind: 'adam' | 'adamax'; readonly beta1: number; readonly beta2: number; readonly epsilon: number };

export interface Recipe {
	/** Goes into the manifest and names the run's folder. */
	readonly id: string;
	readonly seed: number;
	/**
	 * Which rows train and which select: the challenge's Training and PublicTest; or, as in the student paper, the
	 * first 28,708 rows and all 7,178 test rows.
	 */
	readonly rows: 'challenge' | 'paper';
	/** Whose weights are kept: those of the best epoch by this measure on the selecting rows, or those of the last one. */
	readonly keep: 'accuracy' | 'loss' | 'last';
	/** Ends a run after `patience` epochs without a better one by that measure. Independent of `keep`. */
	readonly earlyStopping?: { readonly by: 'accuracy' | 'loss'; readonly patience: number };
	/** Whether convolutions have batch normalisation, if the architecture leaves it open; export folds it away. */
	readonly norm: boolean;
	/**
	 * Whether global average pooling replaces what fits only one picture size, to allow training on smaller pictures.
	 */
	readonly pooled: boolean;
	/** Another recipe of this model; this one starts from its best weights wherever name and shape match. */
	readonly from: string | undefined;
	/**
	 * If the recipe starts from pretrained convolutions: whether they are frozen or trained further; and whether the
	 * first is adapted to the recipe's pictures, or gets them unchanged, as in the paper.
	 */
	readonly pretrained?: { readonly training: 'frozen' | 'tuned'; readonly normalised: boolean };
	/** What grey values of 0..255 become, if not the model's own choice. */
	readonly range?: readonly [number, number];
	readonly epochs: number;
	/** Pictures per step over all replicas together. */
	readonly batchSize: number;
	/** What happens to an epoch's pictures that do not fill a batch: left out, or a last, smaller batch. */
	readonly lastBatch: 'dropped' | 'kept';
	/**
	 * How kernels are initialised: by a normal distribution (He et al., 2015), or a uniform one (Glorot & Bengio,
	 * 2010), Keras's default.
	 */
	readonly kernelInitializer: 'heNormal' | 'glorotUniform';
	readonly optimizer: OptimizerConfig;
	/** Peak of the learning rate. */
	readonly learningRate: number;
	/** Epochs of linear growth to the peak. */
	readonly warmupEpochs: number;
	/** What follows the warm-up: a cosine from the peak to zero (Loshchilov & Hutter, 2017), or the peak held. */
	readonly schedule: 'cosine' | 'constant';
	/** Factor of the L2 term that is added to the gradients of kernels, not of biases and normalisation. */
	readonly weightDecay: number;
	/** Part of the target that is spread evenly over all labels (Szegedy et al., 2016). */
	readonly labelSmoothing: number;
	/** Part of the target that is FER+'s votes instead of FER2013's label, for rows that have them; needs --ferplus. */
	readonly votes: number;
	/** Whether copies of one picture in Training count as one, with the mean of their labels, or as they are. */
	readonly mergeDuplicates?: boolean;
	/**
	 * Part of the target that another recipe's best weights, of the same model and seed, give instead of FER2013's
	 * label: in every step, for the same changed pictures (Beyer et al., 2022).
	 */
	readonly teacher?: { readonly part: number; readonly recipe: string };
	/**
	 * A second head learns the answers of face-api's network; needs --face-api. `loss` is the factor of its
	 * cross-entropy. At the end both heads become one, whose logits are their mean with weight `part` for the second:
	 * the geometric mean of their probabilities. (Training itself does not depend on `part`.)
	 */
	readonly faceApi?: { readonly loss: number; readonly part: number };
	/** Filters and residual blocks of each stage, in architectures with stages. */
	readonly stages?: readonly (readonly [filters: number, blocks: number])[];
	/** Decay per step of the moving average of the weights, which is what gets evaluated and shipped; 0 is none. */
	readonly emaDecay: number;
	readonly augmentation: Augmentation;
	/** Whether contrast is raised in training as for the shipped model, after the changes. */
	readonly raised?: boolean;
	/** Side in pixels of the training pictures from each epoch (counted from 0) on; the first entry starts at 0. */
	readonly sizes: readonly { readonly fromEpoch: number; readonly size: number }[];
}

export const DEFAULT_RECIPE: Recipe = {
	id: 'default',
	seed: 1,
	rows: 'challenge',
	keep: 'accuracy',
	norm: true,
	pooled: false,
	from: undefined,
	epochs: 30,
	batchSize: 128,
	lastBatch: 'dropped',
	kernelInitializer: 'heNormal',
	optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
	learningRate: 0.1,
	warmupEpochs: 1,
	schedule: 'cosine',
	weightDecay: 5e-4,
	labelSmoothing: 0,
	votes: 0,
	emaDecay: 0.999,
	augmentation: NO_AUGMENTATION,
	sizes: [{ fromEpoch: 0, size: 48 }]
};

/** Steps of one epoch over `rows` pictures. */
export function stepsPerEpochOf({ batchSize, lastBatch }: Recipe, rows: number): number {
	return lastBatch === 'kept' ? Math.ceil(rows / batchSize) : Math.floor(rows / batchSize);
}

/** Side of the training pictures in `epoch`. */
export function sizeAt(recipe: Recipe, epoch: number): number {
	return recipe.sizes.findLast(({ fromEpoch }) => fromEpoch <= epoch)?.size ?? 48;
}

/** Learning rate of a step; `stepsPerEpoch` turns epochs into steps. */
export function learningRateAt(recipe: Recipe, step: number, stepsPerEpoch: number): number {
	const warmup = recipe.warmupEpochs * stepsPerEpoch;
	if (step < warmup) return (recipe.learningRate * (step + 1)) / warmup;
	if (recipe.schedule === 'constant') return recipe.learningRate;
	const progress = (step - warmup) / Math.max(1, recipe.epochs * stepsPerEpoch - warmup);
	return (recipe.learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
}
