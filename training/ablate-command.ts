/** `npm run ablate`: what each means that a recipe takes is worth, by short runs that lack one at a time. */
import { parseArgs } from 'node:util';
import { NO_AUGMENTATION } from './augment';
import type { Recipe } from './config';
import { findModel, findRecipe } from './models/index';
import { loadData, percent, runDirOf, say, wholeNumber } from './terminal';
import { train } from './train';
import { abortOnSignals, fittingReplicas, parseBackend, withTeachersAndBar, withVotes } from './train-command';

const EPOCHS = 6;

/** The recipe as it is, in EPOCHS epochs, of which the last two are on whole pictures. */
function shortened(recipe: Recipe): Recipe {
	return {
		...recipe,
		epochs: EPOCHS,
		// A long memory would remember the beginning.
		emaDecay: 0.99,
		sizes: [
			{ fromEpoch: 0, size: 32 },
			{ fromEpoch: EPOCHS - 2, size: 48 }
		]
	};
}

/** What each variant changes in the short recipe. */
function variantsOf(recipe: Recipe): Readonly<Record<string, Partial<Recipe>>> {
	const { augmentation } = recipe;
	return {
		'as it is': {},
		'no teachers': { teachers: { part: 0, of: [] } },
		'no votes of FER+': { votes: 0 },
		'hard labels alone': { teachers: { part: 0, of: [] }, votes: 0, labelSmoothing: 0 },
		'no smoothing of labels': { labelSmoothing: 0 },
		'no erasing': { augmentation: { ...augmentation, erase: 0 } },
		'no degrading': { augmentation: { ...augmentation, degrade: 0 } },
		'no augmentation but the mirror': { augmentation: { ...NO_AUGMENTATION, flip: augmentation.flip } },
		'no averaging of weights': { emaDecay: 0 },
		'the smaller stages of grow-48': { stages: findRecipe(findModel('mien'), 'grow-48').stages ?? [] }
	};
}

/**
 * Trains the recipe as it is with every seed, which tells how much chance alone does, and each variant with the first;
 * those that are not finished yet; and prints the table. Throws UserError.
 */
export async function ablateCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({
		args,
		options: {
			data: { type: 'string' },
			ferplus: { type: 'string' },
			backend: { type: 'string' },
			seeds: { type: 'string' }
		}
	});
	const definition = findModel('mien');
	const recipe = findRecipe(definition, 'taught');
	const seeds = Array.from({ length: wholeNumber('seeds', values.seeds, 1) ?? 3 }, (_, index) => index + 1);
	const backend = await parseBackend(values.backend);
	const signal = abortOnSignals();
	const voted = withVotes(await loadData(values.data), recipe, values.ferplus);
	const dataset = await withTeachersAndBar(recipe, voted, backend, signal);
	const lines: string[] = [];
	const variants = Object.entries(variantsOf(recipe));
	for (const [index, [name, change]] of variants.entries()) {
		const accuracies: number[] = [];
		for (const seed of index === 0 ? seeds : seeds.slice(0, 1)) {
			const variant: Recipe = { ...shortened(recipe), ...change, seed, id: `ablation-${name.replace(/\W+/g, '-')}` };
			if (!dataset) break;
			const outcome = await train({
				definition,
				recipe: variant,
				dataset,
				backend,
				replicas: fittingReplicas(backend, variant),
				runDir: runDirOf(definition.id, variant),
				checkpointMinutes: 5,
				fresh: false,
				signal,
				now: () => performance.now(),
				onEvent: () => undefined
			});
			if (outcome.kind === 'finished' && outcome.best) accuracies.push(outcome.best.validation.accuracy);
			if (outcome.kind === 'stopped') {
				say('Stopped with a checkpoint. The same command goes on from here.');
				return 130;
			}
		}
		lines.push(`| ${name} | ${accuracies.map(percent).join(', ')} |`);
		say(lines.at(-1) ?? '');
	}
	say(`\nAccuracy on PublicTest after ${String(EPOCHS)} epochs, seeds from 1 on:\n`);
	say(['| variant | accuracy |', '| --- | --- |', ...lines].join('\n'));
	return 0;
}
