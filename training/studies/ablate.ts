/** `npm run study -- ablate`: what each means that a recipe takes is worth, by short runs that lack one at a time. */
import { parseArgs } from 'node:util';
import { NO_AUGMENTATION } from '../augment/augment';
import type { Recipe } from '../models/recipe';
import { UserError } from '../lib/errors';
import type { ModelDefinition } from '../models/definition';
import { findModel, findRecipe } from '../models/index';
import { abortOnSignals, loadData, parseBackend, wholeNumber } from '../commands/flags';
import { withLabels, withTeachersAndBar } from '../commands/learning-data';
import { runDirOf } from '../commands/paths';
import { startOf } from '../commands/runs';
import { percent, say } from '../commands/terminal';
import { replicasFor } from '../loop/replica-group';
import { train } from '../loop/run';

/** Variants of one short recipe. The first, which changes nothing, runs with every seed. */
export interface Study {
	readonly id: string;
	readonly title: string;
	readonly recipe: Recipe;
	readonly variants: Readonly<Record<string, Partial<Recipe>>>;
}

/** The last cosine, from where the one before ended: what the labels and the pictures are worth to a trained network. */
function lastSteps(definition: ModelDefinition): Study {
	const recipe = findRecipe(definition, 'by-label');
	const before = findRecipe(definition, recipe.from);
	return {
		id: 'last',
		title: `${recipe.id}, 4 epochs from where ${before.id} ended`,
		recipe: {
			...recipe,
			epochs: 4,
			learningRate: 0.02,
			warmupEpochs: 1,
			emaDecay: 0.995,
			sizes: [{ fromEpoch: 0, size: 48 }]
		},
		variants: {
			'as it is': {},
			[`labels of ${before.id}`]: {
				votes: before.votes,
				teachers: { part: before.teachers?.part ?? 0, of: recipe.teachers?.of ?? [] }
			},
			[`changes of the picture of ${before.id}`]: { augmentation: before.augmentation },
			[`weight decay of ${before.id}`]: { weightDecay: before.weightDecay },
			// Without its votes, its word on rows that show no face is not asked for either.
			'nothing of FER+': { votes: 0 },
			'no teachers': { teachers: { part: 0, of: [] } },
			'copies of a picture as one': { mergeDuplicates: true }
		}
	};
}

/** The first steps, from random weights: what a network that has seen little gains. */
function firstSteps(definition: ModelDefinition): Study {
	const recipe = findRecipe(definition, 'taught');
	const { augmentation } = recipe;
	const taughtBy = (...of: NonNullable<Recipe['teachers']>['of']): Partial<Recipe> => ({
		teachers: { part: recipe.teachers?.part ?? 0, of }
	});
	return {
		id: 'first',
		title: `${recipe.id}, 4 epochs from random weights`,
		recipe: {
			...recipe,
			epochs: 4,
			// A long memory would remember the beginning.
			emaDecay: 0.99,
			sizes: [
				{ fromEpoch: 0, size: 32 },
				{ fromEpoch: 3, size: 48 }
			]
		},
		variants: {
			'as it is': {},
			'the smaller stages of grow-48': { stages: findRecipe(definition, 'grow-48').stages ?? [] },
			'filters in pairs': { mirror: true, stages: findRecipe(definition, 'in-pairs').stages ?? [] },
			'no averaging of weights': { emaDecay: 0 },
			'no teachers': { teachers: { part: 0, of: [] } },
			'a larger teacher': taughtBy(['mien-large', 'from-peers']),
			'the larger teacher and two more': taughtBy(
				['mien-large', 'from-peers'],
				['mien', 'among-peers'],
				['mien', 'wider']
			),
			'nothing of FER+': { votes: 0 },
			'hard labels alone': { teachers: { part: 0, of: [] }, votes: 0, labelSmoothing: 0 },
			'no smoothing of labels': { labelSmoothing: 0 },
			'no erasing': { augmentation: { ...augmentation, erase: 0 } },
			'no degrading': { augmentation: { ...augmentation, degrade: 0 } },
			'no change but the mirror': { augmentation: { ...NO_AUGMENTATION, flip: augmentation.flip } },
			'pictures of 48 px throughout': { sizes: [{ fromEpoch: 0, size: 48 }] },
			'seeking flat minima, radius 0.1': { sharpness: 0.1 }
		}
	};
}

/** Their tables are in README.md beside this. */
export const studiesOf = (definition: ModelDefinition): Study[] => [lastSteps(definition), firstSteps(definition)];

/**
 * Trains each study's recipe as it is with every seed, which tells how much chance alone does, and each variant with the
 * first; those that are not finished yet; and prints the tables. Throws UserError.
 */
export async function ablateCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({
		args,
		options: {
			data: { type: 'string' },
			ferplus: { type: 'string' },
			backend: { type: 'string' },
			seeds: { type: 'string' },
			study: { type: 'string' }
		}
	});
	const definition = findModel('mien');
	const seeds = Array.from({ length: wholeNumber('seeds', values.seeds, 1) ?? 3 }, (_, index) => index + 1);
	const all = studiesOf(definition);
	const studies = all.filter(({ id }) => values.study === undefined || values.study === id);
	if (studies.length === 0)
		throw new UserError(`--study takes ${all.map(({ id }) => id).join(' or ')}, not "${values.study ?? ''}".`);
	const backend = await parseBackend(values.backend);
	const signal = abortOnSignals();
	const data = await loadData(values.data);
	for (const study of studies) {
		say(`\n${study.title}; accuracy on PublicTest, seeds from 1 on:\n\n| variant | accuracy |\n| --- | --- |`);
		for (const [index, [name, change]] of Object.entries(study.variants).entries()) {
			const accuracies: number[] = [];
			for (const seed of index === 0 ? seeds : seeds.slice(0, 1)) {
				const id = `ablation-${study.id}-${name.replace(/\W+/g, '-')}`;
				const recipe: Recipe = { ...study.recipe, ...change, seed, id };
				const dataset = await withTeachersAndBar(recipe, withLabels(data, recipe, values.ferplus), backend, signal);
				const outcome =
					dataset &&
					(await train({
						definition,
						recipe,
						dataset,
						backend,
						replicas: replicasFor(backend, recipe),
						runDir: runDirOf(definition.id, recipe),
						start: startOf(definition, study.recipe),
						checkpointMinutes: 5,
						fresh: false,
						signal,
						now: () => performance.now(),
						onEvent: () => undefined
					}));
				if (!outcome || outcome.kind === 'stopped') {
					say('Stopped with a checkpoint. The same command goes on from here.');
					return 130;
				}
				if (outcome.kind === 'finished' && outcome.best) accuracies.push(outcome.best.validation.accuracy);
			}
			say(`| ${name} | ${accuracies.length > 0 ? accuracies.map(percent).join(', ') : 'diverged'} |`);
		}
	}
	return 0;
}
