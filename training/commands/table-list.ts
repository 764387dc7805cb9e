/** The tables of READMEs, each made from files that commands wrote. A new one is a function and a line in TABLES. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { wilsonInterval } from '../../src/lib/core/interval';
import { classifiersOf, type ModelEntry } from '../../src/lib/manifest';
import type { FolderFigures } from '../evaluate/folder-figures';
import { UserError } from '../lib/errors';
import type { EpochLog } from '../loop/checkpoint';
import { readManifest } from '../ship/manifest';
import { MODELS_DIR } from './paths';
import { RESULTS_DIR, type Result } from './results';

/** READMEs with tables in them, from the root of the repository. */
export const TABLE_FILES = ['README.md', 'training/README.md', 'training/EXPERIMENTS.md'];

/** Makes the table as Markdown, by the name in the marker. Throws UserError if a results file is missing. */
export const TABLES: Readonly<Record<string, () => string>> = {
	classifiers: classifiersTable,
	shipped: shippedTable,
	'training-speed': speedTable,
	'folder-ck48': () => folderTable('folder-ck48'),
	'folder-london': () => folderTable('folder-london'),
	'paper-cnn': paperTable
};

/** One decimal of a fraction in percent. */
const share = (fraction: number): string => (100 * fraction).toFixed(1);

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
	return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function readResult<Figures>(name: string): Result<Figures> {
	const file = path.join(RESULTS_DIR, `${name}.json`);
	if (!existsSync(file))
		throw new UserError(`A table needs training/results/${name}.json, which no command has written yet.`);
	return JSON.parse(readFileSync(file, 'utf8')) as Result<Figures>;
}

const percent = (fraction: number): string => `${share(fraction)} %`;

/** Accuracy on a split with its 95 % interval. */
function withInterval(metrics: ModelEntry['metrics'], split: string, write: (fraction: number) => string): string {
	const { accuracy, n } = metrics[split] ?? { accuracy: NaN, n: 0 };
	const { low, high } = wilsonInterval(accuracy, n);
	return `${write(accuracy)} (${share(low)} to ${share(high)})`;
}

/** For training/README.md: what ships, from the manifest, which export and measure write. */
function shippedTable(): string {
	const splits = ['public', 'private', 'paper'];
	return table(
		[
			'model',
			'view',
			'parameters',
			...['PublicTest, %', 'PrivateTest, %', 'both, as the paper tests, %', 'macro-F1, PrivateTest']
		],
		classifiersOf(readManifest(MODELS_DIR)).map(({ model, mirrored, parameters, metrics }) => [
			`\`${model}\``,
			mirrored ? 'with mirror image' : 'single',
			parameters.toLocaleString('en'),
			...splits.map((split) => withInterval(metrics, split, share)),
			(metrics['private']?.macroF1 ?? NaN).toFixed(3)
		])
	);
}

/** For README.md. */
function classifiersTable(): string {
	const header = [
		...['classifier', 'PrivateTest (95 % interval)', 'with mirror image'],
		...["the paper's test rows", 'the paper has', 'macro-F1']
	];
	const rows = readManifest(MODELS_DIR).models.map(({ id, title, parameters, bytes, metrics, mirrored }) => [
		`${title} (\`${id}\`)`,
		withInterval(metrics, 'private', percent),
		percent(mirrored?.metrics['private']?.accuracy ?? NaN),
		percent(metrics['paper']?.accuracy ?? NaN),
		PAPER_ACCURACY[id] ?? '',
		(metrics['private']?.macroF1 ?? NaN).toFixed(3),
		parameters.toLocaleString('en'),
		`${(bytes / 1e6).toFixed(1)} MB`
	]);
	return table([...header, 'weights', 'size'], rows);
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

/** What the paper says of its two networks. */
const PAPER_ACCURACY: Readonly<Record<string, string>> = { cnn: '61.4 %', vgg16: '46.9 %' };

/** What the bench writes about a model on a back end. */
interface TrainingSpeed {
	readonly model: string;
	readonly backend: string;
	readonly replicas: number;
	readonly batchSize: number;
	readonly imagesPerSecond: number;
	readonly gigaflopsPerSecond: number;
}

/** `npm run bench -- training`: pictures per second, and how many times as fast as WASM. */
function speedTable(): string {
	const { figures, date } = readResult<{ processor: string; speeds: TrainingSpeed[] }>('training-speed');
	const { processor, speeds } = figures;
	const rows = speeds.map(({ model, backend, replicas, batchSize, imagesPerSecond, gigaflopsPerSecond }) => {
		const floor = speeds.find((other) => other.model === model && other.backend === 'wasm')?.imagesPerSecond ?? NaN;
		return [
			`\`${model}\``,
			`\`${backend}\``,
			String(replicas),
			String(batchSize),
			imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0),
			gigaflopsPerSecond.toFixed(0),
			(imagesPerSecond / floor).toFixed(1)
		];
	});
	const header = ['model', 'back end', 'replicas', 'batch', 'pictures/s', 'GFLOP/s', 'times WASM'];
	return `${table(header, rows)}\n\n${processor}; \`npm run bench -- training\`, ${date}`;
}

/** What the paper's plots and log show of its own network (its section 6.4). */
const PAPER = { epochs: 32, best: 12, leastLoss: '1.12', train: '93.6', test: '61.4' };

/** `npm run study -- paper-curves`: the run of the paper's recipe beside the paper's. */
function paperTable(): string {
	const { figures, date } =
		readResult<{ recipe: string; history: EpochLog[]; interval: { low: number; high: number } }[]>('paper-cnn');
	const rows = figures.map(({ recipe, history, interval }) => {
		const best = history.reduce((a, b) => (b.validation.loss < a.validation.loss ? b : a));
		const last = history.at(-1);
		return [
			`\`cnn --recipe ${recipe}\``,
			String(history.length),
			String(best.epoch + 1),
			best.validation.loss.toFixed(2),
			share(last?.train.accuracy ?? NaN),
			`${share(last?.validation.accuracy ?? NaN)} (${share(interval.low)} to ${share(interval.high)})`
		];
	});
	const paper = ['the paper', String(PAPER.epochs), String(PAPER.best), PAPER.leastLoss, PAPER.train, PAPER.test];
	const header = ['', 'epochs', 'least test loss in', 'that loss', 'last epoch, train, %', 'last epoch, test, %'];
	return `${table(header, [paper, ...rows])}\n\n${date}`;
}
