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

/** A run's best.bin. Throws UserError if there is none, or a damaged one. */
export function bestOf(run: Run): Checkpoint {
	const { model, recipe } = run;
	const file = path.join(runDirOf(model.id, recipe), RUN_FILES.best);
	const again = `npm run train -- ${model.id} --recipe ${recipe.id} --seed ${String(recipe.seed)}`;
	// Without --fresh, training would go on from the last checkpoint, which lies after the best epoch.
	const lost = `Restore it, or train the run again: ${again} --fresh`;
	if (!existsSync(file))
		throw new UserError(
			recipe.keep !== 'last' && epochsOf(run).length > 0
				? `${file} is missing, although the run has finished epochs. ${lost}`
				: `${model.id} by ${recipe.id} with seed ${String(recipe.seed)} is not trained. First: ${again}`
		);
	try {
		return readCheckpoint(file);
	} catch (thrown) {
		throw thrown instanceof UserError ? new UserError(`${thrown.message} ${lost}`) : thrown;
	}
}

/** The epochs of a run. */
export const epochsOf = ({ model, recipe }: Run): EpochLog[] => readLog(runDirOf(model.id, recipe));
