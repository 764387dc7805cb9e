/** Distillation (Hinton et al., 2015): what networks that are trained already say of each picture, as labels for another. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { readCheckpoint } from './checkpoint';
import type { Recipe } from '../models/recipe';
import { mirrorInPlace, type Dataset } from '../data/dataset';
import { UserError } from '../lib/errors';
import { withFeatures } from '../pretrained/features';
import { teachersOfRecipe } from '../models/index';
import { averagesOf } from './state';
import { teacherNetwork, type TaughtDataset, type Teacher } from './live-teachers';
import { RUN_FILES } from './run';

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
 * The data set with the mean probabilities of the recipe's teachers, on the back end in use, or with the teachers
 * themselves where they are asked in every step. Gives undefined when it was stopped. Throws UserError when a teacher has not been trained yet.
 */
export async function withTeachers(options: TeacherOptions): Promise<TaughtDataset | undefined> {
	const { recipe, dataset } = options;
	const teachers = readTeachers(recipe, options.runDirOf);
	if (recipe.teachers?.live) return { ...dataset, teachers };
	const labels = FER2013_LABELS.length;
	const taught = new Float32Array(new SharedArrayBuffer(4 * dataset.n * labels));
	const views = recipe.teachers?.mirrored ? [dataset, mirrorImages(dataset)] : [dataset];
	for (const [pictures, teacher] of views.flatMap((view) => teachers.map((each) => [view, each] as const))) {
		const logits = await logitsOf(teacher, { ...options, dataset: pictures });
		if (!logits) return undefined;
		addProbabilities(taught, logits, labels, 1 / (teachers.length * views.length));
	}
	return { ...dataset, taught };
}

/** Adds the probabilities of `logits`, rows of `labels` numbers, to those of `sums`, times `weight`. */
export function addProbabilities(sums: Float32Array, logits: Float32Array, labels: number, weight: number): void {
	for (let start = 0; start < logits.length; start += labels) {
		const scores = logits.subarray(start, start + labels);
		const greatest = Math.max(...scores);
		const powers = Array.from(scores, (score) => Math.exp(score - greatest));
		const sum = powers.reduce((a, b) => a + b, 0);
		for (const [label, power] of powers.entries())
			sums[start + label] = (sums[start + label] ?? 0) + (power / sum) * weight;
	}
}

/** The data set with each picture turned from left to right. */
export function mirrorImages(dataset: Dataset): Dataset {
	const pixels = new Uint8Array(new SharedArrayBuffer(dataset.pixels.length));
	pixels.set(dataset.pixels);
	return { ...dataset, pixels: mirrorInPlace(pixels) };
}

/** The recipe's teachers. Throws UserError when one has not been trained yet. */
function readTeachers(learner: Recipe, runDirOf: TeacherOptions['runDirOf']): Teacher[] {
	return teachersOfRecipe(learner).map(({ model: { id: model }, recipe }) => {
		const file = path.join(runDirOf(model, recipe), RUN_FILES.best);
		if (!existsSync(file))
			throw new UserError(
				`This recipe learns from another model's run. First: npm run train -- ${model} --recipe ${recipe.id}`
			);
		return { model, recipe, weights: averagesOf(readCheckpoint(file).state) };
	});
}

async function logitsOf(teacher: Teacher, options: TeacherOptions): Promise<Float32Array | undefined> {
	const { network, input } = teacherNetwork(teacher);
	const { dataset, cacheDir, signal } = options;
	const onRows = (done: number): void => {
		options.onRows(teacher.model, done);
	};
	const seen = await withFeatures({ network, input, dataset, cacheDir, signal, onRows });
	network.dispose();
	return seen?.features?.values;
}
