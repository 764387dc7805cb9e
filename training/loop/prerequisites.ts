/** Which runs build on which: recipes start from another's weights, and learn from another as a teacher. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { EpochLog } from './checkpoint';
import type { Recipe } from '../models/recipe';
import type { ModelDefinition } from '../models/definition';
import { findRecipe } from '../models/index';
import { UserError } from '../lib/errors';
import { hasStoppedEarly } from './early-stopping';
import { RUN_FILES } from './run';

/** A model and the recipe that trains it, with its seed. */
export interface Run {
	readonly model: ModelDefinition;
	readonly recipe: Recipe;
}

/** The untrained runs that `run` builds on, directly or not, in an order in which they can be trained. */
export function needsOf(run: Run, isTrained: (run: Run) => boolean): Run[] {
	const needs: Run[] = [];
	for (const need of [teacherOf(run), sourceOf(run)]) {
		if (!need || isTrained(need)) continue;
		for (const each of [...needsOf(need, isTrained), need])
			if (!needs.some((known) => isSame(known, each))) needs.push(each);
	}
	return needs;
}

/**
 * What taught `run`, or the run that its weights come from: ids of models, and "face-api" for that project's network.
 */
export function teachersOf(run: Run): string[] {
	const { model, recipe } = run;
	const own = [...(recipe.teacher ? [model.id] : []), ...(recipe.faceApi ? ['face-api'] : [])];
	const before = [teacherOf(run), sourceOf(run)].flatMap((each) => (each ? teachersOf(each) : []));
	return [...new Set([...own, ...before])];
}

/** The run whose weights `run` starts from, with the same seed. */
export const sourceOf = (run: Run): Run | undefined => sibling(run, run.recipe.from);

/** The run that teaches `run`, with the same seed. */
export const teacherOf = (run: Run): Run | undefined => sibling(run, run.recipe.teacher?.recipe);

function sibling({ model, recipe: { seed } }: Run, id: string | undefined): Run | undefined {
	return id === undefined ? undefined : { model, recipe: { ...findRecipe(model, id), seed } };
}

function isSame(a: Run, b: Run): boolean {
	return a.model.id === b.model.id && a.recipe.id === b.recipe.id && a.recipe.seed === b.recipe.seed;
}

/** The epochs of the run in `runDir`; none if it was not started. Throws UserError. */
export function readLog(runDir: string): EpochLog[] {
	const log = path.join(runDir, RUN_FILES.log);
	const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
	try {
		return lines.map((line) => JSON.parse(line) as EpochLog);
	} catch {
		throw new UserError(`${log} is damaged. The npm run train that made this run writes it again.`);
	}
}

/** Whether the run in `runDir` is finished. */
export function isTrained(runDir: string, recipe: Recipe): boolean {
	if (!existsSync(path.join(runDir, RUN_FILES.best))) return false;
	const history = readLog(runDir);
	return history.length >= recipe.epochs || hasStoppedEarly(history, recipe);
}
