/** Measures a shipped model: its report, and from that the figures of its entry in the manifest. */
import type * as tf from '@tensorflow/tfjs';
import path from 'node:path';
import { fitCalibration } from '../../src/lib/core/metrics';
import { everydayRatio } from '../../src/lib/core/prior';
import type { Calibration, Scores } from '../../src/lib/core/types';
import type { ModelEntry } from '../../src/lib/manifest';
import { parseReport, type Report } from '../../src/lib/report';
import type { Dataset } from '../data/dataset';
import type { FerPlus } from '../data/ferplus';
import { rowsOfSplit, truthOf } from '../evaluate/predict';
import { createReport, withFiguresOfBefore } from '../evaluate/report';
import { measureCorruptions } from '../evaluate/robustness';
import { predictTests, scoresOf, testSets } from '../evaluate/test-sets';
import { writeWhole } from '../lib/files';

/** An entry of the manifest before its model is measured. */
export type UnmeasuredEntry = Omit<
	ModelEntry,
	keyof Calibration | 'priorRatio' | 'unsureBelow' | 'metrics' | 'mirrored'
>;

export interface MeasureOptions {
	readonly entry: UnmeasuredEntry;
	/** As shipped; the caller disposes it. */
	readonly model: tf.LayersModel;
	readonly dataset: Dataset;
	readonly ferPlus: FerPlus | undefined;
	/** What is kept: the curves of training, and corruptions and sets if they are not measured again. */
	readonly previous: Pick<Report, 'history' | 'corruptions' | 'splits' | 'unseen' | 'reproduction'>;
	readonly withCorruptions?: boolean;
	/** Whether PrivateTest is used; without it there are figures for PublicTest only. */
	readonly final: boolean;
	readonly onRows?: (done: number) => void;
}

/** Measures a model on test pictures; writes nothing. */
export async function measureModel(options: MeasureOptions): Promise<{ entry: ModelEntry; report: Report }> {
	const { entry, model, dataset, ferPlus, previous, final } = options;
	const views = await predictTests(model, entry.input, dataset, options.onRows, final ? 'paper' : 'public');
	const calibration = calibrationOf(views.picture, views.rows, dataset);
	const corruptions =
		options.withCorruptions && final ? await measureCorruptions(model, entry.input, calibration, dataset) : [];
	const { id, labels } = entry;
	const sets = testSets(dataset, ferPlus).filter((set) => final || set.id.startsWith('public'));
	const scores = scoresOf(views, calibration, (averages) => calibrationOf(averages, views.rows, dataset));
	const { averageCalibration: mirrored } = scores;
	const priorRatio = everydayRatio(labels);
	const parts = { model: id, labels, ...calibration, mirrored, history: previous.history, corruptions };
	const report = withFiguresOfBefore(createReport(parts, scores, sets, priorRatio), previous);
	const viewOf = (view: 'single' | 'mirrored', { unsure }: Pick<Report, 'unsure'>) => ({
		unsureBelow: unsure?.public.threshold,
		metrics: metricsOf(report, view)
	});
	return {
		entry: {
			...entry,
			...calibration,
			priorRatio,
			...viewOf('single', report),
			mirrored: { ...mirrored, ...viewOf('mirrored', report.mirrored) }
		},
		report
	};
}

/** Fitted on the rows of PublicTest among `rows`, to three digits; `scores`: probabilities of `rows`. */
export function calibrationOf(scores: readonly Scores[], rows: Uint32Array, dataset: Dataset): Calibration {
	const place = new Map(Array.from(rows, (row, index) => [row, index]));
	const selection = rowsOfSplit(dataset, 'public');
	const chosen = Array.from(selection, (row) => scores[place.get(row) ?? -1] ?? []);
	const { temperature, biases } = fitCalibration(chosen, truthOf(dataset, selection));
	const shorten = (value: number): number => Number(value.toFixed(3));
	return { temperature: shorten(temperature), biases: biases.map(shorten) };
}

/** The figures for the manifest: some of the report's. */
function metricsOf({ splits }: Report, view: 'single' | 'mirrored'): ModelEntry['metrics'] {
	const shown = splits.filter(({ id }) => ['public', 'private', 'paper'].includes(id));
	return Object.fromEntries(
		shown.map((split) => {
			const { n, accuracy, macroF1, perLabel } = split[view];
			return [split.id, { n, accuracy, macroF1, perClass: perLabel.map(({ recall }) => recall) }];
		})
	);
}

/** Writes report.json into a model's folder, checked as the page will check it. */
export function writeReport(dir: string, report: Report): void {
	writeWhole(path.join(dir, 'report.json'), [`${JSON.stringify(parseReport(JSON.parse(JSON.stringify(report))))}\n`]);
}
