/** Runs that have been trained. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../lib/errors';
import { readCheckpoint, type Checkpoint, type EpochLog } from '../loop/checkpoint';
import { readLog, sourceOf, type Run } from '../loop/prerequisites';
import { RUN_FILES } from '../loop/run';
import type { ModelDefinition } from '../models/definition';
import type { Recipe } from '../models/recipe';
import { runDirOf } from './paths';

/** The best weights of the run that this one starts from. Throws UserError if they have not been trained yet. */
export function startOf(definition: ModelDefinition, recipe: Recipe): Checkpoint | undefined {
	const source = sourceOf({ model: definition, recipe });
	return source && bestOf(source);
}

/** A run's best.bin. Throws UserError if there is none. */
export function bestOf({ model, recipe }: Run): Checkpoint {
	const file = path.join(runDirOf(model.id, recipe), RUN_FILES.best);
	if (!existsSync(file))
		throw new UserError(
			`${model.id} by ${recipe.id} with seed ${String(recipe.seed)} is not trained. First: npm run train -- ${model.id} ` +
				`--recipe ${recipe.id} --seed ${String(recipe.seed)}`
		);
	return readCheckpoint(file);
}

/** The epochs of a run. */
export const epochsOf = ({ model, recipe }: Run): EpochLog[] => readLog(runDirOf(model.id, recipe));
