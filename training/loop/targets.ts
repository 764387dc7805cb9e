/** What a network should answer, and how far off an answer is. */
import * as tf from '@tensorflow/tfjs';
import type { Dataset } from '../data/dataset';
import type { Recipe } from '../models/recipe';

/**
 * [rows, labels]: the smoothed label, mixed with the votes, if any, and with the teacher's probabilities for these
 * pictures as changed, `taught` [rows, labels]. With a second head [rows, 2 * labels]: its targets follow, times the
 * factor of its loss.
 */
export function targetsOf(
	rows: Uint32Array,
	dataset: Dataset,
	recipe: Pick<Recipe, 'labelSmoothing' | 'votes' | 'teacher' | 'faceApi'>,
	labels: number,
	taught: tf.Tensor2D | undefined
): tf.Tensor2D {
	const own = ownTargetsOf(rows, dataset, recipe, labels, taught);
	if (!recipe.faceApi) return own;
	const { loss } = recipe.faceApi;
	const second = tf.tensor2d(
		Float32Array.from({ length: rows.length * labels }, (_, index) => {
			const row = rows[Math.floor(index / labels)] ?? 0;
			return loss * (dataset.faceApi?.[row * labels + (index % labels)] ?? NaN);
		}),
		[rows.length, labels]
	);
	const both = tf.concat([own, second], 1);
	tf.dispose([own, second]);
	return both;
}

function ownTargetsOf(
	rows: Uint32Array,
	dataset: Dataset,
	recipe: Pick<Recipe, 'labelSmoothing' | 'votes' | 'teacher'>,
	labels: number,
	taught: tf.Tensor2D | undefined
): tf.Tensor2D {
	const part = taught ? (recipe.teacher?.part ?? 0) : 0;
	const rest = recipe.labelSmoothing / labels;
	const targets = new Float32Array(rows.length * labels);
	for (const [index, row] of rows.entries()) {
		const ofRow = (values: Float32Array | undefined) => values?.subarray(row * labels, (row + 1) * labels);
		const [soft, shared] = [dataset.softLabels, dataset.sharedLabels].map(ofRow);
		const own = shared?.some((value) => value > 0) ? shared : oneHot(dataset.labels[row] ?? 0, labels);
		const votes = soft?.some((value) => value > 0) ? recipe.votes : 0;
		for (let label = 0; label < labels; label++) {
			const hard = rest + (own[label] ?? 0) * (1 - recipe.labelSmoothing);
			targets[index * labels + label] = (1 - votes - part) * hard + votes * (soft?.[label] ?? 0);
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

/**
 * Cross-entropy [n] of logits [n, labels] against target distributions [n, labels]; for several heads, [n, heads *
 * labels], the sum of theirs.
 */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D, labels = logits.shape[1]): tf.Tensor1D {
	if (logits.shape[1] === labels) return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1));
	const perHead = [-1, logits.shape[1] / labels, labels];
	const products = tf.mul(tf.reshape(targets, perHead), tf.logSoftmax(tf.reshape(logits, perHead)));
	return tf.neg(tf.sum(products, [1, 2]));
}

/** The logits [n, labels] of the one head that two are joined to; the caller disposes them. */
export function joinedLogits(logits: tf.Tensor2D, labels: number, { faceApi }: Pick<Recipe, 'faceApi'>): tf.Tensor2D {
	if (!faceApi) return logits.clone();
	return tf.tidy(() => {
		const [own, second] = tf.split(logits, 2, 1);
		return tf.add(tf.mul(own as tf.Tensor2D, 1 - faceApi.part), tf.mul(second as tf.Tensor2D, faceApi.part));
	});
}

/** For how many of the rows the greatest of the logits [n, labels] is their label. */
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
