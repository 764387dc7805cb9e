/** Which runs build on which: recipes start from others' weights, and learn from others as teachers. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { EpochLog } from './checkpoint';
import type { Recipe } from '../models/recipe';
import type { ModelDefinition } from '../models/definition';
import { findRecipe, teachersOfRecipe } from '../models/index';
import { hasStoppedEarly } from './early-stopping';
import { RUN_FILES } from './run';

/** A model and the recipe that trains it, with its seed. */
export interface Run {
	readonly model: ModelDefinition;
	readonly recipe: Recipe;
}

/** What `run` builds on, directly or not, and is not trained yet, in an order in which it can be trained. */
export function needsOf(run: Run, isTrained: (run: Run) => boolean): Run[] {
	const needs: Run[] = [];
	for (const need of nextNeeds(run)) {
		if (isTrained(need)) continue;
		for (const each of [...needsOf(need, isTrained), need])
			if (!needs.some((known) => isSame(known, each))) needs.push(each);
	}
	return needs;
}

/** Ids of the models that taught `run`, or what its weights come from; "face-api" stands for that project's network. */
export function teachersOf(run: Run): string[] {
	const own = [...(run.recipe.teachers?.of ?? []).map(([id]) => id), ...(run.recipe.faceApi ? ['face-api'] : [])];
	return [...new Set([...own, ...sourcesOf(run).flatMap(teachersOf)])];
}

/**
 * The runs that the weights of `run` come from: all those whose mean they are, or the one that it starts from, which has
 * the seed of `run`, or its own where `run` has that of its recipe.
 */
export function sourcesOf({ model, recipe }: Run): Run[] {
	if (recipe.mean) return recipe.mean.map((id) => ({ model, recipe: findRecipe(model, id) }));
	if (recipe.from === undefined) return [];
	const before = findRecipe(model, recipe.from);
	const hasOwnSeed = model.recipes.some(({ id, seed }) => id === recipe.id && seed === recipe.seed);
	return [{ model, recipe: hasOwnSeed ? before : { ...before, seed: recipe.seed } }];
}

function nextNeeds(run: Run): Run[] {
	return [...teachersOfRecipe(run.recipe), ...sourcesOf(run)];
}

function isSame(a: Run, b: Run): boolean {
	return a.model.id === b.model.id && a.recipe.id === b.recipe.id && a.recipe.seed === b.recipe.seed;
}

/** The epochs of the run in `runDir`; none where it was not begun. */
export function readLog(runDir: string): EpochLog[] {
	const log = path.join(runDir, RUN_FILES.log);
	const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
	return lines.map((line) => JSON.parse(line) as EpochLog);
}

/** Whether the run in `runDir` has come to its end. */
export function isTrained(runDir: string, recipe: Recipe): boolean {
	if (!existsSync(path.join(runDir, RUN_FILES.best))) return false;
	const history = readLog(runDir);
	return history.length >= recipe.epochs || hasStoppedEarly(history, recipe);
}
