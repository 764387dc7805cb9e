/** Figures from probabilities and labels: plain numbers, no tensors. */
import { applyTemperature } from './calibration';
import type { Scores } from './types';

/** How right a classifier is on `n` pictures: fractions of 0..1; `perClass` is the recall of each label. */
export interface Summary {
	n: number;
	accuracy: number;
	macroF1: number;
	perClass: number[];
}

/** Counts [true label][predicted label]. */
export function confusionMatrix(scores: readonly Scores[], truth: readonly number[], labels: number): number[][] {
	const matrix = Array.from({ length: labels }, () => new Array<number>(labels).fill(0));
	for (const [index, row] of scores.entries()) {
		const counts = matrix[truth[index] ?? -1];
		const predicted = row.indexOf(Math.max(...row));
		if (!counts || counts[predicted] === undefined)
			throw new RangeError(`Picture ${String(index)} has no valid label.`);
		counts[predicted]++;
	}
	return matrix;
}

/** Accuracy, macro-F1 (mean over labels, 0 for one that is never right) and recall per label, from a confusion matrix. */
export function summarise(matrix: readonly (readonly number[])[]): Summary {
	const hits = matrix.map((row, label) => row[label] ?? 0);
	const actual = matrix.map((row) => row.reduce((a, b) => a + b, 0));
	const predicted = matrix.map((_, label) => matrix.reduce((sum, row) => sum + (row[label] ?? 0), 0));
	const n = actual.reduce((a, b) => a + b, 0);
	const f1 = hits.map((hit, label) => {
		const total = (actual[label] ?? 0) + (predicted[label] ?? 0);
		return total === 0 ? 0 : (2 * hit) / total;
	});
	return {
		n,
		accuracy: n === 0 ? 0 : hits.reduce((a, b) => a + b, 0) / n,
		macroF1: f1.reduce((a, b) => a + b, 0) / matrix.length,
		perClass: hits.map((hit, label) => hit / Math.max(1, actual[label] ?? 0))
	};
}

/** Mean negative log-likelihood of the true labels in nats. */
export function logLoss(scores: readonly Scores[], truth: readonly number[]): number {
	const losses = scores.map((row, index) => -Math.log(Math.max(row[truth[index] ?? -1] ?? 0, 1e-12)));
	return losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** Expected calibration error with 15 bins of equal width (Guo et al., 2017). */
export function expectedCalibrationError(scores: readonly Scores[], truth: readonly number[]): number {
	const bins = Array.from({ length: 15 }, () => ({ n: 0, confidence: 0, correct: 0 }));
	for (const [index, row] of scores.entries()) {
		const confidence = Math.max(...row);
		const bin = bins[Math.min(14, Math.floor(confidence * 15))];
		if (!bin) continue;
		bin.n++;
		bin.confidence += confidence;
		if (row.indexOf(confidence) === truth[index]) bin.correct++;
	}
	return bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.correct), 0) / scores.length;
}

/** The softmax temperature that minimises the log-loss (Guo et al., 2017), by golden-section search in 0.2..5. */
export function fitTemperature(scores: readonly Scores[], truth: readonly number[]): number {
	const loss = (log: number): number =>
		logLoss(
			scores.map((row) => applyTemperature(row, Math.exp(log))),
			truth
		);
	const ratio = (Math.sqrt(5) - 1) / 2;
	let low = Math.log(0.2);
	let high = Math.log(5);
	while (high - low > 1e-3) {
		const left = high - ratio * (high - low);
		const right = low + ratio * (high - low);
		if (loss(left) < loss(right)) high = right;
		else low = left;
	}
	return Math.exp((low + high) / 2);
}
