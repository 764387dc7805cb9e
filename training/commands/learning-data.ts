/** The data as a recipe learns from it: labels, votes, teacher, features of frozen convolutions. */
import * as tf from '@tensorflow/tfjs';
import path from 'node:path';
import { startBackend, type TrainingBackend } from '../backend/index';
import type { Dataset } from '../data/dataset';
import { withoutDuplicates } from '../data/duplicates';
import { readFerPlus } from '../data/ferplus';
import { UserError } from '../lib/errors';
import type { TaughtDataset } from '../loop/live-teacher';
import { teacherOf, type Run } from '../loop/prerequisites';
import { averagesOf } from '../loop/state';
import type { ModelDefinition } from '../models/definition';
import type { Recipe } from '../models/recipe';
import { weightsFor } from '../pretrained/adapt';
import { askFaceApi } from '../pretrained/face-api';
import { loadPretrained, type PretrainedWeights } from '../pretrained/weights';
import { withFeatures } from '../pretrained/features';
import { CACHE } from './paths';
import { bestOf } from './runs';
import { createBar, withBar } from './terminal';

/** The data with FER+'s votes as soft labels and without rows that show no face. Throws UserError. */
function withVotes(dataset: Dataset, recipe: Recipe, file: string | undefined): Dataset {
	if (file === undefined)
		throw new UserError(
			`The recipe ${recipe.id} learns from FER+'s votes too. Say where they are: --ferplus fer2013new.csv`
		);
	const { votes, faceless } = readFerPlus(file, dataset);
	return { ...dataset, softLabels: votes, excluded: faceless };
}

/** The data as the recipe wants it labelled; `ferplus` is FER+'s file. Throws UserError. */
export function withLabels(dataset: Dataset, recipe: Recipe, ferplus: string | undefined): Dataset {
	const voted = recipe.votes === 0 ? dataset : withVotes(dataset, recipe, ferplus);
	return recipe.mergeDuplicates ? withoutDuplicates(voted) : voted;
}

/** The weights that --base names. Throws UserError. */
export async function loadPretrainedWithBar(name: string): Promise<PretrainedWeights> {
	const bar = createBar('Fetching VGG16 [{bar}] {percentage}% of {total} bytes, {eta_formatted} left');
	try {
		return await loadPretrained(name, path.join(CACHE, 'base'), (there, total) => {
			if (bar.isActive) bar.update(there);
			else bar.start(total, there);
		});
	} finally {
		bar.stop();
	}
}

/** The data with frozen convolutions' features of every picture; undefined if stopped. */
export async function withFrozenFeatures(
	{ parts, input }: ModelDefinition,
	recipe: Recipe,
	pretrained: PretrainedWeights,
	dataset: Dataset,
	signal: AbortSignal
): Promise<Dataset | undefined> {
	if (!parts) throw new UserError('This model has no pretrained part.');
	const network = parts.features(recipe);
	const values = weightsFor(pretrained, network, input, recipe.pretrained?.normalised === true);
	const weights = network.weights.map(({ shape }, index) => tf.tensor(values[index] ?? [], shape.map(Number)));
	network.setWeights(weights);
	tf.dispose(weights);
	const cacheDir = path.join(CACHE, 'features');
	try {
		return await withBar('Features [{bar}] {percentage}% {eta_formatted} left', dataset.n, (onRows) =>
			withFeatures({ network, input, dataset, cacheDir, signal, onRows })
		);
	} finally {
		network.dispose();
	}
}

/**
 * The data with what face-api's network (in `dir`) says of each row of Training; undefined if stopped. Throws
 * UserError.
 */
export async function withFaceApi(
	recipe: Recipe,
	dataset: TaughtDataset,
	dir: string | undefined,
	backend: TrainingBackend,
	signal: AbortSignal
): Promise<TaughtDataset | undefined> {
	if (!recipe.faceApi) return dataset;
	if (dir === undefined)
		throw new UserError(
			`The recipe ${recipe.id} learns from face-api's expression network too. Say where it is: --face-api DIR, the folder ` +
				'"model" of what npm pack @vladmandic/face-api@1.7.15 fetches.'
		);
	await startBackend(backend);
	const cacheDir = path.join(CACHE, 'teachers');
	const faceApi = await withBar("Asking face-api's network [{bar}] {percentage}% {eta_formatted} left", 1, (onPart) =>
		askFaceApi({ dir, dataset, cacheDir, signal, onPart })
	);
	return faceApi && { ...dataset, faceApi };
}

/** The data with the network that teaches by the recipe, if any. Throws UserError if it has not been trained yet. */
export function withTeacher(run: Run, dataset: TaughtDataset): TaughtDataset {
	const teacher = teacherOf(run);
	return teacher
		? { ...dataset, teacher: { recipe: teacher.recipe, weights: averagesOf(bestOf(teacher).state) } }
		: dataset;
}
