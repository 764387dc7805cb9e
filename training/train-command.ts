/** `npm run train`: a run with its progress on the terminal. */
import type cliProgress from 'cli-progress';
import * as tf from '@tensorflow/tfjs';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
	TRAINING_BACKENDS,
	chooseBackend,
	defaultReplicas,
	sharesWork,
	startBackend,
	type TrainingBackend
} from './backend/index';
import { stopWebGpu } from './backend/webgpu';
import { loadBase, weightsForBase, type Base } from './base';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint';
import type { Recipe } from './config';
import type { Dataset } from './dataset';
import { withoutDuplicates } from './duplicates';
import { UserError } from './errors';
import { withFeatures } from './features';
import { readFerPlus } from './ferplus';
import { isTrained, needsOf, sourcesOf, type Run } from './lineage';
import { meanOf } from './mean';
import type { ModelDefinition } from './models/definition';
import { findModel, findRecipe, withRecipe } from './models/index';
import { withTeachers } from './teachers';
import { CACHE, ROOT, createBar, loadData, percent, runDirOf, say, wholeNumber } from './terminal';
import { RUN_FILES, train, type StepProgress, type TrainEvent } from './train';

/** The back end of that name, or for `auto` and nothing the fastest here. Throws UserError where there is none. */
export async function parseBackend(text: string | undefined): Promise<TrainingBackend> {
	if (text === undefined || text === 'auto') {
		const { backend, reason } = await chooseBackend();
		say(reason);
		return backend;
	}
	const found = TRAINING_BACKENDS.find((name) => name === text);
	if (!found) throw new UserError(`--backend takes auto or one of ${TRAINING_BACKENDS.join(', ')}, not "${text}".`);
	return found;
}

/** The data with FER+'s votes as soft labels and without rows that show no face. Throws UserError. */
function withVotes(dataset: Dataset, recipe: Recipe, file: string | undefined): Dataset {
	if (file === undefined)
		throw new UserError(
			`The recipe ${recipe.id} learns from FER+'s votes too. Say where they are: --ferplus fer2013new.csv`
		);
	const { votes, faceless } = readFerPlus(file, dataset.n);
	return { ...dataset, softLabels: votes, excluded: faceless };
}

/** The data as the recipe wants it labelled; `ferplus` is FER+'s file. Throws UserError. */
export function withLabels(dataset: Dataset, recipe: Recipe, ferplus: string | undefined): Dataset {
	const voted = recipe.votes === 0 ? dataset : withVotes(dataset, recipe, ferplus);
	return recipe.mergeDuplicates ? withoutDuplicates(voted) : voted;
}

/** The best weights of the run that this one starts from. Throws UserError when they have not been trained yet. */
export function startOf(definition: ModelDefinition, recipe: Recipe): Checkpoint | undefined {
	const [source] = sourcesOf({ model: definition, recipe });
	return source && bestOf(source);
}

/** A run's best.bin. Throws UserError when there is none. */
export function bestOf({ model, recipe }: Run): Checkpoint {
	const file = path.join(runDirOf(model.id, recipe), RUN_FILES.best);
	if (!existsSync(file))
		throw new UserError(
			`This recipe builds on another. First: npm run train -- ${model.id} --recipe ${recipe.id}, or, where that ` +
				`trained the shipped model: npm run unpack -- ${model.id}`
		);
	return readCheckpoint(file);
}

/** The recipe that the flags ask for: without --recipe, the first that has a base, or none, as --base says. */
function chooseRecipe(definition: ModelDefinition, id: string | undefined, base: string | undefined): Recipe {
	const wantsBase = base !== undefined && base !== 'scratch';
	const fitting = definition.recipes.filter((recipe) => (recipe.base !== undefined) === wantsBase);
	if (wantsBase && fitting.length === 0)
		throw new UserError(`${definition.id} has no pretrained base: leave --base out, or say --base scratch.`);
	const recipe = id === undefined && base !== undefined ? fitting[0] : findRecipe(definition, id);
	if (!recipe || (base !== undefined && !fitting.includes(recipe)))
		throw new UserError(
			`The recipe ${recipe?.id ?? ''} does not go with --base ${base ?? ''}. These do: ` +
				`${fitting.map((other) => other.id).join(', ') || 'none'}.`
		);
	return recipe;
}

