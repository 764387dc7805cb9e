/** Calibrated confidence: probabilities that come near to how often a label is right. */
import type { Calibration, Scores } from './types';

/** Smaller probabilities count as this, so that none has a logarithm of minus infinity; far under any that matters. */
const LEAST_PROBABILITY = 1e-30;

/**
 * What the softmax would have given with its logits calibrated so: p^(1/T) * exp(bias), summing to 1 again. Logarithms of
 * probabilities serve as the logits, for they differ from them by a constant, which a softmax does not see.
 */
export function calibrate(probabilities: Scores, { temperature, biases = [] }: Calibration): number[] {
	const logits = probabilities.map(
		(p, label) => Math.log(Math.max(p, LEAST_PROBABILITY)) / temperature + (biases[label] ?? 0)
	);
	// Relative to the greatest, so that low temperatures do not make all of them zero.
	const greatest = Math.max(...logits);
	const powers = logits.map((logit) => Math.exp(logit - greatest));
	const sum = powers.reduce((a, b) => a + b, 0);
	return powers.map((power) => power / sum);
}
