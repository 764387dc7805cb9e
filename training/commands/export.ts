/** `npm run export`: ships the best weights of a run in static/models, or in another folder, with their figures. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { ModelEntry, Trained } from '../../src/lib/manifest';
import type { Report } from '../../src/lib/report';
import { fastestOnProcessor, startBackend } from '../backend/index';
import { readFerPlus } from '../data/ferplus';
import { commitOf } from '../lib/commit';
import type { Checkpoint } from '../loop/checkpoint';
import { teachersOf, type Run } from '../loop/prerequisites';
import { RUN_FILES } from '../loop/run';
import { findModel, findRecipe, withRecipe } from '../models/index';
import { exportModel, repackModel } from '../ship/export';
import { readManifest } from '../ship/manifest';
import { describeReport } from './describe';
import { loadData, parseFlags, requireFinal, requireWholeTests, wholeNumber } from './flags';
import { ROOT } from '../lib/root';
import { MODELS_DIR, runDirOf } from './paths';
import { bestOf, epochsOf } from './runs';
import { findEntry } from './subjects';
import { say } from './terminal';

/** Gives the exit code. Throws UserError. */
export async function exportCommand(args: string[]): Promise<number> {
	const { values, name } = parseFlags(args, {
		data: { type: 'string' },
		ferplus: { type: 'string' },
		recipe: { type: 'string' },
		seed: { type: 'string' },
		out: { type: 'string' },
		shipped: { type: 'boolean', default: false },
		final: { type: 'boolean', default: false }
	});
	if (values.out === undefined) requireFinal(values.final, 'export to static/models');
	if (values.shipped) return repack(name, values.out ?? MODELS_DIR, values);
	const model = findModel(name);
	const recipe = findRecipe(model, values.recipe);
	const run: Run = { model, recipe: { ...recipe, seed: wholeNumber('seed', values.seed, 0) ?? recipe.seed } };
	const best = bestOf(run);
	const history = epochsOf(run);
	const dataset = await loadData(values.data);
	if (values.out === undefined) requireWholeTests(dataset);
	await startBackend(fastestOnProcessor());
	const modelsDir = values.out ?? MODELS_DIR;
	const { entry, report } = await exportModel({
		definition: withRecipe(model, run.recipe),
		recipe: run.recipe,
		best,
		history,
		dataset,
		ferPlus: values.ferplus === undefined ? undefined : readFerPlus(values.ferplus, dataset),
		modelsDir,
		shippedDir: MODELS_DIR,
		trained: trainedBy(run, best),
		final: values.final
	});
	tell(entry, report, modelsDir, values.final);
	return 0;
}

/** Stores the weights of a model in `modelsDir` anew. */
async function repack(
	name: string,
	modelsDir: string,
	{ data, ferplus, final }: { data?: string | undefined; ferplus?: string | undefined; final: boolean }
): Promise<number> {
	const shipped = findEntry(readManifest(modelsDir), name);
	const dataset = await loadData(data);
	if (modelsDir === MODELS_DIR) requireWholeTests(dataset);
	await startBackend(fastestOnProcessor());
	const ferPlus = ferplus === undefined ? undefined : readFerPlus(ferplus, dataset);
	const { entry, report } = await repackModel({ entry: shipped, dataset, ferPlus, modelsDir, final });
	tell(entry, report, modelsDir, final);
	return 0;
}

function tell(entry: ModelEntry, report: Report, modelsDir: string, final: boolean): void {
	say(`${entry.title}: ${String(entry.bytes)} bytes, ${String(entry.parameters)} parameters, in ${modelsDir}`);
	say(`Stored in ${entry.trained.precision ?? 'full precision'}.`);
	say(`temperature ${String(entry.temperature)}, biases ${entry.biases?.join(', ') ?? 'none'}`);
	say(describeReport(report, final));
}

/** What the manifest says about how the weights were trained. */
function trainedBy(run: Run, best: Checkpoint): Omit<Trained, 'precision'> {
	const { model, recipe } = run;
	const teachers = teachersOf(run);
	const seconds = best.history.reduce((sum, epoch) => sum + epoch.seconds, 0);
	return {
		date: statSync(path.join(runDirOf(model.id, recipe), RUN_FILES.best))
			.mtime.toISOString()
			.slice(0, 10),
		commit: commitOf(ROOT),
		recipe: `${recipe.id}, seed ${String(recipe.seed)}, epoch ${String(best.history.length)} of ${String(recipe.epochs)}`,
		backend: best.backend ?? 'not recorded',
		minutes: Math.max(1, Math.round(seconds / 60)),
		base: best.base ?? 'scratch',
		...(recipe.votes > 0 && { votes: true }),
		...(teachers.length > 0 && { teachers })
	};
}
