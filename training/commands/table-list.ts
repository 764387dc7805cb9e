/** The tables of READMEs, each made from files that commands wrote. A new one is a function and a line in TABLES. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FolderFigures } from '../evaluate/folder-figures';
import { bootstrapAccuracy } from '../evaluate/statistics';
import { UserError } from '../lib/errors';
import { createRandom } from '../lib/random';
import type { EpochLog } from '../loop/checkpoint';
import { readManifest } from '../ship/manifest';
import { MODELS_DIR } from './paths';
import { RESULTS_DIR, type Result } from './results';

/** READMEs with tables in them, from the root of the repository. */
export const TABLE_FILES = ['README.md', 'training/README.md', 'training/EXPERIMENTS.md'];

/** By the name in the marker: the table as Markdown. They throw UserError where a file of results is missing. */
export const TABLES: Readonly<Record<string, () => string>> = {
	shipped: shippedTable,
	'folder-ck48': () => folderTable('folder-ck48'),
	'folder-london': () => folderTable('folder-london'),
	'paper-cnn': paperTable
};

/** One decimal of a fraction in per cent. */
const share = (fraction: number): string => (100 * fraction).toFixed(1);

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
	return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function readResult<Figures>(name: string): Result<Figures> {
	const file = path.join(RESULTS_DIR, `${name}.json`);
	if (!existsSync(file))
		throw new UserError(`A table needs training/results/${name}.json, which no command wrote yet.`);
	return JSON.parse(readFileSync(file, 'utf8')) as Result<Figures>;
}

/** Accuracy with the 95 % interval that chance in the choice of `n` pictures gives. */
function withInterval(accuracy: number, n: number): string {
	const right = Math.round(accuracy * n);
	const pictures = Array.from({ length: n }, (_, i) => ({ n: 1, correct: i < right ? 1 : 0 }));
	const { low, high } = bootstrapAccuracy(pictures, createRandom(1));
	return `${share(accuracy)} (${share(low)} to ${share(high)})`;
}

/** What ships: the figures of the manifest. */
function shippedTable(): string {
	const { models, ensembles } = readManifest(MODELS_DIR);
	const figures = (metrics: (typeof models)[number]['metrics']): string[] =>
		['public', 'private', 'paper'].map((split) => {
			const found = metrics[split];
			return found ? withInterval(found.accuracy, found.n) : '';
		});
	return table(
		['model', 'parameters', 'PublicTest, %', 'PrivateTest, %', 'both, as the paper tests, %', 'macro-F1, PrivateTest'],
		[
			...models.map(({ id, parameters, metrics }) => ({ id, parameters: parameters.toLocaleString('en'), metrics })),
			...ensembles.map(({ id, metrics }) => ({ id, parameters: '', metrics }))
		].map(({ id, parameters, metrics }) => [
			`\`${id}\``,
			parameters,
			...figures(metrics),
			(metrics['private']?.macroF1 ?? NaN).toFixed(3)
		])
	);
}

/** `npm run evaluate -- all --folder DIR --save NAME`. */
function folderTable(name: string): string {
	const { command, date, figures } = readResult<(FolderFigures & { prior: 'training' | 'photo' })[]>(name);
	const [first] = figures;
	if (!first) throw new UserError(`training/results/${name}.json holds no figures.`);
	const labels = Object.keys(first.recall);
	const rows = figures.map(({ model, prior, accuracy, interval, macroF1, notFound, recall }) => [
		`\`${model}\``,
		prior === 'training' ? 'FER2013' : 'photos',
		`${share(accuracy)} (${share(interval.low)} to ${share(interval.high)})`,
		macroF1.toFixed(3),
		...labels.map((label) => share(recall[label] ?? NaN)),
		String(notFound)
	]);
	const header = [
		'model',
		'prior',
		'accuracy, % (95 %)',
		'macro-F1',
		...labels.map((label) => `${label}, %`),
		'no face'
	];
	const what = `${String(first.n)} pictures, intervals by ${String(first.groups)} groups; \`${command}\`, ${date}`;
	return `${table(header, rows)}\n\n${what}`;
}

/** What the paper's plots and log show of its own network (its section 6.4). */
const PAPER = { epochs: 32, best: 12, leastLoss: '1.12', train: '93.6', test: '61.4' };

/** `npm run study -- paper-curves`: the run of the paper's recipe beside the paper's. */
function paperTable(): string {
	const { figures, date } = readResult<{ recipe: string; history: EpochLog[] }[]>('paper-cnn');
	const rows = figures.map(({ recipe, history }) => {
		const best = history.reduce((a, b) => (b.validation.loss < a.validation.loss ? b : a));
		const last = history.at(-1);
		return [
			`\`cnn --recipe ${recipe}\``,
			String(history.length),
			String(best.epoch + 1),
			best.validation.loss.toFixed(2),
			share(last?.train.accuracy ?? NaN),
			share(last?.validation.accuracy ?? NaN)
		];
	});
	const paper = ['the paper', String(PAPER.epochs), String(PAPER.best), PAPER.leastLoss, PAPER.train, PAPER.test];
	const header = ['', 'epochs', 'least test loss in', 'that loss', 'last epoch, train, %', 'last epoch, test, %'];
	return `${table(header, [paper, ...rows])}\n\n${date}`;
}
