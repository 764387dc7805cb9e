/** Trained networks that others learn from. */
import * as tf from '@tensorflow/tfjs';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import type { Recipe } from '../models/recipe';
import type { Dataset } from '../data/dataset';
import { foldForInference } from '../models/fold-batch-norm';
import type { ModelDefinition } from '../models/definition';
import { findModel, withRecipe } from '../models/index';

/** As data that a thread can be given. */
export interface Teacher {
	readonly model: string;
	readonly recipe: Recipe;
	/** In the order of the network's. */
	readonly weights: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[];
}

/** A data set with the teachers who are asked in every step. */
export interface TaughtDataset extends Dataset {
	readonly teachers?: readonly Teacher[];
}

/** The teacher's network, giving logits, and what it takes; the caller disposes it. */
export function teacherNetwork({ model, recipe, weights }: Teacher): {
	readonly network: tf.LayersModel;
	readonly input: ModelDefinition['input'];
} {
	const definition = withRecipe(findModel(model), recipe);
	const network = definition.build(FER2013_LABELS.length, recipe);
	const tensors = weights.map(({ shape, values }) => tf.tensor(values, [...shape]));
	network.setWeights(tensors);
	tf.dispose(tensors);
	return { network, input: definition.input };
}

/** Teachers who are asked in every step, about the very pictures that the network learns from. */
export class LiveTeachers {
	private readonly networks: readonly tf.LayersModel[];

	/**
	 * `input`: of the network that learns; `mirrored` asks about mirror images too. Throws RangeError where a teacher takes other
	 * pictures.
	 */
	constructor(
		teachers: readonly Teacher[],
		input: ModelDefinition['input'],
		private readonly mirrored: boolean
	) {
		this.networks = teachers.map((teacher) => {
			const { network, input: own } = teacherNetwork(teacher);
			if (own.channels !== input.channels || own.range.join() !== input.range.join())
				throw new RangeError(`${teacher.model} takes other pictures: it cannot be asked in every step.`);
			const folded = foldForInference(network, null, own.channels);
			network.dispose();
			return folded;
		});
	}

	/** Mean probabilities [n, labels] of pictures [n, size, size, channels]; the caller disposes them. */
	probabilities(pictures: tf.Tensor): tf.Tensor2D {
		return tf.tidy(() => {
			const views = this.mirrored ? tf.concat([pictures, tf.reverse(pictures, 2)]) : pictures;
			const all = this.networks.map((network) => network.apply(views) as tf.Tensor2D);
			const sum: tf.Tensor2D = all.reduce((some, one) => tf.add(some, one));
			const mean: tf.Tensor2D = tf.div(sum, all.length);
			if (!this.mirrored) return mean;
			return tf.mean(tf.reshape(mean, [2, -1, mean.shape[1]]), 0);
		});
	}
}
