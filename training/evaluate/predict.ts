/** What a network predicts for pictures, and their true labels. */
import * as tf from '@tensorflow/tfjs';
import { raiseContrast } from '../../src/lib/core/contrast';
import { toModelInput } from '../../src/lib/core/preprocess';
import type { InputSpec, Scores } from '../../src/lib/core/types';
import { pictureOf, rowsOf, type Dataset, type Split } from '../data/dataset';
import { UserError } from '../lib/errors';

const BATCH = 128;

/** 48x48 pictures as a model takes them, [n, size, size, channels]. */
export function toBatch(
	input: Omit<InputSpec, 'crop'>,
	pictures: readonly (Uint8Array | Float32Array)[]
): Float32Array {
	const { size, channels, leastContrast } = input;
	const length = size * size * channels;
	const batch = new Float32Array(pictures.length * length);
	for (const [index, picture] of pictures.entries())
		toModelInput(raiseContrast(picture, leastContrast), input, batch, index * length);
	return batch;
}

/** Probabilities before any calibration for each 48x48 picture. `onRows` is told how many are done. */
export async function predictPictures(
	model: tf.LayersModel,
	input: Omit<InputSpec, 'crop'>,
	pictures: readonly (Uint8Array | Float32Array)[],
	onRows: (done: number) => void = () => undefined
): Promise<Scores[]> {
	const { size, channels } = input;
	const scores: Scores[] = [];
	for (let start = 0; start < pictures.length; start += BATCH) {
		const part = pictures.slice(start, start + BATCH);
		const batch = toBatch(input, part);
		const output = tf.tidy(
			() => model.predictOnBatch(tf.tensor4d(batch, [part.length, size, size, channels])) as tf.Tensor
		);
		const values = Array.from(await output.data());
		output.dispose();
		const labels = values.length / part.length;
		for (let row = 0; row < part.length; row++) scores.push(values.slice(row * labels, (row + 1) * labels));
		onRows(scores.length);
	}
	return scores;
}

/** `predictPictures` for the rows of a data set. */
export function predict(
	model: tf.LayersModel,
	input: Omit<InputSpec, 'crop'>,
	dataset: Dataset,
	rows: Uint32Array,
	onRows?: (done: number) => void
): Promise<Scores[]> {
	const pictures = Array.from(rows, (row) => pictureOf(dataset, row));
	return predictPictures(model, input, pictures, onRows);
}

/** The true labels of `rows`. */
export function truthOf(dataset: Dataset, rows: Uint32Array): number[] {
	return Array.from(rows, (row) => dataset.labels[row] ?? -1);
}

/** `rowsOf` of the data set; throws UserError if the split is empty. */
export function rowsOfSplit(dataset: Dataset, split: Split): Uint32Array {
	const rows = rowsOf(dataset, split);
	if (rows.length === 0)
		throw new UserError(`The data has no rows of the split "${split}". Take the whole fer2013.csv.`);
	return rows;
}
