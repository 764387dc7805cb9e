/** `npm run ensemble`: ships the average of shipped models as one more. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { calibrate } from '../../src/lib/core/calibration';
import { canBeAveraged, meanScores } from '../../src/lib/core/ensemble';
import { everydayRatio } from '../../src/lib/core/prior';
import type { EnsembleEntry, Manifest } from '../../src/lib/manifest';
import type { Report } from '../../src/lib/report';
import { fastestOnProcessor, startBackend } from '../backend/index';
import type { Dataset } from '../data/dataset';
import { readFerPlus, type FerPlus } from '../data/ferplus';
import { createReport, withFiguresOfBefore } from '../evaluate/report';
import { predictTests, scoresOf, testSets, type TestScores } from '../evaluate/test-sets';
import { UserError } from '../lib/errors';
import { readManifest, replaceEnsemble } from '../ship/manifest';
import { calibrationOf, metricsOf, pageViewOf, writeReport } from '../ship/measure';
import { loadShipped, readReport } from '../ship/shipped';
import { describeReport } from './describe';
import { loadData, requireFinal, requireWholeTests } from './flags';
import { MODELS_DIR } from './paths';
import { findEntry } from './subjects';
import { say } from './terminal';

/** `npm run ensemble`; gives the exit code. Throws UserError. */
export async function ensembleCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			data: { type: 'string' },
			ferplus: { type: 'string' },
			final: { type: 'boolean', default: false }
		}
	});
	requireFinal(values.final, 'ensemble');
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
	say(describeReport(await measureEnsemble(ensemble, manifest, dataset, ferPlus), true));
	return 0;
}

/** Averages the members' calibrated probabilities, fits the ensemble's own calibration, and writes report and entry. */
export async function measureEnsemble(
	ensemble: Pick<EnsembleEntry, 'id' | 'title' | 'members' | 'mirrored'>,
	manifest: Manifest,
	dataset: Dataset,
	ferPlus: FerPlus | undefined
): Promise<Report> {
	const members: TestScores[] = [];
	for (const id of ensemble.members) {
		const entry = findEntry(manifest, id);
		const model = loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
		members.push(scoresOf(await predictTests(model, entry.input, dataset), entry));
		model.dispose();
	}
	const [first] = members;
	if (!first) throw new UserError(`The ensemble ${ensemble.id} has no members.`);
	const averaged = (view: 'single' | 'mirrored') =>
		first[view].map((_, index) => meanScores(members.map((scores) => scores[view][index] ?? [])));
	const averages = { single: averaged('single'), mirrored: averaged('mirrored') };
	const view = ensemble.mirrored ? 'mirrored' : 'single';
	const calibration = calibrationOf(averages[view], first.rows, dataset);
	const calibrated = (rows: readonly number[][]) => rows.map((row) => calibrate(row, calibration));
	const scores = { rows: first.rows, single: calibrated(averages.single), mirrored: calibrated(averages.mirrored) };
	const labels = findEntry(manifest, ensemble.members[0] ?? '').labels;
	const parts = { model: ensemble.id, labels, ...calibration, history: [], corruptions: [] };
	const measured = createReport(parts, scores, testSets(dataset, ferPlus), {
		view,
		priorRatio: everydayRatio(labels)
	});
	const report = withFiguresOfBefore(measured, readReport(MODELS_DIR, ensemble.id) ?? { splits: [], corruptions: [] });
	writeReport(path.join(MODELS_DIR, ensemble.id), report);
	replaceEnsemble(MODELS_DIR, { ...ensemble, ...calibration, ...pageViewOf(report), metrics: metricsOf(report, view) });
	return report;
}
