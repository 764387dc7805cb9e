import * as tf from '@tensorflow/tfjs';

/** Named tensors at one moment: weights, their moving average, and the optimizer's slots. */
export type State = Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

/** The averaged weights of a snapshot in the order of `model.weights`. */
export function averagesOf(state: State): { readonly shape: readonly number[]; readonly values: Float32Array }[] {
	return [...state].filter(([name]) => name.startsWith('average/')).map(([, tensor]) => tensor);
}

/** The same, ready for `setWeights`; the caller disposes them. */
export function averagedWeights(state: State): tf.Tensor[] {
	return averagesOf(state).map(({ shape, values }) => tf.tensor(values, [...shape]));
}