async function loadBaseWithBar(name: string): Promise<Base> {
	const bar = createBar('Fetching VGG16 [{bar}] {percentage}% of {total} bytes, {eta_formatted} left');
	try {
		return await loadBase(name, path.join(CACHE, 'base'), (there, total) => {
			if (bar.isActive) bar.update(there);
			else bar.start(total, there);
		});
	} finally {
		bar.stop();
	}
}

/** The data with a frozen base's features of every picture; undefined when it was stopped. */
async function withFrozenBase(
	{ parts, input }: ModelDefinition,
	recipe: Recipe,
	base: Base,
	dataset: Dataset,
	signal: AbortSignal
): Promise<Dataset | undefined> {
	if (!parts) throw new UserError('This model has no base.');
	const network = parts.base(recipe);
	const values = weightsForBase(base, network, input, recipe.base?.normalised === true);
	const weights = network.weights.map(({ shape }, index) => tf.tensor(values[index] ?? [], shape.map(Number)));
	network.setWeights(weights);
	tf.dispose(weights);
	const bar = createBar('Features of the base [{bar}] {percentage}% {eta_formatted} left');
	bar.start(dataset.n, 0);
	try {
		const cacheDir = path.join(CACHE, 'features');
		return await withFeatures({
			network,
			input,
			dataset,
			cacheDir,
			signal,
			onRows: (done) => {
				bar.update(done);
			}
		});
	} finally {
		bar.stop();
		network.dispose();
	}
}

/** The data with what the recipe's teachers say, where it has any; undefined when it was stopped. */
export async function withTeachersAndBar(
	recipe: Recipe,
	dataset: Dataset,
	backend: TrainingBackend,
	signal: AbortSignal
): Promise<Dataset | undefined> {
	if (!recipe.teachers) return dataset;
	await startBackend(backend);
	const bar = createBar('Asking {teacher} [{bar}] {percentage}% {eta_formatted} left');
	bar.start(dataset.n, 0, { teacher: '' });
	try {
		const cacheDir = path.join(CACHE, 'teachers');
		return await withTeachers({
			recipe,
			dataset,
			runDirOf,
			cacheDir,
			signal,
			onRows: (teacher, done) => {
				bar.update(done, { teacher });
			}
		});
	} finally {
		bar.stop();
	}
}

/** As many threads as there are cores for, as long as they can share a batch evenly. */
export function fittingReplicas(backend: TrainingBackend, { batchSize }: Recipe): number {
	let replicas = defaultReplicas(backend);
	while (batchSize % replicas !== 0) replicas--;
	return replicas;
}

/** Aborts on Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
export function abortOnSignals(): AbortSignal {
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

/** Trains the model named by `args`, or goes on with it, and before it what it builds on; gives the exit code. Throws UserError. */
export async function trainCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			data: { type: 'string' },
			recipe: { type: 'string' },
			ferplus: { type: 'string' },
			backend: { type: 'string' },
			base: { type: 'string' },
			replicas: { type: 'string' },
			epochs: { type: 'string' },
			seed: { type: 'string' },
			'checkpoint-minutes': { type: 'string' },
			fresh: { type: 'boolean', default: false }
		}
	});
	const model = findModel(positionals[0] ?? '');
	const chosen = chooseRecipe(model, values.recipe, values.base);
	if (chosen.mean && (values.seed !== undefined || values.epochs !== undefined))
		throw new UserError(
			`The recipe ${chosen.id} is the mean of other runs, which have their own seeds and epochs: leave --seed and --epochs out.`
		);
	const recipe = {
		...chosen,
		epochs: wholeNumber('epochs', values.epochs, 1) ?? chosen.epochs,
		seed: wholeNumber('seed', values.seed, 0) ?? chosen.seed
	};
	const backend = await parseBackend(values.backend);
	const replicas = wholeNumber('replicas', values.replicas, 1);
	if (replicas !== undefined && replicas > 1 && !sharesWork(backend))
		throw new UserError(`The back end ${backend} uses the whole machine by itself: leave --replicas out.`);
	const base = recipe.base && (await loadBaseWithBar(values.base ?? 'imagenet'));
	const settings: RunSettings = {
		data: await loadData(values.data),
		ferplus: values.ferplus,
		backend,
		replicas,
		checkpointMinutes: wholeNumber('checkpoint-minutes', values['checkpoint-minutes'], 1) ?? 5,
		fresh: false,
		signal: abortOnSignals()
	};
	const needs = needsOf({ model, recipe }, (run) => isTrained(runDirOf(run.model.id, run.recipe), run.recipe));
	const nameOf = (run: Run): string => `${run.model.id} by ${run.recipe.id}`;
	if (needs.length > 0)
		say(`${nameOf({ model, recipe })} builds on what is not trained yet, so first: ${needs.map(nameOf).join(', ')}.`);
	try {
		for (const need of needs) {
			say(`\n${nameOf(need)}:`);
			const code = await trainRun(need, settings);
			if (code !== 0) return code;
		}
		const code = await trainRun({ model, recipe }, { ...settings, ...(base && { base }), fresh: values.fresh });
		const other = recipe.id === model.recipes[0].id ? '' : ` --recipe ${recipe.id}`;
		if (code === 0) say(`Now: npm run export -- ${model.id}${other}`);
		return code;
	} finally {
		stopWebGpu();
	}
}

