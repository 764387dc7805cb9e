/** Calibrated confidence: probabilities close to how often a label is right. */
import type { Calibration, Scores } from './types';

/** Smaller probabilities count as this, to keep logarithms finite; far below any that matters. */
const LEAST_PROBABILITY = 1e-30;

/**
 * What the softmax would have given with calibrated logits: p^(1/T) * exp(bias), normalised to sum to 1. Logarithms of
 * probabilities serve as logits: they differ by a constant, which a softmax ignores.
 */
export function calibrate(probabilities: Scores, { temperature, biases = [] }: Calibration): number[] {
	const logits = probabilities.map(
		(p, label) => Math.log(Math.max(p, LEAST_PROBABILITY)) / temperature + (biases[label] ?? 0)
	);
	// Relative to the greatest, so that they do not all underflow to zero at low temperatures.
	const greatest = Math.max(...logits);
	const powers = logits.map((logit) => Math.exp(logit - greatest));
	const sum = powers.reduce((a, b) => a + b, 0);
	return powers.map((power) => power / sum);
}
