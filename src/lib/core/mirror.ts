/** Averages a classifier's answers for a picture and its mirror image. */
import { calibrate } from './calibration';
import { meanScores } from './scores';
import type { Calibration, Classifier } from './types';

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

/**
 * `classifier`, averaged over a face and its mirror image, with the average calibrated, as the classifier `id`. The
 * owner of the given one still disposes it.
 */
export function withMirrorImage(id: string, classifier: Classifier, calibration: Calibration): Classifier {
	const { labels, input } = classifier;
	return {
		id,
		labels,
		input,
		async classify(batch, count) {
			const faces = await classifier.classify(batch, count);
			const mirrored = await classifier.classify(mirrorBatch(batch, count, input.size, input.channels), count);
			return faces.map((scores, face) => calibrate(meanScores([scores, mirrored[face] ?? []]), calibration));
		}
	};
}
