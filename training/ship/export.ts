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
import { multiplyAdds, writeModel, type Precision } from '../lib/model-files';
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
	/** All epochs of the run, those after the best too. */
	readonly history: readonly EpochLog[];
	readonly dataset: Dataset;
	readonly ferPlus: FerPlus | undefined;
	/** static/models, or a folder that is to be one. */
	readonly modelsDir: string;
	/** static/models: where the face detectors are taken from. */
	readonly shippedDir: string;
	readonly trained: Omit<Trained, 'precision'>;
}

/** Points of accuracy on PublicTest that smaller weights may cost. */
const MOST_LOST = 0.002;

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
 * Writes the model to `modelsDir/<id>/`, with bytes for weights where that costs little and float16 else, and report.json
 * beside it: measured from the written files, with a calibration fitted on PublicTest. The folder of before is replaced
 * once all of that is done, and the model's entry in `modelsDir/index.json` after it. Throws UserError.
 */
export async function exportModel(options: ExportOptions): Promise<{ entry: ModelEntry; report: Report }> {
	const { definition, modelsDir, shippedDir, dataset, ferPlus } = options;
	const folded = networkOfRun(definition, options.recipe, options.best);
	const input = { ...definition.input, crop: FER2013_CROP, leastContrast: definition.leastContrast };
	const history = options.history.map(({ epoch, size, learningRate, train, validation }) => ({
		...{ epoch, size, learningRate, train, validation }
	}));
	const measured = await replaceFolder(path.join(modelsDir, definition.id), async (dir) => {
		const { written, precision } = await writeSmallest(folded, dir, input, dataset);
		const unmeasured: UnmeasuredEntry = {
			id: definition.id,
			title: definition.title,
			url: `${definition.id}/model.json`,
			...written,
			parameters: folded.countParams(),
			multiplyAdds: multiplyAdds(folded),
			labels: FER2013_LABELS,
			input,
			trained: { ...options.trained, precision }
		};
		const model = await loadShipped(dir);
		const previous = { history, corruptions: [], splits: [] };
		const { entry, report } = await measureModel({ entry: unmeasured, model, dataset, ferPlus, previous });
		model.dispose();
		writeReport(dir, report);
		return { entry, report };
	});
	folded.dispose();
	if (!existsSync(path.join(modelsDir, 'index.json'))) copyDetectors(shippedDir, modelsDir);
	replaceEntry(modelsDir, measured.entry);
	return measured;
}

/** Writes bytes and keeps them where they cost at most MOST_LOST on PublicTest, else float16. */
async function writeSmallest(folded: tf.LayersModel, dir: string, input: ModelEntry['input'], dataset: Dataset) {
	const rows = rowsOfSplit(dataset, 'public');
	const truth = truthOf(dataset, rows);
	const accuracyOf = async (model: tf.LayersModel): Promise<number> =>
		figuresOf(await predict(model, input, dataset, rows), truth).accuracy;
	const full = await accuracyOf(folded);
	const write = async (precision: Precision) => {
		const written = await writeModel(folded, dir, precision);
		const shipped = await loadShipped(dir);
		const lost = full - (await accuracyOf(shipped));
		shipped.dispose();
		return { lost, written, precision: `${precision}, ${(100 * lost).toFixed(2)} points lost on PublicTest` };
	};
	const small = await write('uint8');
	return small.lost <= MOST_LOST ? small : write('float16');
}
