/** Calibrated confidence: probabilities that come near to how often a label is right. */
import type { Calibration, Scores } from './types';

/** Probabilities below this count as this: far under what a 32-bit softmax tells apart, and no division by zero. */
const LEAST_PROBABILITY = 1e-30;

/** What the softmax would have given with its logits calibrated so: p^(1/T) * exp(bias), summing to 1 again. */
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
