/** Pictures that are in FER2013's Training more than once, to the last pixel; some have more than one label. */
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { pictureKey, rowsOf, type Dataset } from './dataset';

/** Rows of Training in groups of equal pictures, each of more than one row, in the order of the file. */
export function duplicatesOf(dataset: Dataset): number[][] {
	const groups = new Map<string, number[]>();
	for (const row of rowsOf(dataset, 'train')) {
		const key = pictureKey(dataset, row);
		const group = groups.get(key);
		if (group) group.push(row);
		else groups.set(key, [row]);
	}
	return [...groups.values()].filter((group) => group.length > 1);
}

/** The data with one row for each picture of Training, whose label is the distribution of its copies' labels. */
export function withoutDuplicates(dataset: Dataset): Dataset {
	const labels = FER2013_LABELS.length;
	const excluded = new Uint8Array(new SharedArrayBuffer(dataset.n));
	const sharedLabels = new Float32Array(new SharedArrayBuffer(4 * dataset.n * labels));
	excluded.set(dataset.excluded ?? []);
	for (const group of duplicatesOf(dataset)) {
		const [first = 0, ...others] = group;
		for (const row of others) excluded[row] = 1;
		for (const row of group) {
			const at = first * labels + (dataset.labels[row] ?? 0);
			sharedLabels[at] = (sharedLabels[at] ?? 0) + 1 / group.length;
		}
	}
	return { ...dataset, excluded, sharedLabels };
}
