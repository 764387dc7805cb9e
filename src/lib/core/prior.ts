/**
 * Changes how often each label is expected, after training: given a network's p(label | picture), p * ratio, normalised
 * to sum to 1, is Bayes' answer when the odds of the labels are multiplied by `ratio` (Saerens, Latinne and
 * Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", 2002).
 */
import type { Classifier, Scores, Use } from './types';

/**
 * Undoes FER2013's label shares; the same for every use. A network expects each label as often as its training pictures
 * had it (Menon et al., "Long-tail learning via logit adjustment", 2021), and FER2013 labels one picture in 66
 * disgusted: by its share that label would count 9.2 times as much as "angry", and "surprise" 1.3 times. "Angry" gains
 * a little, as "disgust" takes most of its wins from there. "Happy" is not divided by its share: see below. Chosen on
 * PublicTest and FER+'s clear faces, while watching CK+48 and the London set (npm run study -- prior-trial).
 */
const SHARES: Readonly<Record<string, number>> = { angry: 1.2, disgust: 9, surprise: 1.2 };

/**
 * How much faces at rest and smiles count. FER2013 labels one picture in six neutral, while people (FER+) see one in
 * three. Live: the smallest half step at which about 85 % of PublicTest's clear neutral faces are called neutral. In
 * photos, where fewer faces are at rest: as much as both posed and spontaneous pictures tolerate. A slight smile looks
 * much like rest, so smiles count more too: as much as PublicTest tolerates (training/EXPERIMENTS.md).
 */
const EVERYDAY: Readonly<Record<Use, Readonly<Record<string, number>>>> = {
	photo: { neutral: 1.5, happy: 2 },
	live: { neutral: 2.5, happy: 1.5 }
};

/** The manifest's `priorRatio` for a model with these labels: the factor on each label's odds, for each use. */
export function everydayRatio(labels: readonly string[]): Record<Use, number[]> {
	const of = (use: Use) => labels.map((label) => EVERYDAY[use][label] ?? SHARES[label] ?? 1);
	return { photo: of('photo'), live: of('live') };
}

/** Calibrated `probabilities` with the odds of each label multiplied by `ratio`, all of which are > 0. */
export function applyPrior(probabilities: Scores, ratio: readonly number[]): number[] {
	const shifted = probabilities.map((p, label) => p * (ratio[label] ?? 1));
	const sum = shifted.reduce((a, b) => a + b, 0);
	return shifted.map((p) => p / sum);
}

/** The classifier with `applyPrior` applied to its answers; without a ratio the classifier itself. */
export function withPrior(classifier: Classifier, ratio: readonly number[] | undefined): Classifier {
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
