/**
 * `npm run evaluate`: how accurate a model is, on a split of FER2013 or on a folder of pictures. Without --save and
 * --report it writes nothing.
 */
import path from 'node:path';
import { calibrate } from '../../src/lib/core/calibration';
import { confusionMatrix, expectedCalibrationError, summarise } from '../../src/lib/core/metrics';
import { applyPrior, everydayRatio } from '../../src/lib/core/prior';
import { indexOfGreatest } from '../../src/lib/core/scores';
import { fastestOnProcessor, startBackend } from '../backend/index';
import { loadStillDetector } from '../blazeface/detect';
import { SPLITS, type Dataset, type Split } from '../data/dataset';
import { readLabelledFolder } from '../data/labelled-folder';
import { classifierOf, classifyFolder } from '../evaluate/folder';
import { folderFigures, groupBy } from '../evaluate/folder-figures';
import { unseenReport, withUnseen } from '../evaluate/unseen';
import { predict, rowsOfSplit, truthOf } from '../evaluate/predict';
import { bootstrapAccuracy } from '../evaluate/statistics';
import { UserError } from '../lib/errors';
import { createRandom } from '../lib/random';
import { readManifest } from '../ship/manifest';
import { writeReport } from '../ship/measure';
import { readReport } from '../ship/shipped';
import { confusionTable, describeFolder, describeLabels } from './describe';
import { loadData, parseFlags } from './flags';
import { MODELS_DIR } from './paths';
import { requireResultName, saveResult } from './results';
import { findEntry, runSubject, shippedSubject, type Subject } from './subjects';
import { percent, say, warn, withBar } from './terminal';

const OPTIONS = {
	data: { type: 'string' },
	split: { type: 'string' },
	final: { type: 'boolean', default: false },
	folder: { type: 'string' },
	by: { type: 'string' },
	run: { type: 'string' },
	seed: { type: 'string' },
	models: { type: 'string' },
	json: { type: 'boolean', default: false },
	report: { type: 'boolean', default: false },
	save: { type: 'string' }
} as const;

/** `npm run evaluate`; gives the exit code. Throws UserError. */
export async function evaluateCommand(args: string[]): Promise<number> {
	const { values, name } = parseFlags(args, OPTIONS);
	const { folder, run } = values;
	const split = splitOf(values.split, values.final);
	if (values.report && (folder === undefined || run !== undefined))
		throw new UserError('--report adds figures of a --folder to the report of a shipped model.');
	if (folder === undefined ? values.by !== undefined : values.split !== undefined)
		throw new UserError('--by goes with --folder, and --split with --data alone.');
	if (run === undefined ? values.seed !== undefined : values.models !== undefined)
		throw new UserError('--seed goes with --run, and --models with the name of a shipped model.');
	requireResultName(values.save);
	// Whoever asks for JSON reads the output by a program.
	const tell = values.json ? warn : say;
	const data = folder !== undefined && values.data === undefined ? undefined : await loadData(values.data);
	await startBackend(fastestOnProcessor());
	const subjects = await subjectsOf(name, run, values, data);
	try {
		const figures =
			folder === undefined
				? await onSplit(subjects, split, data as Dataset, values.json)
				: await onFolder(subjects, folder, values.by, values.models ?? MODELS_DIR, values.json, values.report);
		if (values.save !== undefined) saveResult(values.save, ['evaluate', ...args], data, figures, tell);
	} finally {
		for (const { model } of subjects) model.dispose();
	}
	return 0;
}

/** The requested split. PrivateTest is kept for the end: it is shown only if `final` says that this is the end. */
function splitOf(name: string | undefined, final: boolean): Split {
	const split = SPLITS.find((id) => id === (name ?? 'public'));
	if (!split) throw new UserError(`--split takes one of ${SPLITS.join(', ')}, not "${name ?? ''}".`);
	if ((split === 'private' || split === 'paper') && !final)
		throw new UserError(
			`--split ${split} shows PrivateTest, which no choice may depend on. Once everything is chosen, add --final.`
		);
	return split;
}

