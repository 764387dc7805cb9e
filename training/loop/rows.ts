/** The rows that a run learns from, and those by which epochs are chosen. */
import { rowsOf, type Dataset } from '../data/dataset';
import type { Recipe } from '../models/recipe';

const PAPER_TRAINING_ROWS = 28_708;

/** The paper leaves out the last row of Training. */
export function trainingRows(dataset: Dataset, { rows }: Recipe): Uint32Array<SharedArrayBuffer> {
	const all = rowsOf(dataset, 'train');
	return rows === 'paper' ? all.subarray(0, PAPER_TRAINING_ROWS) : all;
}

/** The rows by which the best epoch is chosen. */
export function selectingRows(dataset: Dataset, recipe: Recipe): Uint32Array {
	return rowsOf(dataset, recipe.rows === 'paper' ? 'paper' : 'public');
}
