/** `npm run evaluate`: one split in a few lines or as JSON, or everything into each model's report. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { calibrate } from '../src/lib/core/calibration';
import { canBeAveraged, meanScores } from '../src/lib/core/ensemble';
import { everydayRatio } from '../src/lib/core/prior';
import type { EnsembleEntry, Manifest, ModelEntry } from '../src/lib/manifest';
import { parseReport, type Report } from '../src/lib/report';
import { fastestOnProcessor, startBackend } from './backend/index';
import { writeContactSheets } from './contact-sheet';
import { SPLITS, rowsOf, type Dataset } from './dataset';
import { UserError } from './errors';
import { evaluateScores, predict, rowsOfSplit, truthOf, type Evaluation } from './evaluate';
import {
	calibrationOf,
	loadShipped,
	measureShipped,
	metricsOf,
	pageViewOf,
	readManifest,
	replaceEnsemble,
	replaceEntry,
	writeReport
} from './export';
import { readFerPlus, type FerPlus } from './ferplus';
import { createReport, lookAtTests, scoresOf, testSets, type TestScores, withFiguresOfBefore } from './report';
import { CACHE, MODELS_DIR, createBar, loadData, percent, say } from './terminal';

/** Of PublicTest as of PrivateTest. */
const TEST_ROWS = 3589;

/** `npm run evaluate`; gives the exit code. Throws UserError. */
export async function evaluateCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			data: { type: 'string' },
			ferplus: { type: 'string' },
			split: { type: 'string' },
			json: { type: 'boolean', default: false },
			corruptions: { type: 'boolean', default: false }
		}
	});
	const manifest = readManifest(MODELS_DIR);
	const name = positionals[0] ?? '';
	const split = SPLITS.find((id) => id === values.split);
	if (values.split !== undefined && !split)
		throw new UserError(`--split takes one of ${SPLITS.join(', ')}, not "${values.split}".`);
	const entries = name === 'all' ? manifest.models : [findEntry(manifest, name)];
	const dataset = await loadData(values.data);
	await startBackend(fastestOnProcessor());
	if (split) {
		for (const entry of entries) {
			const evaluation = await evaluateSplit(entry, split, dataset);
			say(values.json ? JSON.stringify(evaluation) : describeEvaluation(entry, evaluation));
		}
		return 0;
	}
	requireWholeTests(dataset);
	const ferPlus = values.ferplus === undefined ? undefined : readFerPlus(values.ferplus, dataset.n);
	for (const entry of entries) {
		const measured = await reportOn(entry, dataset, ferPlus, values.corruptions);
		replaceEntry(MODELS_DIR, measured);
	}
	const ensembles = name === 'all' ? manifest.ensembles : [];
	// With the members' calibrations as they are now.
	const measured = readManifest(MODELS_DIR);
	for (const ensemble of ensembles) await reportOnEnsemble(ensemble, measured, dataset, ferPlus);
	for (const { id } of [...entries, ...ensembles]) {
		const report = previousReport(id);
		if (report) say(values.json ? JSON.stringify(report) : describeReport(report));
	}
	return 0;
}

/** What ships keeps the figures of all test pictures: a part of them is not written over these. Throws UserError. */
export function requireWholeTests(dataset: Dataset): void {
	for (const split of ['public', 'private'] as const) {
		const { length } = rowsOf(dataset, split);
		if (length !== TEST_ROWS)
			throw new UserError(
				`The data has ${length} rows of the split "${split}", FER2013 ${TEST_ROWS}: the shipped figures stay as they are. ` +
					`Take the whole fer2013.csv, or --split ${split} to look at these rows alone.`
			);
	}
}

/** The model of that id; throws UserError that lists the ids. */
export function findEntry({ models }: Manifest, id: string): ModelEntry {
	const found = models.find((entry) => entry.id === id);
	if (!found)
		throw new UserError(`No model "${id}" is shipped. Choose all or one of: ${models.map((m) => m.id).join(', ')}.`);
	return found;
}

async function evaluateSplit(entry: ModelEntry, split: (typeof SPLITS)[number], dataset: Dataset): Promise<Evaluation> {
	const model = await loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
	const rows = rowsOfSplit(dataset, split);
	const bar = createBar('Evaluating [{bar}] {percentage}% {eta_formatted} left');
	bar.start(rows.length, 0);
	const scores = await predict(model, entry.input, dataset, rows, (done) => {
		bar.update(done);
	});
	bar.stop();
	model.dispose();
	const calibrated = scores.map((row) => calibrate(row, entry));
	return evaluateScores(entry.id, split, calibrated, truthOf(dataset, rows));
}

function describeEvaluation({ title, labels }: ModelEntry, evaluation: Evaluation): string {
	const width = Math.max(...labels.map((label) => label.length)) + 1;
	const rows = evaluation.confusion.map((row, label) => {
		const counts = row.map((count) => String(count).padStart(width)).join('');
		return `${(labels[label] ?? '').padEnd(width)}${counts}   recall ${percent(evaluation.perClass[label] ?? 0)}`;
	});
	return [
		`${title} on ${evaluation.split}, ${String(evaluation.n)} pictures, single crop`,
		`accuracy ${percent(evaluation.accuracy)}, macro-F1 ${evaluation.macroF1.toFixed(3)}, ` +
			`calibration error ${evaluation.calibrationError.toFixed(3)}`,
		'',
		`${'true \\ said'.padEnd(width)}${labels.map((label) => label.padStart(width)).join('')}`,
		...rows
	].join('\n');
}

