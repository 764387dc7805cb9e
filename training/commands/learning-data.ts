/** The data as a recipe learns from it: labels, votes, teachers, features of frozen convolutions. */
import * as tf from '@tensorflow/tfjs';
import path from 'node:path';
import { startBackend, type TrainingBackend } from '../backend/index';
import type { Dataset } from '../data/dataset';
import { withoutDuplicates } from '../data/duplicates';
import { readFerPlus } from '../data/ferplus';
import { UserError } from '../lib/errors';
import type { TaughtDataset } from '../loop/live-teachers';
import { withTeachers } from '../loop/teacher-probabilities';
import type { ModelDefinition } from '../models/definition';
import type { Recipe } from '../models/recipe';
import { weightsFor } from '../pretrained/adapt';
import { loadPretrained, type PretrainedWeights } from '../pretrained/weights';
import { withFeatures } from '../pretrained/features';
import { CACHE, runDirOf } from './paths';
import { createBar } from './terminal';

/** The data with FER+'s votes as soft labels and without rows that show no face. Throws UserError. */
function withVotes(dataset: Dataset, recipe: Recipe, file: string | undefined): Dataset {
	if (file === undefined)
		throw new UserError(
			`The recipe ${recipe.id} learns from FER+'s votes too. Say where they are: --ferplus fer2013new.csv`
		);
	const { votes, faceless } = readFerPlus(file, dataset.n);
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

/** The data with frozen convolutions' features of every picture; undefined when it was stopped. */
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
	const bar = createBar('Features [{bar}] {percentage}% {eta_formatted} left');
	bar.start(dataset.n, 0);
	try {
		const cacheDir = path.join(CACHE, 'features');
		return await withFeatures({
			network,
			input,
			dataset,
			cacheDir,
			signal,
			onRows: (done) => {
				bar.update(done);
			}
		});
	} finally {
		bar.stop();
		network.dispose();
	}
}

/** The data with what the recipe's teachers say, where it has any; undefined when it was stopped. */
export async function withTeachersAndBar(
	recipe: Recipe,
	dataset: Dataset,
	backend: TrainingBackend,
	signal: AbortSignal
): Promise<TaughtDataset | undefined> {
	if (!recipe.teachers) return dataset;
	await startBackend(backend);
	const bar = createBar('Asking {teacher} [{bar}] {percentage}% {eta_formatted} left');
	bar.start(dataset.n, 0, { teacher: '' });
	try {
		const cacheDir = path.join(CACHE, 'teachers');
		return await withTeachers({
			recipe,
			dataset,
			runDirOf,
			cacheDir,
			signal,
			onRows: (teacher, done) => {
				bar.update(done, { teacher });
			}
		});
	} finally {
		bar.stop();
	}
}
