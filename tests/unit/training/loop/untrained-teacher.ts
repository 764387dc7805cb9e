import type * as tf from '@tensorflow/tfjs';
import { FER2013_LABELS } from '../../../../src/lib/core/fer2013';
import { DEFAULT_RECIPE, type Recipe } from '../../../../training/models/recipe';
import { mien } from '../../../../training/models/mien';
import type { Teacher } from '../../../../training/loop/live-teacher';

/** A small network of `mien`'s kind with its weights as drawn from `seed`. */
export function untrainedTeacher(seed: number): { readonly teacher: Teacher; readonly network: tf.LayersModel } {
	const recipe: Recipe = { ...DEFAULT_RECIPE, seed, stages: [[8, 1]] };
	const network = mien.build(FER2013_LABELS.length, recipe);
	const weights = network.getWeights().map((weight) => ({ shape: weight.shape, values: weight.dataSync<'float32'>() }));
	return { teacher: { recipe, weights }, network };
}
