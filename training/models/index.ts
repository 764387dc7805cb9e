/** The models that can be trained: a new one is one file and one line here. */
import { UserError } from '../errors';
import type { ModelDefinition } from './definition';
import { mien } from './mien';

export const MODELS: readonly ModelDefinition[] = [mien];

/** The model of that id; throws UserError that lists the ids. */
export function findModel(id: string): ModelDefinition {
	const found = MODELS.find((model) => model.id === id);
	if (!found) throw new UserError(`There is no model "${id}". Choose one of: ${MODELS.map((m) => m.id).join(', ')}.`);
	return found;
}
