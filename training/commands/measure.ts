/** `npm run measure`: measures what is shipped again, into each model's report and the manifest. */
import path from 'node:path';
import { classifiersOf, type ModelEntry } from '../../src/lib/manifest';
import { fastestOnProcessor, startBackend } from '../backend/index';
import { rowsOf, type Dataset } from '../data/dataset';
import { readFerPlus, type FerPlus } from '../data/ferplus';
import { readManifest, replaceEntry } from '../ship/manifest';
import { measureModel, writeReport } from '../ship/measure';
import { loadShipped, readReport } from '../ship/shipped';
import { describeReport } from './describe';
import { loadData, parseFlags, requireFinal, requireWholeTests } from './flags';
import { wilsonInterval } from '../../src/lib/core/interval';
import { requireResultsFolder, saveResult } from './results';
import { MODELS_DIR } from './paths';
import { findEntry } from './subjects';
import { percent, say, withBar } from './terminal';

/** Gives the exit code. Throws UserError. */
export async function measureCommand(args: string[]): Promise<number> {
	const { values, name } = parseFlags(args, {
		data: { type: 'string' },
		ferplus: { type: 'string' },
		corruptions: { type: 'boolean', default: false },
		final: { type: 'boolean', default: false }
	});
	requireFinal(values.final, 'measure');
	requireResultsFolder();
	const manifest = readManifest(MODELS_DIR);
	const entries = name === 'all' ? manifest.models : [findEntry(manifest, name)];
	const resultName = name === 'all' ? 'shipped' : `shipped-${name}`;
	const ids = entries.map(({ id }) => id);
	say(
		`This changes in static/models: index.json (figures and calibration of ${ids.join(', ')}) and their report.json; ` +
			`and training/results/${resultName}.json.`
	);
	const dataset = await loadData(values.data);
	requireWholeTests(dataset);
	await startBackend(fastestOnProcessor());
	const ferPlus = values.ferplus === undefined ? undefined : readFerPlus(values.ferplus, dataset);
	for (const entry of entries) {
		const measured = await measureAndWrite(entry, dataset, ferPlus, values.corruptions);
		const [before, after] = [entry, measured].map(({ metrics }) => metrics['public']?.accuracy ?? NaN);
		if (before !== after) say(`${entry.id}: PublicTest ${percent(before ?? NaN)} becomes ${percent(after ?? NaN)}`);
	}
	for (const id of ids) {
		const report = readReport(MODELS_DIR, id);
		if (report) say(describeReport(report, true));
	}
	const figures = classifiersOf(readManifest(MODELS_DIR))
		.filter(({ model }) => ids.includes(model))
		.map(({ id, metrics }) => ({ id, metrics: withIntervals(metrics) }));
	saveResult(resultName, ['measure', ...args], dataset, figures);
	return 0;
}

/** The figures of each split with the 95 % interval of the accuracy. */
function withIntervals(metrics: ModelEntry['metrics']): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(metrics).map(([split, figures]) => [
			split,
			{ ...figures, interval: wilsonInterval(figures.accuracy, figures.n) }
		])
	);
}

async function measureAndWrite(
	entry: ModelEntry,
	dataset: Dataset,
	ferPlus: FerPlus | undefined,
	withCorruptions: boolean
): Promise<ModelEntry> {
	const dir = path.join(MODELS_DIR, path.dirname(entry.url));
	const model = loadShipped(dir);
	const previous = readReport(MODELS_DIR, entry.id) ?? { history: [], corruptions: [], splits: [] };
	const options = { entry, model, dataset, ferPlus, previous, withCorruptions, final: true };
	const { entry: measured, report } = await withBar(
		`${entry.title} [{bar}] {percentage}% {eta_formatted} left`,
		2 * rowsOf(dataset, 'paper').length,
		(onRows) => measureModel({ ...options, onRows })
	);
	model.dispose();
	writeReport(dir, report);
	replaceEntry(MODELS_DIR, measured);
	return measured;
}
