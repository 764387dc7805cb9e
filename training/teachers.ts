/** Distillation (Hinton et al., 2015): what networks that are trained already say of each picture, as labels for another. */
import * as tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readCheckpoint } from './checkpoint';
import type { Recipe } from './config';
import { FER2013_LABELS, FER2013_SIDE, type Dataset } from './dataset';
import { UserError } from './errors';
import { withFeatures } from './features';
import { findModel, findRecipe, withRecipe } from './models/index';
import { averagedWeights } from './replica';
import { RUN_FILES } from './train';

export interface TeacherOptions {
	readonly recipe: Recipe;
	readonly dataset: Dataset;
	/** Folder of a model's run by a recipe. */
	readonly runDirOf: (model: string, recipe: Recipe) => string;
	readonly cacheDir: string;
	/** Ends the computation; what is done is kept. */
	readonly signal: AbortSignal;
	/** Rows that `teacher` has seen. */
	readonly onRows: (teacher: string, done: number) => void;
}

/**
 * The data set with the mean probabilities of the recipe's teachers, on the back end in use. Gives undefined when it was
 * stopped. Throws UserError when a teacher has not been trained yet.
 */
export async function withTeachers(options: TeacherOptions): Promise<Dataset | undefined> {
	const { recipe, dataset } = options;
	const labels = FER2013_LABELS.length;
	const mean = new Float32Array(new SharedArrayBuffer(4 * dataset.n * labels));
	const { of: teachers, mirrored = false } = recipe.teachers ?? { of: [] };
	const looks = mirrored ? [dataset, mirrorImages(dataset)] : [dataset];
	for (const [pictures, [id, recipeId]] of looks.flatMap((look) =>
		teachers.map((teacher) => [look, teacher] as const)
	)) {
		const logits = await logitsOf(id, recipeId, { ...options, dataset: pictures });
		if (!logits) return undefined;
		for (let row = 0; row < dataset.n; row++) {
			const scores = logits.subarray(row * labels, (row + 1) * labels);
			const greatest = Math.max(...scores);
			const powers = Array.from(scores, (score) => Math.exp(score - greatest));
			const sum = powers.reduce((a, b) => a + b, 0);
			for (const [label, power] of powers.entries()) {
				const at = row * labels + label;
				mean[at] = (mean[at] ?? 0) + power / sum / (teachers.length * looks.length);
			}
		}
	}
	return { ...dataset, taught: mean };
}

function mirrorImages(dataset: Dataset): Dataset {
	const pixels = new Uint8Array(new SharedArrayBuffer(dataset.pixels.length));
	for (let start = 0; start < pixels.length; start += FER2013_SIDE)
		pixels.set(dataset.pixels.slice(start, start + FER2013_SIDE).reverse(), start);
	return { ...dataset, pixels };
}

async function logitsOf(id: string, recipeId: string, options: TeacherOptions): Promise<Float32Array | undefined> {
	const recipe = findRecipe(findModel(id), recipeId);
	const file = path.join(options.runDirOf(id, recipe), RUN_FILES.best);
	if (!existsSync(file))
		throw new UserError(
			`This recipe learns from another model's run. First: npm run train -- ${id} --recipe ${recipeId}`
		);
	const definition = withRecipe(findModel(id), recipe);
	const network = definition.build(FER2013_LABELS.length, recipe);
	const weights = averagedWeights(readCheckpoint(file).state);
	network.setWeights(weights);
	tf.dispose(weights);
	const { input } = definition;
	const { dataset, cacheDir, signal } = options;
	const onRows = (done: number): void => {
		options.onRows(id, done);
	};
	const seen = await withFeatures({ network, input, dataset, cacheDir, signal, onRows });
	network.dispose();
	return seen?.features?.values;
}
