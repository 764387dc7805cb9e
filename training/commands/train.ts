/** `npm run train`: takes a run to its end, after those that it builds on. */
import { sharesWork } from '../backend/index';
import { stopWebGpu } from '../backend/webgpu/webgpu';
import { UserError } from '../lib/errors';
import { isTrained, needsOf, type Run } from '../loop/prerequisites';
import type { ModelDefinition } from '../models/definition';
import { findModel, findRecipe } from '../models/index';
import type { Recipe } from '../models/recipe';
import { abortOnSignals, loadData, parseBackend, parseFlags, wholeNumber } from './flags';
import { loadPretrainedWithBar } from './learning-data';
import { runDirOf } from './paths';
import { requireResultsFolder } from './results';
import { say } from './terminal';
import { trainRun, type RunSettings } from './train-run';

/** The requested recipe; without --recipe, the first with or without pretrained weights, as --base says. */
function chooseRecipe(definition: ModelDefinition, id: string | undefined, base: string | undefined): Recipe {
	const wantsBase = base !== undefined && base !== 'scratch';
	const fitting = definition.recipes.filter((recipe) => (recipe.pretrained !== undefined) === wantsBase);
	if (wantsBase && fitting.length === 0)
		throw new UserError(`${definition.id} has no pretrained weights: leave --base out, or use --base scratch.`);
	const recipe = id === undefined && base !== undefined ? fitting[0] : findRecipe(definition, id);
	if (!recipe || (base !== undefined && !fitting.includes(recipe)))
		throw new UserError(
			`The recipe ${recipe?.id ?? ''} does not go with --base ${base ?? ''}. These do: ` +
				`${fitting.map((other) => other.id).join(', ') || 'none'}.`
		);
	return recipe;
}

/** Trains the model named by `args`, or resumes it, after what it builds on; gives the exit code. Throws UserError. */
export async function trainCommand(args: string[]): Promise<number> {
	const { values, name } = parseFlags(args, {
		data: { type: 'string' },
		recipe: { type: 'string' },
		ferplus: { type: 'string' },
		'face-api': { type: 'string' },
		backend: { type: 'string' },
		base: { type: 'string' },
		replicas: { type: 'string' },
		epochs: { type: 'string' },
		'batch-size': { type: 'string' },
		seed: { type: 'string' },
		'checkpoint-minutes': { type: 'string' },
		fresh: { type: 'boolean', default: false }
	});
	const model = findModel(name);
	const chosen = chooseRecipe(model, values.recipe, values.base);
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
	const pretrained = recipe.pretrained && (await loadPretrainedWithBar(values.base ?? 'imagenet'));
	requireResultsFolder();
	const settings: RunSettings = {
		command: ['train', ...args],
		data: await loadData(values.data),
		ferplus: values.ferplus,
		faceApi: values['face-api'],
		backend,
		replicas,
		checkpointMinutes: wholeNumber('checkpoint-minutes', values['checkpoint-minutes'], 1) ?? 5,
		fresh: false,
		signal: abortOnSignals()
	};
	const run: Run = { model, recipe };
	const needs = needsOf(run, (need) => isTrained(runDirOf(need.model.id, need.recipe), need.recipe));
	const nameOf = (each: Run): string => `${each.model.id} by ${each.recipe.id}`;
	if (needs.length > 0)
		say(`${nameOf(run)} builds on runs that are not trained yet, so first: ${needs.map(nameOf).join(', ')}.`);
	try {
		for (const need of needs) {
			say(`\n${nameOf(need)}:`);
			const code = await trainRun(need, settings).catch((thrown: unknown) => {
				if (!(thrown instanceof UserError)) throw thrown;
				const alone = `npm run train -- ${need.model.id} --recipe ${need.recipe.id} --seed ${need.recipe.seed}`;
				throw new UserError(`${thrown.message}\nThe flags are those of ${nameOf(run)}. By itself: ${alone}`);
			});
			if (code !== 0) return code;
		}
		const code = await trainRun(run, { ...settings, ...(pretrained && { pretrained }), fresh: values.fresh });
		const other = recipe.id === model.recipes[0].id ? '' : ` --recipe ${recipe.id}`;
		const seed = recipe.seed === chosen.seed ? '' : ` --seed ${recipe.seed}`;
		if (code === 0)
			say(`Now: npm run export -- ${model.id}${other}${seed} --data FILE --out DIR, or --final to ship it`);
		return code;
	} finally {
		stopWebGpu();
	}
}
