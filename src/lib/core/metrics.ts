/** Metrics from probabilities and labels (plain numbers, no tensors), and the calibration that fits them best. */
import { calibrate } from './calibration';
import { indexOfGreatest } from './scores';
import type { Calibration, Scores } from './types';

/** How accurate a classifier is on `n` pictures: fractions of 0..1; `perClass` is the recall of each label. */
export interface Summary {
	n: number;
	accuracy: number;
	macroF1: number;
	perClass: number[];
}

/**
 * Counts [true label][predicted label]. `truth`: index of each picture's label; throws RangeError if one is invalid.
 */
export function confusionMatrix(scores: readonly Scores[], truth: readonly number[], labelCount: number): number[][] {
	const matrix = Array.from({ length: labelCount }, () => new Array<number>(labelCount).fill(0));
	for (const [index, row] of scores.entries()) {
		const counts = matrix[truth[index] ?? -1];
		const predicted = indexOfGreatest(row);
		if (!counts || counts[predicted] === undefined)
			throw new RangeError(`Picture ${String(index)} has no valid label.`);
		counts[predicted]++;
	}
	return matrix;
}

/**
 * Accuracy, macro-F1 (mean over the labels that some picture has, 0 for one that is never right) and recall per label,
 * from a confusion matrix.
 */
export function summarise(matrix: readonly (readonly number[])[]): Summary {
	const hits = matrix.map((row, label) => row[label] ?? 0);
	const actual = matrix.map((row) => row.reduce((a, b) => a + b, 0));
	const predicted = matrix.map((_, label) => matrix.reduce((sum, row) => sum + (row[label] ?? 0), 0));
	const n = actual.reduce((a, b) => a + b, 0);
	const f1 = hits.flatMap((hit, label) => {
		const [support = 0, guesses = 0] = [actual[label], predicted[label]];
		return support === 0 ? [] : [(2 * hit) / (support + guesses)];
	});
	return {
		n,
		accuracy: n === 0 ? 0 : hits.reduce((a, b) => a + b, 0) / n,
		macroF1: f1.reduce((a, b) => a + b, 0) / Math.max(1, f1.length),
		perClass: hits.map((hit, label) => hit / Math.max(1, actual[label] ?? 0))
	};
}

/** Lower bound on the probability of a true label: it costs at most 28 nats. */
const LEAST_PROBABILITY = 1e-12;

/** Mean negative log-likelihood (cross-entropy) of the true labels in nats. */
export function logLoss(scores: readonly Scores[], truth: readonly number[]): number {
	const losses = scores.map((row, index) => -Math.log(Math.max(row[truth[index] ?? -1] ?? 0, LEAST_PROBABILITY)));
	return losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** As in Guo et al. */
const CALIBRATION_BINS = 15;

/**
 * Expected calibration error, 0..1: the difference between confidence and accuracy in bins of equal width of
 * confidence, weighted by their number of pictures (Guo et al., "On Calibration of Modern Neural Networks", 2017).
 */
export function expectedCalibrationError(scores: readonly Scores[], truth: readonly number[]): number {
	const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ n: 0, confidence: 0, correct: 0 }));
	for (const [index, row] of scores.entries()) {
		const confidence = Math.max(...row);
		const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.floor(confidence * CALIBRATION_BINS))];
		if (!bin) continue;
		bin.n++;
		bin.confidence += confidence;
		if (indexOfGreatest(row) === truth[index]) bin.correct++;
	}
	return bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.correct), 0) / scores.length;
}

/** Rounds of the fit: temperature, then biases. About twenty reach three digits. */
const MOST_ROUNDS = 100;
/** In nats: the fit ends once no bias moves by more than this. */
const CLOSE_ENOUGH = 1e-4;

/**
 * The calibration that minimises the log-loss, fitted alternately until it converges: the temperature, in 0.2..5, by
 * golden-section search; the biases by steps towards expecting each label as often as it is true (generalised iterative
 * scaling, Darroch and Ratcliff, 1972). For labels that are never true, one more picture of each label counts as seen
 * and expected. The biases sum to 0.
 */
export function fitCalibration(
	scores: readonly Scores[],
	truth: readonly number[]
): { temperature: number; biases: number[] } {
	const labels = scores[0]?.length ?? 0;
	const seen = new Array<number>(labels).fill(1);
	for (const label of truth) seen[label] = (seen[label] ?? 0) + 1;
	let fitted = { temperature: 1, biases: new Array<number>(labels).fill(0) };
	for (let round = 0; round < MOST_ROUNDS; round++) {
		const { biases } = fitted;
		const temperature = Math.exp(
			leastBetween(Math.log(0.2), Math.log(5), (log) =>
				logLoss(calibrated(scores, { temperature: Math.exp(log), biases }), truth)
			)
		);
		const expected = calibrated(scores, { temperature, biases });
		const moves = seen.map((count, label) =>
			Math.log(count / expected.reduce((sum, row) => sum + (row[label] ?? 0), 1))
		);
		const mean = moves.reduce((a, b) => a + b, 0) / labels;
		fitted = { temperature, biases: biases.map((bias, i) => bias + (moves[i] ?? 0) - mean) };
		if (moves.every((move) => Math.abs(move - mean) < CLOSE_ENOUGH)) break;
	}
	return fitted;
}

function calibrated(scores: readonly Scores[], calibration: Calibration): number[][] {
	return scores.map((row) => calibrate(row, calibration));
}

/** Golden-section search: where `loss`, with one minimum between `from` and `to`, is least, to a thousandth. */
function leastBetween(from: number, to: number, loss: (x: number) => number): number {
	const ratio = (Math.sqrt(5) - 1) / 2;
	let low = from;
	let high = to;
	while (high - low > 1e-3) {
		const left = high - ratio * (high - low);
		const right = low + ratio * (high - low);
		if (loss(left) < loss(right)) high = right;
		else low = left;
	}
	return (low + high) / 2;
}
