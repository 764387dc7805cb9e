/** What calibration is worth, and what is gained and lost when labels count more or less. */
import path from 'node:path';
import { fastestOnProcessor, startBackend } from '../backend/index';
import { loadData, parseFlags } from '../commands/flags';
import { MODELS_DIR } from '../commands/paths';
import { findEntry } from '../commands/subjects';
import { percent, say } from '../commands/terminal';
import { readManifest } from '../ship/manifest';
import { loadShipped } from '../ship/shipped';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { calibrate } from '../../src/lib/core/calibration';
import { fitCalibration, logLoss } from '../../src/lib/core/metrics';
import { applyPrior, everydayRatio } from '../../src/lib/core/prior';
import { indexOfGreatest } from '../../src/lib/core/scores';
import type { Scores } from '../../src/lib/core/types';
import type { Dataset } from '../data/dataset';
import { readFerPlus, type FerPlus } from '../data/ferplus';
import { predict, rowsOfSplit, truthOf } from '../evaluate/predict';
import { UserError } from '../lib/errors';

const FOLDS = 5;

/** Calibrated probabilities of rows with labels `truth`: each fifth is calibrated by a fit on the other four. */
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
	/** Fraction that get the label of most of FER+'s voters, among rows that have one. */
	readonly agreement: number;
	/** Recall of each label among clear faces, to which FER2013 and most FER+ voters give the same label; 0 if none. */
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
		const predicted = indexOfGreatest(shifted[place] ?? []);
		return { predicted, label: labels[row] ?? -1, people: majority[row] ?? -1 };
	});
	const rightOf = (part: typeof answers, truth: 'label' | 'people'): number =>
		part.filter((answer) => answer.predicted === answer[truth]).length / Math.max(1, part.length);
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

/** `npm run study -- prior-trial`; gives the exit code. Throws UserError. */
export async function priorTrialCommand(args: string[]): Promise<number> {
	const { values, name } = parseFlags(args, { data: { type: 'string' }, ferplus: { type: 'string' } });
	const entry = findEntry(readManifest(MODELS_DIR), name);
	if (values.ferplus === undefined) throw new UserError("--ferplus is missing: FER+'s fer2013new.csv.");
	const dataset = await loadData(values.data);
	const ferPlus = readFerPlus(values.ferplus, dataset);
	const rows = rowsOfSplit(dataset, 'public');
	await startBackend(fastestOnProcessor());
	const model = loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
	const scores = await predict(model, entry.input, dataset, rows);
	model.dispose();
	const calibrated = crossCalibrate(scores, truthOf(dataset, rows));
	const asIs = FER2013_LABELS.map(() => 1);
	const { photo } = everydayRatio(FER2013_LABELS);
	const neutral = FER2013_LABELS.indexOf('neutral');
	const trials = [
		{ name: 'not calibrated', scores, ratio: asIs },
		{ name: 'as in FER2013', scores: calibrated, ratio: asIs },
		...[1, 1.5, 2, 2.5, 3, 4].map((weight) => ({
			name: `everyday, neutral x ${String(weight)}`,
			scores: calibrated,
			ratio: photo.with(neutral, weight)
		})),
		...[1.5, 2.5].flatMap((rest) =>
			[1, 1.5, 2, 3].map((smile) => ({
				name: `everyday, neutral x ${String(rest)}, happy x ${String(smile)}`,
				scores: calibrated,
				ratio: photo.with(neutral, rest).with(FER2013_LABELS.indexOf('happy'), smile)
			}))
		),
		...FER2013_LABELS.flatMap((name, label) =>
			label === neutral
				? []
				: [0.5, 2].map((factor) => ({
						name: `photos, ${name} x ${String(factor)} of that`,
						scores: calibrated,
						ratio: photo.with(label, factor * (photo[label] ?? 1))
					}))
		)
	];
	say(`${entry.title} on ${String(rows.length)} pictures of PublicTest, by how much each label counts:`);
	say(`${''.padEnd(30)}FER2013, cross-entropy, people, clear faces: mean over labels, and by label`);
	for (const { name, scores: calibrated, ratio } of trials) {
		const trial = tryPrior(dataset, ferPlus, rows, calibrated, ratio);
		const { accuracy, crossEntropy, agreement, clearMean, clearRecall } = trial;
		const parts = [percent(accuracy), crossEntropy.toFixed(3), percent(agreement), percent(clearMean)];
		const byLabel = clearRecall.map((recall, label) => `${FER2013_LABELS[label] ?? ''} ${percent(recall)}`);
		say(`${name.padEnd(30)}${parts.join('  ')}   ${byLabel.join(', ')}`);
	}
	return 0;
}
