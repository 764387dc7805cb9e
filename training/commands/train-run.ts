/** One run of training, with its bars and lines. */
import path from 'node:path';
import { startBackend, type TrainingBackend } from '../backend/index';
import { wilsonInterval } from '../../src/lib/core/interval';
import type { Dataset } from '../data/dataset';
import { UserError } from '../lib/errors';
import { ROOT } from '../lib/root';
import type { TaughtDataset } from '../loop/live-teacher';
import type { Run } from '../loop/prerequisites';
import { replicasFor } from '../loop/replica-group';
import { selectingRows } from '../loop/rows';
import { train } from '../loop/run';
import { withRecipe } from '../models/index';
import type { PretrainedWeights } from '../pretrained/weights';
import { withFaceApi, withFrozenFeatures, withLabels, withTeacher } from './learning-data';
import { runDirOf } from './paths';
import { show } from './progress';
import { saveResult } from './results';
import { bestOf, epochsOf, startOf } from './runs';
import { createBar, percentWithInterval, say } from './terminal';

/** What the flags say about a run, besides its recipe. */
export interface RunSettings {
	/** As typed after `npm run`. */
	readonly command: readonly string[];
	readonly data: Dataset;
	readonly ferplus: string | undefined;
	/** Folder of face-api's weights. */
	readonly faceApi: string | undefined;
	readonly backend: TrainingBackend;
	readonly replicas: number | undefined;
	readonly pretrained?: PretrainedWeights;
	readonly checkpointMinutes: number;
	readonly fresh: boolean;
	readonly signal: AbortSignal;
}

/** Takes one run from where it is to its end; gives the exit code. Throws UserError. */
export async function trainRun({ model, recipe }: Run, settings: RunSettings): Promise<number> {
	const { backend, pretrained, signal } = settings;
	const definition = withRecipe(model, recipe);
	const runDir = runDirOf(definition.id, recipe);
	const data = withLabels(settings.data, recipe, settings.ferplus);
	let dataset: TaughtDataset | undefined = data;
	if (pretrained && recipe.pretrained?.training === 'frozen') {
		await startBackend(backend);
		dataset = await withFrozenFeatures(definition, recipe, pretrained, data, signal);
	}
	dataset = dataset && withTeacher({ model, recipe }, dataset);
	dataset = dataset && (await withFaceApi(recipe, dataset, settings.faceApi, backend, signal));
	if (!dataset) {
		say('Stopped. What is done is kept; the same command continues from here.');
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
			? `Best on ${selecting}: ${percentWithInterval(outcome.best.validation.accuracy, selectingRows(data, recipe).length)} after epoch ${String(outcome.best.epoch + 1)}.`
			: 'No epoch was finished.';
		switch (outcome.kind) {
			case 'finished':
				say(`Done. ${best}`);
				saveRun({ model, recipe }, settings);
				return 0;
			case 'stopped':
				say(`Stopped with a checkpoint. ${best} The same command continues from here.`);
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

/** Saves a finished run in training/results: its epochs, and the accuracy of the one that was kept. */
function saveRun(run: Run, { command, data }: RunSettings): void {
	const { model, recipe } = run;
	const { history, backend } = bestOf(run);
	const epochs = epochsOf(run);
	const kept = history.at(-1);
	const n = selectingRows(data, recipe).length;
	saveResult(
		`train-${model.id}-${recipe.id}-seed${String(recipe.seed)}`.toLowerCase().replace(/[^a-z0-9-]/g, '-'),
		command,
		data,
		{
			model: model.id,
			recipe: recipe.id,
			seed: recipe.seed,
			backend,
			minutes: epochs.reduce((sum, { seconds }) => sum + seconds, 0) / 60,
			kept: kept && {
				...kept.validation,
				epoch: kept.epoch + 1,
				n,
				interval: wilsonInterval(kept.validation.accuracy, n)
			},
			history: epochs
		}
	);
}
