/** From a run's best weights to what ships: the folded network, its figures, and its entry in the manifest. */
import * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { applyTemperature } from '../src/lib/core/calibration';
import { FER2013_CROP } from '../src/lib/core/crop';
import type { Scores } from '../src/lib/core/types';
import { MANIFEST_SCHEMA, parseManifest, type Manifest, type ModelEntry, type Trained } from '../src/lib/manifest';
import type { Checkpoint } from './checkpoint';
import type { Recipe } from './config';
import { FER2013_LABELS, type Dataset } from './dataset';
import { detectorEntry } from './detector';
import { UserError, messageOf } from './errors';
import { evaluateScores, predict, rowsOfSplit, truthOf } from './evaluate';
import { writeWhole } from './files';
import { foldForInference } from './fold';
import { fitTemperature } from '../src/lib/core/metrics';
import type { ModelDefinition } from './models/definition';
import { multiplyAdds, readArtifacts, writeModel } from './model-files';
import { averagedWeights } from './replica';

export interface ExportOptions {
	readonly definition: ModelDefinition;
	readonly recipe: Recipe;
	/** best.bin of a run. */
	readonly best: Checkpoint;
	readonly dataset: Dataset;
	/** static/models */
	readonly modelsDir: string;
	readonly trained: Trained;
}

/**
 * Writes the model to `modelsDir/<id>/` with float16 weights, measures the written files on all splits with a
 * temperature fitted on PublicTest, and puts its entry into `modelsDir/index.json`. Throws UserError.
 */
export async function exportModel(options: ExportOptions): Promise<ModelEntry> {
	const { definition, dataset, modelsDir } = options;
	const { size, channels } = definition.input;
	const network = definition.build(FER2013_LABELS.length, options.recipe);
	const weights = averagedWeights(options.best.state);
	network.setWeights(weights);
	tf.dispose(weights);
	const folded = foldForInference(network, size, channels);
	const dir = path.join(modelsDir, definition.id);
	const written = await writeModel(folded, dir);
	const shipped = await tf.loadLayersModel(tf.io.fromMemory(readArtifacts(path.join(dir, 'model.json'))));
	const { temperature, metrics } = await measure(shipped, definition, dataset);
	const entry: ModelEntry = {
		id: definition.id,
		title: definition.title,
		url: `${definition.id}/model.json`,
		...written,
		parameters: folded.countParams(),
		multiplyAdds: multiplyAdds(folded),
		labels: FER2013_LABELS,
		input: { ...definition.input, crop: FER2013_CROP },
		temperature,
		metrics,
		trained: options.trained
	};
	replaceEntry(modelsDir, entry);
	for (const model of [network, folded, shipped]) model.dispose();
	return entry;
}

async function measure(
	model: tf.LayersModel,
	{ id, input }: ModelDefinition,
	dataset: Dataset
): Promise<Pick<ModelEntry, 'temperature' | 'metrics'>> {
	// The paper's rows are those of the other two splits: each picture is looked at once.
	const rows = rowsOfSplit(dataset, 'paper');
	const scores = await predict(model, input, dataset, rows);
	const scoresOf = new Map(scores.map((row, index) => [rows[index], row]));
	const pick = (part: Uint32Array): Scores[] => Array.from(part, (row) => scoresOf.get(row) ?? []);
	const selection = rowsOfSplit(dataset, 'public');
	const temperature = Number(fitTemperature(pick(selection), truthOf(dataset, selection)).toFixed(3));
	const metrics: Record<string, ModelEntry['metrics'][string]> = {};
	for (const split of ['public', 'private', 'paper'] as const) {
		const part = rowsOfSplit(dataset, split);
		const softened = pick(part).map((row) => applyTemperature(row, temperature));
		const { n, accuracy, macroF1, perClass } = evaluateScores(id, split, softened, truthOf(dataset, part));
		metrics[split] = { n, accuracy, macroF1, perClass };
	}
	return { temperature, metrics };
}

/** Reads `modelsDir/index.json`; throws UserError when it is missing or damaged. */
export function readManifest(modelsDir: string): Manifest {
	const file = path.join(modelsDir, 'index.json');
	try {
		return parseManifest(JSON.parse(readFileSync(file, 'utf8')));
	} catch (thrown) {
		throw new UserError(`${file} could not be read: ${messageOf(thrown)}. Restore it, or export a model again.`);
	}
}

/** Puts `entry` in the place of the one with its id, or at the end; the other entries stay as they are. */
function replaceEntry(modelsDir: string, entry: ModelEntry): void {
	const file = path.join(modelsDir, 'index.json');
	const old = existsSync(file) ? readManifest(modelsDir) : undefined;
	const models = old?.models.some(({ id }) => id === entry.id)
		? old.models.map((other) => (other.id === entry.id ? entry : other))
		: [...(old?.models ?? []), entry];
	const manifest: Manifest = {
		schema: MANIFEST_SCHEMA,
		default: old?.default ?? entry.id,
		detector: detectorEntry(path.join(modelsDir, 'blazeface')),
		models,
		ensembles: old?.ensembles ?? []
	};
	writeWhole(file, [`${JSON.stringify(parseManifest(JSON.parse(JSON.stringify(manifest))), null, '\t')}\n`]);
}