async function subjectsOf(
	name: string,
	run: string | undefined,
	{ models = MODELS_DIR, seed }: { models?: string | undefined; seed?: string | undefined },
	data: Dataset | undefined
): Promise<Subject[]> {
	if (run !== undefined) {
		if (name !== '') throw new UserError(`Name a shipped model (${name}) or a run (--run ${run}), not both.`);
		return [await runSubject(run, seed, data)];
	}
	const manifest = readManifest(models);
	const entries = name === 'all' ? manifest.models : [findEntry(manifest, name)];
	return entries.map((entry) => shippedSubject(entry, models));
}

async function onSplit(subjects: readonly Subject[], split: Split, data: Dataset, json: boolean): Promise<unknown[]> {
	const all: unknown[] = [];
	const rows = rowsOfSplit(data, split);
	const truth = truthOf(data, rows);
	for (const { title, spec, model } of subjects) {
		const format = 'Evaluating [{bar}] {percentage}% {eta_formatted} left';
		const scores = await withBar(format, rows.length, (onRows) => predict(model, spec.input, data, rows, onRows));
		const calibrated = scores.map((row) => calibrate(row, spec));
		const confusion = confusionMatrix(calibrated, truth, spec.labels.length);
		const calibrationError = expectedCalibrationError(calibrated, truth);
		const evaluation = { model: spec.id, split, ...summarise(confusion), confusion, calibrationError };
		const right = calibrated.map((row, i) => ({ n: 1, correct: Number(indexOfGreatest(row) === truth[i]) }));
		const interval = bootstrapAccuracy(right, createRandom(1));
		all.push({ ...evaluation, interval });
		if (json) {
			say(JSON.stringify({ ...evaluation, interval }));
			continue;
		}
		say(
			[
				`${title} on ${split}, ${String(evaluation.n)} pictures, single crop`,
				`accuracy ${percent(evaluation.accuracy)} (95 %: ${percent(interval.low)} to ${percent(interval.high)}), ` +
					`macro-F1 ${evaluation.macroF1.toFixed(3)}, calibration error ${evaluation.calibrationError.toFixed(3)}`,
				'',
				...confusionTable(spec.labels, evaluation.confusion)
			].join('\n')
		);
	}
	return all;
}

async function onFolder(
	subjects: readonly Subject[],
	folder: string,
	by: string | undefined,
	modelsDir: string,
	json: boolean,
	intoReport: boolean
): Promise<unknown[]> {
	const { pictures, ...labels } = await readLabelledFolder(folder);
	const tell = json ? warn : say;
	for (const sentence of describeLabels(labels)) tell(sentence);
	const groupOf = groupBy(by);
	pictures.forEach(groupOf);
	const classifiers = subjects.map(({ spec, model }) => classifierOf(spec, model));
	const loadDetector = () => Promise.resolve(loadStillDetector(modelsDir));
	const answers = await withBar(
		'Looking [{bar}] {value} of {total}, {eta_formatted} left',
		pictures.length,
		(onPictures) => classifyFolder(pictures, classifiers, loadDetector, onPictures)
	);
	for (const sentence of answers.unreadable) tell(sentence);
	const all: unknown[] = [];
	for (const { title, spec } of subjects) {
		const { photo } = everydayRatio(spec.labels);
		const asInTraining = folderFigures(spec, answers, groupOf);
		const asInPhotos = folderFigures(spec, answers, groupOf, (scores) => applyPrior(scores, photo));
		const report = intoReport ? readReport(modelsDir, spec.id) : undefined;
		if (report) {
			const unseen = unseenReport(path.basename(folder), spec.labels, asInPhotos);
			writeReport(path.join(modelsDir, spec.id), withUnseen(report, unseen));
		}
		all.push({ prior: 'training', ...asInTraining }, { prior: 'photo', ...asInPhotos });
		if (json) continue;
		say(`\n${describeFolder(`${title}, labels as common as in FER2013:`, spec.labels, asInTraining)}`);
		say(`\n${describeFolder(`${title}, labels as the page counts them in photos:`, spec.labels, asInPhotos)}`);
	}
	if (json) for (const figures of all) say(JSON.stringify(figures));
	return all;
}
