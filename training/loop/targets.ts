/** What a network should answer, and how far from it an answer is. */
import * as tf from '@tensorflow/tfjs';
import type { Dataset } from '../data/dataset';
import type { Recipe } from '../models/recipe';

/**
 * [rows, labels]: the smoothed label, mixed with the votes where there are some, and with the teachers' probabilities: those
 * of these pictures as they were changed, `taught` [rows, labels], or those of the data set.
 */
export function targetsOf(
	rows: Uint32Array,
	dataset: Dataset,
	recipe: Pick<Recipe, 'labelSmoothing' | 'votes' | 'teachers'>,
	labels: number,
	taught: tf.Tensor2D | undefined
): tf.Tensor2D {
	const part = recipe.teachers?.part ?? 0;
	const rest = recipe.labelSmoothing / labels;
	const targets = new Float32Array(rows.length * labels);
	for (const [index, row] of rows.entries()) {
		const ofRow = (values: Float32Array | undefined) => values?.subarray(row * labels, (row + 1) * labels);
		const [soft, cached, shared] = [dataset.softLabels, dataset.taught, dataset.sharedLabels].map(ofRow);
		const own = shared?.some((value) => value > 0) ? shared : oneHot(dataset.labels[row] ?? 0, labels);
		const votes = soft?.some((value) => value > 0) ? recipe.votes : 0;
		const teaching = cached || taught ? part : 0;
		for (let label = 0; label < labels; label++) {
			const hard = rest + (own[label] ?? 0) * (1 - recipe.labelSmoothing);
			targets[index * labels + label] =
				(1 - votes - teaching) * hard + votes * (soft?.[label] ?? 0) + teaching * (cached?.[label] ?? 0);
		}
	}
	const known = tf.tensor2d(targets, [rows.length, labels]);
	if (!taught) return known;
	const all: tf.Tensor2D = tf.tidy(() => tf.add(known, tf.mul(taught, part)));
	known.dispose();
	return all;
}

function oneHot(label: number, labels: number): number[] {
	return Array.from({ length: labels }, (_, index) => Number(index === label));
}

/** Cross-entropy [n] of logits [n, labels] against target distributions [n, labels]. */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
	return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1));
}

/** How many of the rows have their label as the greatest of logits [n, labels]. */
export async function countCorrect(logits: tf.Tensor2D, rows: Uint32Array, dataset: Dataset): Promise<number> {
	const values = await logits.data();
	const labels = logits.shape[1];
	let correct = 0;
	for (const [index, row] of rows.entries()) {
		const scores = values.subarray(index * labels, (index + 1) * labels);
		if (scores.indexOf(Math.max(...scores)) === dataset.labels[row]) correct++;
	}
	return correct;
}
