import type * as tf from '@tensorflow/tfjs';
import type { InputSpec } from '../../src/lib/core/types';
import type { Recipe } from './recipe';

/** One architecture with the recipes that train it. */
export interface ModelDefinition {
	readonly id: string;
	readonly title: string;
	/** As in the manifest. */
	readonly purpose: string;
	/** The input it is trained on. */
	readonly input: Omit<InputSpec, 'crop' | 'leastContrast'>;
	/** The shipped model gets pictures of at least this contrast. */
	readonly leastContrast?: number;
	/** The first is the default. */
	readonly recipes: readonly [Recipe, ...Recipe[]];
	/** The network, initialised from the recipe's seed; maps [n, size, size, channels] to logits [n, labels]. */
	build(labels: number, recipe: Recipe): tf.LayersModel;
	/**
	 * If part of the network has published weights: the two parts that `build` joins, with its weights in this order.
	 */
	readonly parts?: {
		/** Maps [n, size, size, channels] to features [n, width]. */
		features(recipe: Recipe): tf.LayersModel;
		/** Maps features to logits. */
		head(labels: number, recipe: Recipe): tf.LayersModel;
	};
}
