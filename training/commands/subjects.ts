/** What `npm run evaluate` can measure: a shipped model, or a run that is not shipped. */
import type * as tf from '@tensorflow/tfjs';
import path from 'node:path';
import { FER2013_CROP } from '../../src/lib/core/crop';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import type { Manifest, ModelEntry } from '../../src/lib/manifest';
import type { Dataset } from '../data/dataset';
import type { ClassifierSpec } from '../evaluate/folder';
import { predict, rowsOfSplit } from '../evaluate/predict';
import { UserError } from '../lib/errors';
import { findModel, findRecipe, withRecipe } from '../models/index';
import { networkOfRun } from '../ship/export';
import { calibrationOf } from '../ship/measure';
import { loadShipped } from '../ship/shipped';
import { wholeNumber } from './flags';
import { bestOf } from './runs';

export interface Subject {
	readonly title: string;
	readonly spec: ClassifierSpec;
	/** Softmax at its end; the caller disposes it. */
	readonly model: tf.LayersModel;
}

/** The model of that id; throws UserError that lists the ids. */
export function findEntry({ models }: Manifest, id: string): ModelEntry {
	const found = models.find((entry) => entry.id === id);
	if (!found)
		throw new UserError(`No model "${id}" is shipped. Choose all or one of: ${models.map((m) => m.id).join(', ')}.`);
	return found;
}

/** A model of `modelsDir`. Throws UserError. */
export function shippedSubject(entry: ModelEntry, modelsDir: string): Subject {
	const { title, id, labels, input, temperature, biases } = entry;
	const model = loadShipped(path.join(modelsDir, path.dirname(entry.url)));
	return { title, spec: { id, labels, input, temperature, biases }, model };
}

/**
 * The best weights of the run `name`: a model with a recipe after a slash, or its first. The calibration is fitted on
 * PublicTest, as for export; without data there is none. Throws UserError.
 */
export async function runSubject(name: string, seed: string | undefined, data: Dataset | undefined): Promise<Subject> {
	const [, id = '', recipeId] = /^([^/]*)(?:\/(.*))?$/.exec(name) ?? [];
	const model = findModel(id);
	const recipe = findRecipe(model, recipeId);
	const seeded = { ...recipe, seed: wholeNumber('seed', seed, 0) ?? recipe.seed };
	const definition = withRecipe(model, seeded);
	const network = networkOfRun(definition, seeded, bestOf({ model, recipe: seeded }));
	const input = { ...definition.input, crop: FER2013_CROP, leastContrast: definition.leastContrast };
	const title = `${definition.title}, run ${seeded.id} with seed ${String(seeded.seed)}`;
	const spec = { id, labels: FER2013_LABELS, input, temperature: 1 };
	if (!data) return { title: `${title}, not calibrated`, spec, model: network };
	const rows = rowsOfSplit(data, 'public');
	const calibration = calibrationOf(await predict(network, input, data, rows), rows, data);
	return { title, spec: { ...spec, ...calibration }, model: network };
}
