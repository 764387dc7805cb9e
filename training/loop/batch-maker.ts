/** Makes training pictures: changed at random and converted to what the network takes. */
import { FER2013_SIDE } from '../../src/lib/core/fer2013';
import { raiseContrast } from '../../src/lib/core/contrast';
import { toModelInput } from '../../src/lib/core/preprocess';
import { augment } from '../augment/augment';
import type { Recipe } from '../models/recipe';
import { pictureOf, type Dataset } from '../data/dataset';
import type { ModelDefinition } from '../models/definition';
import { createRandom, STREAM } from '../lib/random';

export interface BatchMaker {
	/** [rows, size, size, channels] of the rows' pictures, which depend on nothing but recipe, row and epoch. */
	makeBatch(rows: Uint32Array, size: number, epoch: number): Promise<Float32Array> | Float32Array;
}

export interface BatchSetup {
	readonly dataset: Pick<Dataset, 'pixels'>;
	readonly recipe: Pick<Recipe, 'seed' | 'augmentation'>;
	readonly input: ModelDefinition['input'];
	/** Pictures are raised to this contrast after the changes; undefined leaves them as they are. */
	readonly leastContrast?: number | undefined;
}

/** In this thread, synchronously. */
export class LocalBatchMaker implements BatchMaker {
	constructor(private readonly setup: BatchSetup) {}

	makeBatch(rows: Uint32Array, size: number, epoch: number): Float32Array {
		const { dataset, recipe, input, leastContrast } = this.setup;
		const length = size * size * input.channels;
		const ofSize = { ...input, size };
		const batch = new Float32Array(rows.length * length);
		for (const [index, row] of rows.entries()) {
			const random = createRandom(recipe.seed, STREAM.augmentation, epoch, row);
			const picture = augment(pictureOf(dataset, row), FER2013_SIDE, size, recipe.augmentation, random);
			toModelInput(raiseContrast(picture, leastContrast), ofSize, batch, index * length);
		}
		return batch;
	}
}

/** How the recipe makes batches for the model. */
export function batchSetupOf({ input, leastContrast }: ModelDefinition, recipe: Recipe): Omit<BatchSetup, 'dataset'> {
	return { recipe, input, leastContrast: recipe.raised ? leastContrast : undefined };
}
