/** What this project's layers share. They are for training, as stock ones are slow or not repeatable; none ships. */
import type * as tf from '@tensorflow/tfjs';

export type LayerVariable = ReturnType<tf.layers.Layer['addWeight']>;
export type LayerArgs = ConstructorParameters<typeof tf.layers.Layer>[0];
export type Kwargs = Parameters<tf.layers.Layer['call']>[1];

/** The one input of a layer that takes one. */
export function onlyInput(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
	const first = Array.isArray(inputs) ? inputs[0] : inputs;
	if (first === undefined) throw new Error('A layer was called without input.');
	return first;
}
