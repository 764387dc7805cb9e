/** `npm run train`: a run from where it is to its end, and before it those that it builds on. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { sharesWork, startBackend, type TrainingBackend } from '../backend/index';
import { stopWebGpu } from '../backend/webgpu/webgpu';
import type { Dataset } from '../data/dataset';
import { UserError } from '../lib/errors';
import { writeCheckpoint, type Checkpoint } from '../loop/checkpoint';
import type { TaughtDataset } from '../loop/live-teachers';
import { isTrained, needsOf, sourcesOf, type Run } from '../loop/prerequisites';
import { replicasFor } from '../loop/replica-group';
import { RUN_FILES, train } from '../loop/run';
import { meanOf } from '../loop/weight-average';
import type { ModelDefinition } from '../models/definition';
import { findModel, findRecipe, withRecipe } from '../models/index';
import type { Recipe } from '../models/recipe';
import type { Base } from '../pretrained/base';
import { abortOnSignals, loadData, parseBackend, wholeNumber } from './flags';
import { loadBaseWithBar, withFrozenBase, withLabels, withTeachersAndBar } from './learning-data';
import { ROOT } from '../lib/root';
import { runDirOf } from './paths';
import { show } from './progress';
import { bestOf, startOf } from './runs';
import { createBar, percent, say } from './terminal';

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
			'batch-size': { type: 'string' },
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
		batchSize: wholeNumber('batch-size', values['batch-size'], 1) ?? chosen.batchSize,
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
	let dataset: TaughtDataset | undefined = data;
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
			replicas: settings.replicas ?? replicasFor(backend, recipe),
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
