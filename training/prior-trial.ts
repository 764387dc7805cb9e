/** What calibration is worth, and what is won and lost where labels count more or less. */
import { FER2013_LABELS } from '../src/lib/core/fer2013';
import { calibrate } from '../src/lib/core/calibration';
import { fitCalibration, logLoss } from '../src/lib/core/metrics';
import { applyPrior } from '../src/lib/core/prior';
import type { Scores } from '../src/lib/core/types';
import type { Dataset } from './dataset';
import type { FerPlus } from './ferplus';

const FOLDS = 5;

/** Calibrated probabilities of rows whose labels are `truth`, each fifth by what is fitted on the other four. */
export function crossCalibrate(scores: readonly Scores[], truth: readonly number[]): number[][] {
	const calibrations = Array.from({ length: FOLDS }, (_, fold) => {
		const others = [...scores.keys()].filter((row) => row % FOLDS !== fold);
		return fitCalibration(
			others.map((row) => scores[row] ?? []),
			others.map((row) => truth[row] ?? -1)
		);
	});
	return scores.map((row, place) => calibrate(row, calibrations[place % FOLDS] ?? { temperature: 1 }));
}

export interface PriorTrial {
	/** Fraction of `rows` that get FER2013's label. */
	readonly accuracy: number;
	/** Of FER2013's labels, mean over `rows`, in nats. */
	readonly crossEntropy: number;
	/** Fraction that get the label of most of FER+'s voters, of those where there is one. */
	readonly agreement: number;
	/** Recall of each label among clear faces: those that FER2013 and most of FER+'s voters give the same label; 0 where there are none. */
	readonly clearRecall: readonly number[];
	/** The mean of those. */
	readonly clearMean: number;
}

/** Figures with the odds of labels multiplied by `ratio`; `scores`: probabilities of `rows`. */
export function tryPrior(
	{ labels }: Pick<Dataset, 'labels'>,
	{ majority }: Pick<FerPlus, 'majority'>,
	rows: Uint32Array,
	scores: readonly Scores[],
	ratio: readonly number[]
): PriorTrial {
	const shifted = scores.map((row) => applyPrior(row, ratio));
	const answers = Array.from(rows, (row, place) => {
		const said = shifted[place]?.indexOf(Math.max(...(shifted[place] ?? [])));
		return { said, label: labels[row] ?? -1, people: majority[row] ?? -1 };
	});
	const rightOf = (part: typeof answers, truth: 'label' | 'people'): number =>
		part.filter((answer) => answer.said === answer[truth]).length / Math.max(1, part.length);
	const voted = answers.filter(({ people }) => people >= 0);
	const clearRecall = FER2013_LABELS.map((_, label) =>
		rightOf(
			voted.filter((answer) => answer.label === label && answer.people === label),
			'label'
		)
	);
	return {
		accuracy: rightOf(answers, 'label'),
		crossEntropy: logLoss(
			shifted,
			answers.map(({ label }) => label)
		),
		agreement: rightOf(voted, 'people'),
		clearRecall,
		clearMean: clearRecall.reduce((sum, recall) => sum + recall, 0) / clearRecall.length
	};
}
