/** How far a run is, and the figures of the current epoch so far. */
import { sizeAt, type Recipe } from '../models/recipe';
import type { EpochSums } from './checkpoint';

/** `loss` and `accuracy` are means over the epoch so far. */
export interface StepProgress {
	readonly step: number;
	readonly steps: number;
	readonly epoch: number;
	readonly loss: number;
	readonly accuracy: number;
	readonly imagesPerSecond: number;
	readonly secondsLeft: number;
}

/** After `step` steps, the last of which belongs to the epoch of `sums`. */
export function progressOf(recipe: Recipe, stepsPerEpoch: number, step: number, sums: EpochSums): StepProgress {
	const imagesPerSecond = paceOf(sums);
	return {
		step,
		steps: stepsPerEpoch * recipe.epochs,
		epoch: Math.floor((step - 1) / stepsPerEpoch),
		...meansOf(sums),
		imagesPerSecond,
		secondsLeft: picturesLeft(recipe, stepsPerEpoch, step) / imagesPerSecond
	};
}

export const paceOf = ({ n, seconds }: EpochSums): number => n / Math.max(seconds, 1e-9);

export const meansOf = ({ loss, correct, n }: Omit<EpochSums, 'seconds'>): { loss: number; accuracy: number } => ({
	loss: loss / n,
	accuracy: correct / n
});

/** In pictures of this epoch's size; larger ones count by their area. */
function picturesLeft(recipe: Recipe, stepsPerEpoch: number, step: number): number {
	const areaNow = sizeAt(recipe, Math.floor((step - 1) / stepsPerEpoch)) ** 2;
	let pictures = 0;
	for (let epoch = Math.floor(step / stepsPerEpoch); epoch < recipe.epochs; epoch++) {
		const steps = (epoch + 1) * stepsPerEpoch - Math.max(step, epoch * stepsPerEpoch);
		pictures += (steps * recipe.batchSize * sizeAt(recipe, epoch) ** 2) / areaNow;
	}
	return pictures;
}