/** What the flags say of a run, beside its recipe. */
interface RunSettings {
	readonly data: Dataset;
	readonly ferplus: string | undefined;
	readonly backend: TrainingBackend;
	readonly replicas: number | undefined;
	readonly base?: Base;
	readonly checkpointMinutes: number;
	readonly fresh: boolean;
	readonly signal: AbortSignal;
}

/** One run from where it is to its end; gives the exit code. Throws UserError. */
async function trainRun({ model, recipe }: Run, settings: RunSettings): Promise<number> {
	const { backend, base, signal } = settings;
	const definition = withRecipe(model, recipe);
	const runDir = runDirOf(definition.id, recipe);
	if (recipe.mean) {
		const runs = sourcesOf({ model, recipe }).map(bestOf) as [Checkpoint, ...Checkpoint[]];
		const mean = meanOf(runs);
		mkdirSync(runDir, { recursive: true });
		writeCheckpoint(path.join(runDir, RUN_FILES.best), mean);
		writeFileSync(path.join(runDir, RUN_FILES.log), mean.history.map((log) => `${JSON.stringify(log)}\n`).join(''));
		say(`The mean of ${recipe.mean.join(', ')} is in ${path.relative(ROOT, runDir)}.`);
		return 0;
	}
	const data = withLabels(settings.data, recipe, settings.ferplus);
	let dataset: Dataset | undefined = data;
	if (base && recipe.base?.training === 'frozen') {
		await startBackend(backend);
		dataset = await withFrozenBase(definition, recipe, base, data, signal);
	}
	dataset = dataset && (await withTeachersAndBar(recipe, dataset, backend, signal));
	if (!dataset) {
		say('Stopped. What is done is kept; the same command goes on from here.');
		return 130;
	}
	const bar = createBar(
		'epoch {epoch} [{bar}] {percentage}% loss {loss} accuracy {accuracy} {speed} images/s {left} left'
	);
	try {
		const outcome = await train({
			definition,
			recipe,
			dataset,
			...(base && { base }),
			backend,
			replicas: settings.replicas ?? fittingReplicas(backend, recipe),
			runDir,
			start: startOf(definition, recipe),
			checkpointMinutes: settings.checkpointMinutes,
			fresh: settings.fresh,
			signal,
			now: () => performance.now(),
			onEvent: (event) => {
				show(event, bar);
			}
		});
		bar.stop();
		const selecting = recipe.rows === 'paper' ? 'all test rows, as in the paper' : 'PublicTest';
		const best = outcome.best
			? `Best on ${selecting}: ${percent(outcome.best.validation.accuracy)} after epoch ${String(outcome.best.epoch + 1)}.`
			: 'No epoch was finished.';
		switch (outcome.kind) {
			case 'finished':
				say(`Done. ${best}`);
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
					`${percent(log.train.accuracy)}, selecting rows ${log.validation.loss.toFixed(3)} / ` +
					`${percent(log.validation.accuracy)}${best ? ' (best)' : ''}, ` +
					`${log.imagesPerSecond.toFixed(0)} images/s, ${log.seconds.toFixed(0)} s`
			);
			return;
		}
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