/** Measures, writes report.json and its pictures, and contact sheets into the cache. */
async function reportOn(
	entry: ModelEntry,
	dataset: Dataset,
	ferPlus: FerPlus | undefined,
	withCorruptions: boolean
): Promise<ModelEntry> {
	const bar = createBar(`${entry.title} [{bar}] {percentage}% {eta_formatted} left`);
	bar.start(2 * rowsOf(dataset, 'paper').length, 0);
	const measured = await measureShipped({
		entry,
		dataset,
		ferPlus,
		modelsDir: MODELS_DIR,
		previous: previousReport(entry.id) ?? { history: [], corruptions: [], splits: [] },
		withCorruptions,
		onRows: (done) => {
			bar.update(done);
		}
	});
	bar.stop();
	const rows = rowsOf(dataset, 'private');
	const model = await loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
	const scores = await predict(model, entry.input, dataset, rows);
	model.dispose();
	const calibrated = scores.map((row) => calibrate(row, measured));
	await writeContactSheets(path.join(CACHE, 'reports', entry.id), dataset, rows, calibrated);
	return measured;
}

function previousReport(id: string): Report | undefined {
	const file = path.join(MODELS_DIR, id, 'report.json');
	return existsSync(file) ? parseReport(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

/** Averages the members' calibrated probabilities, fits the ensemble's own calibration, and writes report and entry. */
async function reportOnEnsemble(
	ensemble: Pick<EnsembleEntry, 'id' | 'title' | 'members' | 'mirrored'>,
	manifest: Manifest,
	dataset: Dataset,
	ferPlus: FerPlus | undefined
): Promise<Report> {
	const members: TestScores[] = [];
	for (const id of ensemble.members) {
		const entry = findEntry(manifest, id);
		const model = await loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
		members.push(scoresOf(await lookAtTests(model, entry.input, dataset), entry));
		model.dispose();
	}
	const [first] = members;
	if (!first) throw new UserError(`The ensemble ${ensemble.id} has no members.`);
	const mean = (look: 'single' | 'mirrored') =>
		first[look].map((_, index) => meanScores(members.map((scores) => scores[look][index] ?? [])));
	const means = { single: mean('single'), mirrored: mean('mirrored') };
	const look = ensemble.mirrored ? 'mirrored' : 'single';
	const calibration = calibrationOf(means[look], first.rows, dataset);
	const calibrated = (rows: readonly number[][]) => rows.map((row) => calibrate(row, calibration));
	const scores = { rows: first.rows, single: calibrated(means.single), mirrored: calibrated(means.mirrored) };
	const labels = findEntry(manifest, ensemble.members[0] ?? '').labels;
	const parts = { model: ensemble.id, labels, ...calibration, history: [], corruptions: [] };
	const measured = createReport(parts, scores, testSets(dataset, ferPlus), {
		look,
		priorRatio: everydayRatio(labels)
	});
	const report = withFiguresOfBefore(measured, previousReport(ensemble.id) ?? { splits: [], corruptions: [] });
	writeReport(path.join(MODELS_DIR, ensemble.id), report, look);
	replaceEnsemble(MODELS_DIR, { ...ensemble, ...calibration, ...pageViewOf(report), metrics: metricsOf(report, look) });
	return report;
}

/** `npm run ensemble`; gives the exit code. Throws UserError. */
export async function ensembleCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: { data: { type: 'string' }, ferplus: { type: 'string' } }
	});
	const manifest = readManifest(MODELS_DIR);
	const [first, ...others] = positionals.map((id) => findEntry(manifest, id));
	if (!first)
		throw new UserError('Name the shipped models to average; one alone is averaged over face and mirror image.');
	if (new Set(positionals).size < positionals.length) throw new UserError('Name each model once.');
	const different = others.find((other) => !canBeAveraged(first, other));
	if (different)
		throw new UserError(
			`${first.id} and ${different.id} differ in labels, input size, crop or least contrast, and cannot be averaged.`
		);
	const dataset = await loadData(values.data);
	requireWholeTests(dataset);
	await startBackend(fastestOnProcessor());
	const ferPlus = values.ferplus === undefined ? undefined : readFerPlus(values.ferplus, dataset.n);
	const named =
		positionals.length === 1
			? { id: `${first.id}-mirrored`, title: `${first.title}, mirrored` }
			: { id: 'ensemble', title: 'Ensemble' };
	const ensemble = { ...named, members: positionals, mirrored: true };
	say(describeReport(await reportOnEnsemble(ensemble, manifest, dataset, ferPlus)));
	return 0;
}

function describeReport({ model, splits, unsure, corruptions }: Report): string {
	const lines = splits.map(({ id, single, mirrored }) => {
		const figures = [single, mirrored].map(
			({ accuracy, macroF1, calibrationError }) =>
				`${percent(accuracy)} F1 ${macroF1.toFixed(3)} ECE ${calibrationError.toFixed(3)}`
		);
		return `  ${id.padEnd(24)} ${String(single.n).padStart(5)}   ${figures.join('   mirrored ')}`;
	});
	const worse = corruptions.map(({ title, accuracy }) => `  ${title.padEnd(52)} ${accuracy.map(percent).join('  ')}`);
	const silent = unsure && [
		`  unsure below ${percent(unsure.public.threshold)}: of PrivateTest ${percent(unsure.private.coverage)} answered, ` +
			`${percent(unsure.private.accuracy)} of it rightly`
	];
	return [`${model}: accuracy, macro-F1 and calibration error`, ...lines, ...(silent ?? []), ...worse].join('\n');
}
