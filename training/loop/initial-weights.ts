/** The weights that a run starts from: another run's, or pretrained ones. */
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { UserError } from '../lib/errors';
import type { ModelDefinition } from '../models/definition';
import { joinHeads } from '../models/heads';
import type { Recipe } from '../models/recipe';
import { weightsFor } from '../pretrained/adapt';
import type { PretrainedWeights } from '../pretrained/weights';
import type { Checkpoint } from './checkpoint';
import type { State } from './state';

/** A fresh state with the averaged weights of `start` wherever they fit. Throws UserError if none fits. */
export function startedFrom(start: Checkpoint, fresh: State): State {
	let taken = 0;
	const state: State = new Map();
	for (const [name, tensor] of fresh) {
		const trained = start.state.get(name.replace(/^weight\//, 'average/'));
		const fits = !name.startsWith('slot/') && trained?.shape.join() === tensor.shape.join();
		if (fits) taken++;
		state.set(name, fits ? trained : tensor);
	}
	if (taken === 0) throw new UserError('The weights to start from have nothing in common with this network.');
	return state;
}

/** Averaged weights of a run; two heads are joined as the recipe says. */
export function withOneHead(averages: State, { faceApi }: Recipe): State {
	if (!faceApi) return averages;
	const labels = FER2013_LABELS.length;
	return new Map(
		[...averages].map(([name, { shape, values }]) => [
			name,
			shape.at(-1) === 2 * labels
				? { shape: [...shape.slice(0, -1), labels], values: joinHeads(values, labels, faceApi.part) }
				: { shape, values }
		])
	);
}

/** Pretrained weights as the recipe wants them, by number, with the shapes of the network's. */
export function pretrainedState(definition: ModelDefinition, recipe: Recipe, pretrained: PretrainedWeights): State {
	if (!definition.parts) throw new Error(`${definition.id} has no pretrained part.`);
	const network = definition.parts.features(recipe);
	const values = weightsFor(pretrained, network, definition.input, recipe.pretrained?.normalised === true);
	const state: State = new Map(
		network.weights.map(({ shape }, index) => [
			String(index),
			{ shape: shape.map(Number), values: values[index] ?? new Float32Array() }
		])
	);
	network.dispose();
	return state;
}

/** The same as a snapshot's averages, under names that keep them in front of the head's. */
export function asAverages(pretrained: State): State {
	return new Map([...pretrained].map(([index, weight]) => [`average/base ${index}`, weight]));
}

/** A snapshot whose first weights, and their averages, are these. */
export function withWeights(state: State, weights: State): State {
	return new Map(
		[...state].map(([name, weight]) => {
			const index = /^(?:weight|average)\/(\d+):/.exec(name)?.[1];
			return [name, (index !== undefined && weights.get(index)) || weight];
		})
	);
}
