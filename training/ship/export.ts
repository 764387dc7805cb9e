/** From a run's best weights to what ships: the folded network, its figures, and its entry in the manifest. */
import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { FER2013_CROP } from '../../src/lib/core/crop';
import { logLoss } from '../../src/lib/core/metrics';
import type { NetworkDescription } from '../../src/lib/core/network/description';
import type { ModelEntry, ModelFiles, Trained } from '../../src/lib/manifest';
import type { Report } from '../../src/lib/report';
import { copyDetectors } from '../blazeface/detector';
import { pictureOf, type Dataset } from '../data/dataset';
import type { FerPlus } from '../data/ferplus';
import { rowsOfSplit, toBatch, truthOf } from '../evaluate/predict';
import { figuresOf } from '../evaluate/figures';
import { predictTests } from '../evaluate/test-sets';
import { replaceFolder } from '../lib/files';
import { packNetwork, unpackNetwork, type PackedNetwork } from '../lib/graph-model';
import { readModel, writeModel } from '../lib/model-files';
import { multiplyAdds } from '../lib/multiply-adds';
import { layersModelOf, networkOfLayers } from '../lib/layers-network';
import type { Checkpoint, EpochLog } from '../loop/checkpoint';
import { averagedWeights } from '../loop/state';
import type { ModelDefinition } from '../models/definition';
import { foldForInference } from '../models/fold-batch-norm';
import type { Recipe } from '../models/recipe';
import { replaceEntry } from './manifest';
import { measureModel, writeReport, type MeasureOptions, type UnmeasuredEntry } from './measure';
import { observeInputs, roundKernels } from './round-kernels';
import { loadShipped, readReport } from './shipped';

export interface Shipped {
	readonly entry: ModelEntry;
	readonly report: Report;
}

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

/**
 * What smaller weights may cost on PublicTest and its mirror images: in accuracy, 0..1, which chance moves by more than
 * this, and in cross-entropy, which it moves less.
 */
const MOST_LOST = { accuracy: 0.001, crossEntropy: 0.003 };
/** Steps tried to save bytes, as fractions of the root mean square of a channel's weights, coarsest first. */
const COARSENESSES = [0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
/** Pictures of Training on which rounding errors are made to cancel. */
const OBSERVED_PICTURES = 2048;

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
export async function exportModel(options: ExportOptions): Promise<Shipped> {
	const { definition, modelsDir, shippedDir } = options;
	const folded = networkOfRun(definition, options.recipe, options.best);
	const history = options.history.map(({ epoch, size, learningRate, train, validation }) => ({
		...{ epoch, size, learningRate, train, validation }
	}));
	const entry = {
		id: definition.id,
		title: definition.title,
		purpose: definition.purpose,
		parameters: folded.countParams(),
		multiplyAdds: multiplyAdds(folded),
		labels: FER2013_LABELS,
		input: { ...definition.input, crop: FER2013_CROP, leastContrast: definition.leastContrast },
		trained: options.trained
	};
	if (!existsSync(path.join(modelsDir, 'index.json'))) copyDetectors(shippedDir, modelsDir);
	const network = networkOfLayers(folded);
	const shipped = await ship({ ...options, entry, network, previous: { history, corruptions: [], splits: [] } });
	folded.dispose();
	return shipped;
}

/**
 * Stores the weights of a shipped model anew, in steps as coarse as a new model's would be, and measures what that
 * changes; figures that need more than `dataset` are kept. Throws UserError.
 */
export function repackModel(
	options: Pick<ExportOptions, 'dataset' | 'ferPlus' | 'modelsDir' | 'final'> & { readonly entry: ModelEntry }
): Promise<Shipped> {
	const { entry, modelsDir } = options;
	const network = readModel(path.join(modelsDir, entry.id));
	const previous = readReport(modelsDir, entry.id) ?? { history: [], corruptions: [], splits: [] };
	return ship({ ...options, network, previous });
}

type Described = Omit<UnmeasuredEntry, keyof ModelFiles>;

async function ship({
	entry,
	network,
	previous,
	modelsDir,
	dataset,
	ferPlus,
	final
}: Pick<ExportOptions, 'dataset' | 'ferPlus' | 'modelsDir' | 'final'> & {
	readonly entry: Described;
	readonly network: NetworkDescription;
	readonly previous: MeasureOptions['previous'];
}): Promise<Shipped> {
	// It is first written to a folder of another name.
	const inFolder = (url: string): string => `${entry.id}/${path.basename(url)}`;
	const shipped = await replaceFolder(path.join(modelsDir, entry.id), async (dir) => {
		const { packed, precision } = await smallest(network, entry.input, dataset);
		const written = writeModel(dir, packed);
		const unmeasured: UnmeasuredEntry = {
			...entry,
			...written,
			url: inFolder(written.url),
			weightsUrls: written.weightsUrls.map(inFolder),
			trained: { ...entry.trained, precision }
		};
		const model = loadShipped(dir);
		const measured = await measureModel({ entry: unmeasured, model, dataset, ferPlus, previous, final });
		model.dispose();
		writeReport(dir, measured.report);
		return measured;
	});
	replaceEntry(modelsDir, shipped.entry);
	return shipped;
}

/** The network in the coarsest of COARSENESSES that costs no more than MOST_LOST; in float16 if none will do. */
async function smallest(
	network: NetworkDescription,
	input: ModelEntry['input'],
	dataset: Dataset
): Promise<{ packed: PackedNetwork; precision: string }> {
	const labels = truthOf(dataset, rowsOfSplit(dataset, 'public'));
	const truth = [...labels, ...labels];
	const measure = async (each: NetworkDescription): Promise<typeof MOST_LOST> => {
		const model = layersModelOf(each);
		const { picture, mirror } = await predictTests(model, input, dataset, undefined, 'public');
		model.dispose();
		const scores = [...picture, ...mirror];
		return { accuracy: figuresOf(scores, truth).accuracy, crossEntropy: logLoss(scores, truth) };
	};
	const full = await measure(network);
	const told = (stored: string, lost: number): string =>
		`${stored}, ${(100 * lost).toFixed(2)} points lost on PublicTest`;
	const observed = await observeInputs(network, toBatch(input, someOf(dataset, rowsOfSplit(dataset, 'train'))));
	for (const coarseness of COARSENESSES) {
		const rounded = roundKernels(network, observed, coarseness);
		const packed = packNetwork(rounded.network, rounded.stepped);
		const { accuracy, crossEntropy } = await measure(unpackNetwork(packed));
		const lost = full.accuracy - accuracy;
		if (lost > MOST_LOST.accuracy || crossEntropy - full.crossEntropy > MOST_LOST.crossEntropy) continue;
		return { packed, precision: told(`steps of ${String(coarseness)} of a channel's root mean square`, lost) };
	}
	const packed = packNetwork(network);
	const { accuracy } = await measure(unpackNetwork(packed));
	return { packed, precision: told('float16', full.accuracy - accuracy) };
}

/** OBSERVED_PICTURES evenly spaced of `rows`. */
function someOf(dataset: Dataset, rows: Uint32Array): Uint8Array[] {
	const count = Math.min(OBSERVED_PICTURES, rows.length);
	return Array.from({ length: count }, (_, index) =>
		pictureOf(dataset, rows[Math.floor((index * rows.length) / count)] ?? 0)
	);
}
