/** One run of training, with its bars and lines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startBackend, type TrainingBackend } from '../backend/index';
import type { Dataset } from '../data/dataset';
import { UserError } from '../lib/errors';
import { ROOT } from '../lib/root';
import { writeCheckpoint, type Checkpoint } from '../loop/checkpoint';
import type { TaughtDataset } from '../loop/live-teachers';
import { sourcesOf, type Run } from '../loop/prerequisites';
import { replicasFor } from '../loop/replica-group';
import { RUN_FILES, train } from '../loop/run';
import { averageOf } from '../loop/weight-average';
import { withRecipe } from '../models/index';
import type { PretrainedWeights } from '../pretrained/weights';
import { withFrozenFeatures, withLabels, withTeachersAndBar } from './learning-data';
import { runDirOf } from './paths';
import { show } from './progress';
import { bestOf, startOf } from './runs';
import { createBar, percent, say } from './terminal';

/** What the flags say of a run, beside its recipe. */
export interface RunSettings {
	readonly data: Dataset;
	readonly ferplus: string | undefined;
	readonly backend: TrainingBackend;
	readonly replicas: number | undefined;
	readonly pretrained?: PretrainedWeights;
	readonly checkpointMinutes: number;
	readonly fresh: boolean;
	readonly signal: AbortSignal;
}

/** One run from where it is to its end; gives the exit code. Throws UserError. */
export async function trainRun({ model, recipe }: Run, settings: RunSettings): Promise<number> {
	const { backend, pretrained, signal } = settings;
	const definition = withRecipe(model, recipe);
	const runDir = runDirOf(definition.id, recipe);
	if (recipe.mean) return averageRuns({ model, recipe });
	const data = withLabels(settings.data, recipe, settings.ferplus);
	let dataset: TaughtDataset | undefined = data;
	if (pretrained && recipe.pretrained?.training === 'frozen') {
		await startBackend(backend);
		dataset = await withFrozenFeatures(definition, recipe, pretrained, data, signal);
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
			...(pretrained && { pretrained }),
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

/** Leaves the average of the weights of other runs as the best weights of `run`; gives the exit code. Throws UserError. */
function averageRuns(run: Run): number {
	const { model, recipe } = run;
	const runDir = runDirOf(model.id, recipe);
	const averaged = averageOf(sourcesOf(run).map(bestOf) as [Checkpoint, ...Checkpoint[]]);
	mkdirSync(runDir, { recursive: true });
	writeCheckpoint(path.join(runDir, RUN_FILES.best), averaged);
	const log = averaged.history.map((epoch) => `${JSON.stringify(epoch)}\n`);
	writeFileSync(path.join(runDir, RUN_FILES.log), log.join(''));
	say(`The average of ${recipe.mean?.join(', ') ?? ''} is in ${path.relative(ROOT, runDir)}.`);
	return 0;
}
