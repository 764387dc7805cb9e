/** Commands of the trainer: reads flags, prints, exits; the work is in the modules beside this one. */
import * as tf from '@tensorflow/tfjs';
import cliProgress from 'cli-progress';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { applyTemperature } from '../src/lib/core/calibration';
import type { Manifest, ModelEntry } from '../src/lib/manifest';
import { TRAINING_BACKENDS, defaultReplicas, startBackend, type TrainingBackend } from './backend/index';
import { readCheckpoint } from './checkpoint';
import type { Recipe } from './config';
import { SPLITS, loadFer2013, type Dataset } from './dataset';
import { convertDetector, shortRangeFile } from './detector';
import { UserError } from './errors';
import { evaluateScores, predict, rowsOfSplit, truthOf, type Evaluation } from './evaluate';
import { exportModel, readManifest } from './export';
import { readArtifacts } from './model-files';
import { findModel } from './models/index';
import { RUN_FILES, train, type StepProgress, type TrainEvent } from './train';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const CACHE = path.join(ROOT, '.cache');
const MODELS_DIR = path.join(ROOT, 'static', 'models');

const USAGE = `Usage:
  npm run prepare:data -- --data FILE      read FER2013 once into a fast local copy
  npm run train -- MODEL --data FILE       train a model; run again to go on after an interruption
      [--backend wasm|cpu] [--replicas N] [--epochs N] [--seed N] [--checkpoint-minutes N] [--fresh]
  npm run export -- MODEL --data FILE      ship the best weights of a run in static/models, with their figures
      [--seed N]
  npm run evaluate -- MODEL --data FILE --split private|public|paper [--json]
                                           measure what is shipped
  npm run detector                         convert the face detector
FILE: fer2013.csv, fer2013.csv.gz or icml_face_data.csv`;

const say = (line: string): void => {
	process.stdout.write(`${line}\n`);
};

/** A bar on a terminal; nothing elsewhere, where lines do. */
function createBar(format: string): cliProgress.SingleBar {
	return new cliProgress.SingleBar({ format, hideCursor: true, noTTYOutput: false, clearOnComplete: true });
}

async function loadData(file: string | undefined): Promise<Dataset> {
	if (file === undefined) throw new UserError('Say where FER2013 is: --data FILE.');
	const bar = createBar('Reading {filename} [{bar}] {percentage}% {eta_formatted} left');
	if (existsSync(file)) bar.start(statSync(file).size, 0, { filename: path.basename(file) });
	try {
		return await loadFer2013(file, path.join(CACHE, 'data'), (count) => {
			bar.increment(count);
		});
	} finally {
		bar.stop();
	}
}

function runDirOf(model: string, { id, seed }: Recipe): string {
	return path.join(CACHE, 'runs', `${model}-${id}-seed${String(seed)}`);
}

/** A whole number of at least `least`, or undefined when the flag is missing; throws UserError. */
function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
	if (text === undefined) return undefined;
	const value = Number(text);
	if (!Number.isInteger(value) || value < least)
		throw new UserError(`--${name} takes a whole number of at least ${String(least)}, not "${text}".`);
	return value;
}

function parseBackend(text: string | undefined): TrainingBackend {
	const found = TRAINING_BACKENDS.find((name) => name === (text ?? 'wasm'));
	if (!found) throw new UserError(`--backend takes one of ${TRAINING_BACKENDS.join(', ')}, not "${text ?? ''}".`);
	return found;
}

