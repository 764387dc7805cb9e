/** Several looks at one face as one answer: the mean over models, and over a picture and its mirror image. */
import { calibrate } from './calibration';
import { toModelInput } from './preprocess';
import type { Calibration, Classifier, InputSpec, Scores } from './types';

/** The mean, label by label, of rows of probabilities of the same labels. Throws RangeError without rows. */
export function meanScores(rows: readonly Scores[]): number[] {
	const [first] = rows;
	if (first === undefined) throw new RangeError('There are no scores to take the mean of.');
	return first.map((_, label) => rows.reduce((sum, row) => sum + (row[label] ?? 0), 0) / rows.length);
}

/** `batch`, [count, size, size, channels], with every picture mirrored left to right, as a new array. */
export function mirrorBatch(batch: Float32Array, count: number, size: number, channels: number): Float32Array {
	const mirrored = new Float32Array(count * size * size * channels);
	for (let line = 0; line < count * size; line++) {
		for (let column = 0; column < size; column++) {
			const from = (line * size + column) * channels;
			const to = (line * size + size - 1 - column) * channels;
			for (let channel = 0; channel < channels; channel++) mirrored[to + channel] = batch[from + channel] ?? 0;
		}
	}
	return mirrored;
}

/** An ensemble but for its members; its calibration is applied to their mean. */
export interface EnsembleSpec extends Calibration {
	readonly id: string;
	/** Whether each member sees every face once more as its mirror image. */
	readonly mirrored: boolean;
}

/** Whether two classifiers see the same grey picture of a face and give the same labels, so that a mean has a meaning. */
export function canBeAveraged(
	a: Pick<Classifier, 'labels' | 'input'>,
	b: Pick<Classifier, 'labels' | 'input'>
): boolean {
	const shared = ({ labels, input }: typeof a): string =>
		JSON.stringify([labels, input.size, input.crop, input.leastContrast]);
	return shared(a) === shared(b);
}

/**
 * One classifier that answers with the mean of its members' probabilities; disposing of the members stays with their
 * owner. It takes grey values of 0..255, and gives each member the range and channels it was trained on. Throws
 * RangeError where the members differ in labels, size, crop or least contrast: then one batch cannot serve them all.
 */
export function createEnsemble(
	{ id, mirrored, temperature, biases }: EnsembleSpec,
	members: readonly Classifier[]
): Classifier {
	const [first] = members;
	if (first === undefined) throw new RangeError(`${id}: an ensemble needs members.`);
	const { size, crop, leastContrast } = first.input;
	const other = members.find((member) => !canBeAveraged(first, member));
	if (other !== undefined) {
		throw new RangeError(`${id}: ${other.id} and ${first.id} differ in labels, input size, crop or least contrast.`);
	}
	const input: InputSpec = { size, channels: 1, range: [0, 255], crop, leastContrast };
	return {
		id,
		labels: first.labels,
		input,
		async classify(batch, count) {
			const looks: Scores[][] = [];
			for (const member of members) {
				const { channels } = member.input;
				const own = new Float32Array(batch.length * channels);
				toModelInput(batch, member.input, own, 0);
				looks.push(await member.classify(own, count));
				if (mirrored) looks.push(await member.classify(mirrorBatch(own, count, size, channels), count));
			}
			return Array.from({ length: count }, (_, face) =>
				calibrate(meanScores(looks.map((rows) => rows[face] ?? [])), { temperature, biases })
			);
		}
	};
}
