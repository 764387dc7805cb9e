/** `npm run study -- paper-curves`: the epochs of runs by the paper's recipe, as far as they are, into training/results. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadData } from '../commands/flags';
import { runDirOf } from '../commands/paths';
import { saveResult } from '../commands/results';
import { epochsOf } from '../commands/runs';
import { UserError } from '../lib/errors';
import { hasStoppedEarly } from '../loop/early-stopping';
import { RUN_FILES } from '../loop/run';
import { cnn } from '../models/cnn';

/** Gives the exit code. Throws UserError where no run has come to its end. */
export async function paperCurvesCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' } } });
	const runs = cnn.recipes
		.filter(({ rows }) => rows === 'paper')
		.flatMap((recipe) => {
			if (!existsSync(path.join(runDirOf(cnn.id, recipe), RUN_FILES.log))) return [];
			const history = epochsOf({ model: cnn, recipe });
			return hasStoppedEarly(history, recipe) ? [{ recipe: recipe.id, history }] : [];
		});
	if (runs.length === 0)
		throw new UserError('No run of the paper has come to its end. First: npm run train -- cnn --recipe paper');
	saveResult('paper-cnn', ['study', 'paper-curves', ...args], await loadData(values.data), runs);
	return 0;
}
