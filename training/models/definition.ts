import type * as tf from '@tensorflow/tfjs';
import type { InputSpec } from '../../src/lib/core/types';
import type { Recipe } from '../config';

/** One architecture with the recipe that trains it. */
export interface ModelDefinition {
	readonly id: string;
	readonly title: string;
	readonly input: Omit<InputSpec, 'crop'>;
	readonly recipe: Recipe;
	/** The network, initialised from `seed`; maps [n, size, size, channels] to logits [n, labels]. */
	build(labels: number, seed: number): tf.LayersModel;
}