/** Aborts on Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
function abortOnSignals(): AbortSignal {
	const controller = new AbortController();
	let firstMs: number | undefined;
	process.on('SIGINT', () => {
		if (firstMs === undefined) {
			firstMs = performance.now();
			say('\nSaving a checkpoint; press Ctrl-C again to stop without one.');
			controller.abort();
		} else if (performance.now() - firstMs > 1000) {
			// Sooner, it is the same Ctrl-C, passed on by npm.
			process.exit(130);
		}
	});
	process.once('SIGTERM', () => {
		controller.abort();
	});
	return controller.signal;
}

async function trainCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			data: { type: 'string' },
			backend: { type: 'string' },
			replicas: { type: 'string' },
			epochs: { type: 'string' },
			seed: { type: 'string' },
			'checkpoint-minutes': { type: 'string' },
			fresh: { type: 'boolean', default: false }
		}
	});
	const definition = findModel(positionals[0] ?? '');
	const backend = parseBackend(values.backend);
	const { recipe: base } = definition;
	const recipe = {
		...base,
		epochs: wholeNumber('epochs', values.epochs, 1) ?? base.epochs,
		seed: wholeNumber('seed', values.seed, 0) ?? base.seed
	};
	const runDir = runDirOf(definition.id, recipe);
	const dataset = await loadData(values.data);

	const interrupted = abortOnSignals();
	const bar = createBar(
		'epoch {epoch} [{bar}] {percentage}% loss {loss} accuracy {accuracy} {speed} images/s {left} left'
	);
	try {
		const outcome = await train({
			definition,
			recipe,
			dataset,
			backend,
			replicas: wholeNumber('replicas', values.replicas, 1) ?? defaultReplicas(backend),
			runDir,
			checkpointMinutes: wholeNumber('checkpoint-minutes', values['checkpoint-minutes'], 1) ?? 5,
			fresh: values.fresh,
			signal: interrupted,
			now: () => performance.now(),
			onEvent: (event) => {
				show(event, bar);
			}
		});
		bar.stop();
		const best = outcome.best
			? `Best on PublicTest: ${percent(outcome.best.validation.accuracy)} after epoch ${String(outcome.best.epoch + 1)}.`
			: 'No epoch was finished.';
		switch (outcome.kind) {
			case 'finished':
				say(`Done. ${best} Now: npm run export -- ${definition.id}`);
				return 0;
			case 'stopped':
				say(`Stopped with a checkpoint. ${best} The same command goes on from here.`);
				return 130;
			case 'diverged':
				throw new UserError(
					`The loss was not a number at step ${String(outcome.step)}. ${best} The last checkpoint and the best ` +
						`weights are kept in ${path.relative(ROOT, runDir)}; lower the recipe's learningRate and use --fresh.`
				);
		}
	} finally {
		bar.stop();
	}
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

function show(event: TrainEvent, bar: cliProgress.SingleBar): void {
	switch (event.type) {
		case 'resumed':
			say(`Going on from step ${String(event.step)} of ${String(event.steps)}.`);
			return;
		case 'step':
			showStep(event.progress, bar);
			return;
		case 'epoch': {
			const { log, best } = event;
			say(
				`epoch ${String(log.epoch + 1)} (${String(log.size)} px): training ${log.train.loss.toFixed(3)} / ` +
					`${percent(log.train.accuracy)}, PublicTest ${log.validation.loss.toFixed(3)} / ` +
					`${percent(log.validation.accuracy)}${best ? ' (best)' : ''}, ` +
					`${log.imagesPerSecond.toFixed(0)} images/s, ${log.seconds.toFixed(0)} s`
			);
			return;
		}
		case 'checkpoint':
			return;
		case 'problem':
			say(event.sentence);
	}
}

function showStep(progress: StepProgress, bar: cliProgress.SingleBar): void {
	const shown = {
		epoch: progress.epoch + 1,
		loss: progress.loss.toFixed(3),
		accuracy: percent(progress.accuracy),
		speed: progress.imagesPerSecond.toFixed(0),
		left: `${(progress.secondsLeft / 60).toFixed(0)} min`
	};
	if (bar.isActive) bar.update(progress.step, shown);
	else bar.start(progress.steps, progress.step, shown);
}

async function prepareCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' } } });
	const { n } = await loadData(values.data);
	say(`${String(n)} pictures are ready.`);
	return 0;
}

async function exportCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: { data: { type: 'string' }, seed: { type: 'string' } }
	});
	const definition = findModel(positionals[0] ?? '');
	const recipe = { ...definition.recipe, seed: wholeNumber('seed', values.seed, 0) ?? definition.recipe.seed };
	const bestFile = path.join(runDirOf(definition.id, recipe), RUN_FILES.best);
	if (!existsSync(bestFile))
		throw new UserError(`There are no trained weights of ${definition.id}. First: npm run train -- ${definition.id}`);
	const dataset = await loadData(values.data);
	await startBackend('wasm');
	const best = readCheckpoint(bestFile);
	const entry = await exportModel({
		definition,
		best,
		dataset,
		modelsDir: MODELS_DIR,
		trained: {
			date: new Date(statSync(bestFile).mtime).toISOString().slice(0, 10),
			commit: execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim(),
			recipe: `${recipe.id}, seed ${String(recipe.seed)}, epoch ${String(best.history.length)} of ${String(recipe.epochs)}`,
			backend: 'wasm',
			base: 'scratch'
		}
	});
	say(
		`${entry.title}: ${String(entry.bytes)} bytes, ${String(entry.parameters)} parameters, temperature ${String(entry.temperature)}`
	);
	for (const [split, { n, accuracy, macroF1 }] of Object.entries(entry.metrics))
		say(`${split.padEnd(8)} ${percent(accuracy)} of ${String(n)}, macro-F1 ${macroF1.toFixed(3)}`);
	return 0;
}

async function evaluateCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			data: { type: 'string' },
			split: { type: 'string', default: 'private' },
			json: { type: 'boolean', default: false }
		}
	});
	const split = SPLITS.find((name) => name === values.split);
	if (!split) throw new UserError(`--split takes one of ${SPLITS.join(', ')}, not "${values.split}".`);
	const entry = findEntry(readManifest(MODELS_DIR), positionals[0] ?? '');
	const dataset = await loadData(values.data);
	await startBackend('wasm');
	const model = await tf.loadLayersModel(tf.io.fromMemory(readArtifacts(path.join(MODELS_DIR, entry.url))));
	const rows = rowsOfSplit(dataset, split);
	const bar = createBar('Evaluating [{bar}] {percentage}% {eta_formatted} left');
	bar.start(rows.length, 0);
	const scores = await predict(model, entry.input, dataset, rows, (done) => {
		bar.update(done);
	});
	bar.stop();
	const softened = scores.map((row) => applyTemperature(row, entry.temperature));
	const evaluation = evaluateScores(entry.id, split, softened, truthOf(dataset, rows));
	say(values.json ? JSON.stringify(evaluation) : describeEvaluation(entry, evaluation));
	return 0;
}

function findEntry({ models }: Manifest, id: string): ModelEntry {
	const found = models.find((entry) => entry.id === id);
	if (!found) throw new UserError(`No model "${id}" is shipped. Choose one of: ${models.map((m) => m.id).join(', ')}.`);
	return found;
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

function detectorCommand(): Promise<number> {
	const entry = convertDetector({ tflitePath: shortRangeFile(), outDir: path.join(MODELS_DIR, 'blazeface') });
	say(`${entry.title}: ${String(entry.bytes)} bytes in static/models/${path.dirname(entry.url)}`);
	return Promise.resolve(0);
}

const COMMANDS: Record<string, (args: string[]) => Promise<number>> = {
	prepare: prepareCommand,
	train: trainCommand,
	export: exportCommand,
	evaluate: evaluateCommand,
	detector: detectorCommand
};

async function main(): Promise<number> {
	const [name = '', ...args] = process.argv.slice(2);
	const command = COMMANDS[name];
	if (!command) {
		process.stderr.write(`${USAGE}\n`);
		return 2;
	}
	try {
		return await command(args);
	} catch (thrown) {
		const isUsage = thrown instanceof TypeError && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS');
		// Not thrown on: the WASM back end would print its whole source in front of the stack.
		const text =
			thrown instanceof UserError || isUsage ? thrown.message : thrown instanceof Error ? thrown.stack : thrown;
		process.stderr.write(`${String(text)}\n`);
		return 1;
	}
}

process.exitCode = await main();
