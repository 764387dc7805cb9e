/** Runs that are trained already. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../lib/errors';
import { readCheckpoint, type Checkpoint, type EpochLog } from '../loop/checkpoint';
import { sourcesOf, type Run } from '../loop/prerequisites';
import { RUN_FILES } from '../loop/run';
import type { ModelDefinition } from '../models/definition';
import type { Recipe } from '../models/recipe';
import { runDirOf } from './paths';

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

/** The epochs of a run. Throws UserError where there is no log of them. */
export function epochsOf({ model, recipe }: Run): EpochLog[] {
	const log = path.join(runDirOf(model.id, recipe), RUN_FILES.log);
	if (!existsSync(log))
		throw new UserError(`These weights of ${model.id} were unpacked from what is shipped: there is nothing to export.`);
	const lines = readFileSync(log, 'utf8').trim().split('\n');
	return lines.map((line) => JSON.parse(line) as EpochLog);
}
