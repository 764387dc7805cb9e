/** The models that can be trained: a new one is one file and one line here. */
import { UserError } from '../lib/errors';
import type { ModelDefinition } from './definition';
import type { Recipe } from './recipe';
import { cnn } from './cnn';
import { mien } from './mien';
import { mienLarge } from './mien-large';
import { vgg16 } from './vgg16';

export const MODELS: readonly ModelDefinition[] = [mien, cnn, vgg16, mienLarge];

/** The model of that id; throws UserError that lists the ids. */
export function findModel(id: string): ModelDefinition {
	const found = MODELS.find((model) => model.id === id);
	if (!found) throw new UserError(`There is no model "${id}". Choose one of: ${MODELS.map((m) => m.id).join(', ')}.`);
	return found;
}

/** The model with the recipe's range of grey values. */
export function withRecipe(definition: ModelDefinition, { range }: Recipe): ModelDefinition {
	return range ? { ...definition, input: { ...definition.input, range } } : definition;
}

/** The model's recipe of that id, or its first; throws UserError that lists the ids. */
export function findRecipe({ id: model, recipes }: ModelDefinition, id: string | undefined): Recipe {
	if (id === undefined) return recipes[0];
	const found = recipes.find((recipe) => recipe.id === id);
	if (!found)
		throw new UserError(
			`${model} has no recipe "${id}". Choose one of: ${recipes.map((recipe) => recipe.id).join(', ')}.`
		);
	return found;
}
