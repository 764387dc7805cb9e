/** From a run's best weights to what ships: the folded network, its figures, and its entry in the manifest. */
import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { FER2013_CROP } from '../../src/lib/core/crop';
import type { ModelEntry, Trained } from '../../src/lib/manifest';
import type { Report } from '../../src/lib/report';
import { copyDetectors } from '../blazeface/detector';
import type { Dataset } from '../data/dataset';
import type { FerPlus } from '../data/ferplus';
import { predict, rowsOfSplit, truthOf } from '../evaluate/predict';
import { figuresOf } from '../evaluate/figures';
import { replaceFolder } from '../lib/files';
import { packNetwork, unpackNetwork, type Coarseness } from '../lib/graph-model';
import { writeModel } from '../lib/model-files';
import { multiplyAdds } from '../lib/multiply-adds';
import { layersModelOf, networkOfLayers } from '../lib/layers-network';
import type { Checkpoint, EpochLog } from '../loop/checkpoint';
import { averagedWeights } from '../loop/state';
import type { ModelDefinition } from '../models/definition';
import { foldForInference } from '../models/fold-batch-norm';
import type { Recipe } from '../models/recipe';
import { replaceEntry } from './manifest';
import { measureModel, writeReport, type UnmeasuredEntry } from './measure';
import { loadShipped } from './shipped';

export interface ExportOptions {
	readonly definition: ModelDefinition;
	readonly recipe: Recipe;
	/** best.bin of a run. */
	readonly best: Checkpoint;
	/** All epochs of the run, including those after the best. */
	readonly history: readonly EpochLog[];
	readonly dataset: Dataset;
	readonly ferPlus: FerPlus | undefined;
	/** static/models, or a folder to become one. */
	readonly modelsDir: string;
	/** static/models, from which the face detectors are taken. */
	readonly shippedDir: string;
	readonly trained: Omit<Trained, 'precision'>;
	/** Whether PrivateTest is used. */
	readonly final: boolean;
}

/** Accuracy on PublicTest that smaller weights may cost, 0..1. */
const MOST_LOST = 0.001;
/** Tried in this order to save bytes; null, float16 throughout, is used if none will do. */
const COARSENESSES: readonly Coarseness[] = [0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, null];

/** The network of a run with its best weights, as it ships (softmax at its end); the caller disposes it. */
export function networkOfRun(definition: ModelDefinition, recipe: Recipe, best: Checkpoint): tf.LayersModel {
	const { size, channels } = definition.input;
	const network = definition.build(FER2013_LABELS.length, recipe);
	const weights = averagedWeights(best.state);
	network.setWeights(weights);
	tf.dispose(weights);
	const folded = foldForInference(network, size, channels);
	network.dispose();
	return folded;
}

/**
 * Writes the model to `modelsDir/<id>/`, its weights in steps as coarse as possible at little cost, and report.json
 * beside it: measured from the written files, with a calibration fitted on PublicTest. The previous folder is replaced
 * once all of that is done, then the model's entry in `modelsDir/index.json`. Throws UserError.
 */
export async function exportModel(options: ExportOptions): Promise<{ entry: ModelEntry; report: Report }> {
	const { definition, modelsDir, shippedDir, dataset, ferPlus } = options;
	const rows = rowsOfSplit(dataset, 'public');
	const folded = networkOfRun(definition, options.recipe, options.best);
	const input = { ...definition.input, crop: FER2013_CROP, leastContrast: definition.leastContrast };
	const history = options.history.map(({ epoch, size, learningRate, train, validation }) => ({
		...{ epoch, size, learningRate, train, validation }
	}));
	// It is first written to a folder of another name.
	const inFolder = (url: string): string => `${definition.id}/${path.basename(url)}`;
	const measured = await replaceFolder(path.join(modelsDir, definition.id), async (dir) => {
		const { written, precision } = await writeSmallest(folded, dir, input, dataset, rows);
		const unmeasured: UnmeasuredEntry = {
			id: definition.id,
			title: definition.title,
			purpose: definition.purpose,
			...written,
			url: inFolder(written.url),
			weightsUrls: written.weightsUrls.map(inFolder),
			parameters: folded.countParams(),
			multiplyAdds: multiplyAdds(folded),
			labels: FER2013_LABELS,
			input,
			trained: { ...options.trained, precision }
		};
		const model = loadShipped(dir);
		const previous = { history, corruptions: [], splits: [] };
		const { entry, report } = await measureModel({
			entry: unmeasured,
			model,
			dataset,
			ferPlus,
			previous,
			final: options.final
		});
		model.dispose();
		writeReport(dir, report);
		return { entry, report };
	});
	folded.dispose();
	if (!existsSync(path.join(modelsDir, 'index.json'))) copyDetectors(shippedDir, modelsDir);
	replaceEntry(modelsDir, measured.entry);
	return measured;
}

/** Writes the coarsest of COARSENESSES that costs at most MOST_LOST on `rows`, those of PublicTest. */
async function writeSmallest(
	folded: tf.LayersModel,
	dir: string,
	input: ModelEntry['input'],
	dataset: Dataset,
	rows: Uint32Array
) {
	const truth = truthOf(dataset, rows);
	const accuracyOf = async (model: tf.LayersModel): Promise<number> =>
		figuresOf(await predict(model, input, dataset, rows), truth).accuracy;
	const full = await accuracyOf(folded);
	const network = networkOfLayers(folded);
	for (const coarseness of COARSENESSES) {
		const packed = packNetwork(network, coarseness);
		const trial = layersModelOf(unpackNetwork(packed));
		const lost = full - (await accuracyOf(trial));
		trial.dispose();
		if (coarseness !== null && lost > MOST_LOST) continue;
		const stored = coarseness === null ? 'float16' : `steps of ${String(coarseness)} of a channel's root mean square`;
		const precision = `${stored}, ${(100 * lost).toFixed(2)} points lost on PublicTest`;
		return { written: writeModel(dir, packed), precision };
	}
	throw new Error('No coarseness was tried.');
}
