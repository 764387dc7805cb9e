/** `npm run unpack`: a shipped model as the best weights of its run, so that other recipes can start or learn from it. */
import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { fastestOnProcessor, startBackend } from '../backend/index';
import { writeCheckpoint } from '../loop/checkpoint';
import { pictureOf, rowsOf } from '../data/dataset';
import { UserError } from '../lib/errors';
import { readManifest } from '../ship/manifest';
import { loadShipped } from '../ship/shipped';
import { findModel, findRecipe, withRecipe } from '../models/index';
import { createRandom, shuffle } from '../lib/random';
import { loadData } from './flags';
import { MODELS_DIR, runDirOf } from './paths';
import { findEntry } from './subjects';
import { say } from './terminal';
import { RUN_FILES } from '../loop/run';
import { unfold } from '../ship/unfold';

/** Over which the statistics of normalisation are taken. */
const PICTURES = 2048;

/** Writes best.bin of the run that the shipped model says it comes from; gives the exit code. Throws UserError. */
export async function unpackCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: { data: { type: 'string' }, models: { type: 'string' } }
	});
	const modelsDir = values.models ?? MODELS_DIR;
	const model = findModel(positionals[0] ?? '');
	const entry = findEntry(readManifest(modelsDir), model.id);
	const [, id, seed] = /^(\S+), seed (\d+)(?:,|$)/.exec(entry.trained.recipe) ?? [];
	if (id === undefined)
		throw new UserError(`${entry.title} does not say which recipe trained it, but "${entry.trained.recipe}".`);
	const recipe = { ...findRecipe(model, id), seed: Number(seed) };
	const file = path.join(runDirOf(model.id, recipe), RUN_FILES.best);
	if (existsSync(file)) throw new UserError(`${file} is there already. Move it away to unpack the shipped model.`);

	const definition = withRecipe(model, recipe);
	const dataset = await loadData(values.data);
	const rows = shuffle(rowsOf(dataset, 'train'), createRandom(1)).subarray(0, PICTURES);
	await startBackend(fastestOnProcessor());
	const network = definition.build(FER2013_LABELS.length, recipe);
	const shipped = loadShipped(path.join(modelsDir, path.dirname(entry.url)));
	unfold(
		network,
		shipped,
		definition.input,
		Array.from(rows, (row) => pictureOf(dataset, row))
	);
	const state = new Map(
		network.weights.map(({ originalName, shape }, index) => {
			const values = network.getWeights()[index]?.dataSync<'float32'>() ?? new Float32Array();
			return [
				`average/${String(index)}:${originalName.split('/').at(-1) ?? ''}`,
				{ shape: shape.map(Number), values: Float32Array.from(values) }
			];
		})
	);
	tf.dispose([network.getWeights(), shipped.getWeights()]);
	writeCheckpoint(file, {
		fingerprint: '',
		step: 0,
		running: { loss: 0, correct: 0, n: 0, seconds: 0 },
		history: [],
		base: `weights that shipped before (${entry.trained.recipe})`,
		backend: entry.trained.backend,
		state
	});
	say(`${entry.title}, ${entry.trained.recipe}, is in ${path.dirname(file)}.`);
	return 0;
}
