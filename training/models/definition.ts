import type * as tf from '@tensorflow/tfjs';
import type { InputSpec } from '../../src/lib/core/types';
import type { Recipe } from '../config';

/** One architecture with the recipes that train it. */
export interface ModelDefinition {
	readonly id: string;
	readonly title: string;
	readonly input: Omit<InputSpec, 'crop'>;
	/** The first is taken unless another is asked for. */
	readonly recipes: readonly [Recipe, ...Recipe[]];
	/** The network, initialised from the recipe's seed; maps [n, size, size, channels] to logits [n, labels]. */
	build(labels: number, recipe: Recipe): tf.LayersModel;
}
