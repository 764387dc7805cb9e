/** A trained network that teaches another: it is asked in every step, about the same pictures. */
import * as tf from '@tensorflow/tfjs';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import type { Recipe } from '../models/recipe';
import type { Dataset } from '../data/dataset';
import { foldForInference } from '../models/fold-batch-norm';
import type { ModelDefinition } from '../models/definition';

/** A network of the model being trained, as data that can be passed to a thread. */
export interface Teacher {
	readonly recipe: Recipe;
	/** In the order of the network's weights. */
	readonly weights: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[];
}

/** A data set with the teacher that is asked in every step. */
export interface TaughtDataset extends Dataset {
	readonly teacher?: Teacher;
}

export class LiveTeacher {
	private readonly network: tf.LayersModel;

	constructor(definition: ModelDefinition, { recipe, weights }: Teacher) {
		const network = definition.build(FER2013_LABELS.length, recipe);
		const tensors = weights.map(({ shape, values }) => tf.tensor(values, [...shape]));
		network.setWeights(tensors);
		tf.dispose(tensors);
		this.network = foldForInference(network, null, definition.input.channels);
		network.dispose();
	}

	/** Probabilities [n, labels] of pictures [n, size, size, channels]; the caller disposes them. */
	probabilities(pictures: tf.Tensor): tf.Tensor2D {
		return tf.tidy(() => this.network.apply(pictures) as tf.Tensor2D);
	}
}
