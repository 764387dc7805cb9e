/** Commands of the trainer: reads flags, prints, exits; the work is in the modules beside this one. */
import cliProgress from 'cli-progress';
import { statSync, existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TRAINING_BACKENDS, defaultReplicas, type TrainingBackend } from './backend/index';
import { loadFer2013, type Dataset } from './dataset';
import { UserError } from './errors';
import { findModel } from './models/index';
import { train, type StepProgress, type TrainEvent } from './train';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const CACHE = path.join(ROOT, '.cache');

const USAGE = `Usage:
  npm run prepare:data -- --data FILE      read FER2013 once into a fast local copy
  npm run train -- MODEL --data FILE       train a model; run again to go on after an interruption
      [--backend wasm|cpu] [--replicas N] [--epochs N] [--seed N] [--checkpoint-minutes N] [--fresh]
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
	const runDir = path.join(CACHE, 'runs', `${definition.id}-${recipe.id}-seed${String(recipe.seed)}`);
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

const COMMANDS: Record<string, (args: string[]) => Promise<number>> = {
	prepare: prepareCommand,
	train: trainCommand
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
		const text = thrown instanceof UserError || isUsage ? thrown.message : thrown instanceof Error ? thrown.stack : thrown;
		process.stderr.write(`${String(text)}\n`);
		return 1;
	}
}

process.exitCode = await main();
