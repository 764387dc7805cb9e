/** Calibrated confidence: Guo et al., "On Calibration of Modern Neural Networks", 2017. */
import type { Scores } from './types';

/** Probabilities below this count as this: far under what a 32-bit softmax tells apart, and no division by zero. */
const LEAST_PROBABILITY = 1e-30;

/**
 * What the softmax would have given with its logits divided by `temperature` (> 0): p^(1/T), summing to 1 again.
 * Over 1 softens, under 1 sharpens, 1 changes nothing; the order of the labels stays.
 */
export function applyTemperature(probabilities: Scores, temperature: number): number[] {
	const guarded = probabilities.map((p) => Math.max(p, LEAST_PROBABILITY));
	// Relative to the greatest, so that low temperatures do not make all of them zero.
	const greatest = Math.max(...guarded);
	const powers = guarded.map((p) => Math.pow(p / greatest, 1 / temperature));
	const sum = powers.reduce((a, b) => a + b, 0);
	return powers.map((power) => power / sum);
}
