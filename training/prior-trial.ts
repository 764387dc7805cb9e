/** What is won and lost where the odds of neutral are multiplied. */
import { applyPrior } from '../src/lib/core/prior';
import type { Scores } from '../src/lib/core/types';
import { FER2013_LABELS, type Dataset } from './dataset';
import type { FerPlus } from './ferplus';

/** Faces are plain where at least this part of FER+'s votes for FER2013's seven labels is for one of them. */
const PLAIN_SHARE = 0.8;
/** Labels with fewer plain faces are left out of the mean over labels: a recall of two faces says nothing. */
const FEWEST_FACES = 10;

export interface PriorTrial {
	/** What the odds of neutral are multiplied by. */
	readonly factor: number;
	/** Fraction of `rows` that get FER2013's label. */
	readonly accuracy: number;
	/** Fraction that get the label of most of FER+'s voters, of those where there is one. */
	readonly agreement: number;
	/** Recall of each label among plain faces; undefined where there are too few of it. */
	readonly plainRecall: readonly (number | undefined)[];
	/** The mean of those. */
	readonly plainMean: number;
}

/** Figures for each of `factors`; `scores`: calibrated probabilities of `rows`. */
export function tryPriors(
	{ labels }: Pick<Dataset, 'labels'>,
	{ votes, majority }: Pick<FerPlus, 'votes' | 'majority'>,
	rows: Uint32Array,
	scores: readonly Scores[],
	factors: readonly number[]
): PriorTrial[] {
	const width = FER2013_LABELS.length;
	const neutral = FER2013_LABELS.indexOf('neutral');
	const places = [...rows.keys()];
	const rowAt = (place: number): number => rows[place] ?? -1;
	const voted = places.filter((place) => (majority[rowAt(place)] ?? -1) >= 0);
	const plain = voted.filter((place) => {
		const start = rowAt(place) * width;
		return Math.max(...votes.subarray(start, start + width)) >= PLAIN_SHARE;
	});
	return factors.map((factor) => {
		const ratio = FER2013_LABELS.map((_, label) => (label === neutral ? factor : 1));
		const said = scores.map((row) => {
			const shifted = applyPrior(row, ratio);
			return shifted.indexOf(Math.max(...shifted));
		});
		const rightOf = (part: readonly number[], truth: ArrayLike<number>): number =>
			part.filter((place) => said[place] === truth[rowAt(place)]).length / part.length;
		const plainRecall = FER2013_LABELS.map((_, label) => {
			const faces = plain.filter((place) => majority[rowAt(place)] === label);
			return faces.length < FEWEST_FACES ? undefined : rightOf(faces, majority);
		});
		const known = plainRecall.filter((recall) => recall !== undefined);
		return {
			factor,
			accuracy: rightOf(places, labels),
			agreement: rightOf(voted, majority),
			plainRecall,
			plainMean: known.reduce((sum, recall) => sum + recall, 0) / known.length
		};
	});
}
