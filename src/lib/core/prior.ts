/**
 * How often each label is expected, changed after training: with p(label | picture) of a network, p * ratio, summing to 1
 * again, is Bayes' answer where the odds of the labels were multiplied by `ratio` (Saerens, Latinne and Decaestecker, "Adjusting
 * the Outputs of a Classifier to New a Priori Probabilities", 2002).
 */
import type { Classifier, Scores } from './types';

/**
 * What "neutral" counts before a camera. FER2013 labels one picture in six so, where people see one in three (FER+), and a face
 * before a camera is mostly at rest: as trained, networks call many of those sad. Chosen on PublicTest (npm run try:priors).
 */
const NEUTRAL_WEIGHT = 2;

/** `priorRatio` of the manifest for a model of these labels. */
export function cameraPriorRatio(labels: readonly string[]): number[] {
	return labels.map((label) => (label === 'neutral' ? NEUTRAL_WEIGHT : 1));
}

/** Calibrated `probabilities` with the odds of each label multiplied by `ratio`, all of which are > 0. */
export function applyPrior(probabilities: Scores, ratio: readonly number[]): number[] {
	const shifted = probabilities.map((p, label) => p * (ratio[label] ?? 1));
	const sum = shifted.reduce((a, b) => a + b, 0);
	return shifted.map((p) => p / sum);
}

/** The same classifier, with `applyPrior` to its answers; without a ratio the classifier itself. */
export function expecting(classifier: Classifier, ratio: readonly number[] | undefined): Classifier {
	if (ratio === undefined) return classifier;
	return {
		id: classifier.id,
		labels: classifier.labels,
		input: classifier.input,
		async classify(batch, count) {
			return (await classifier.classify(batch, count)).map((scores) => applyPrior(scores, ratio));
		}
	};
}
