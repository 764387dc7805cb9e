/** Builds networks and checks their shapes. */
import { outputShapeOf, type NetworkDescription } from '../core/network/description';
import { Network } from '../core/network/network';
import { AppError } from '../errors';

/**
 * The network on the current back end. `input` and `output`: expected shapes of one element of the batch. Throws
 * AppError 'model-invalid' if the file's shapes differ.
 */
export function buildNetwork(
	id: string,
	description: NetworkDescription,
	input: readonly number[],
	output: readonly number[]
): Network {
	const shapes = (from: readonly number[], to: readonly number[]): string => `[${from.join()}] to [${to.join()}]`;
	let found: string;
	try {
		found = shapes(description.input, outputShapeOf(description));
	} catch (error) {
		throw new AppError('model-invalid', `${id}: ${String(error)}`, error);
	}
	const expected = shapes(input, output);
	if (found === expected) return new Network(description);
	throw new AppError('model-invalid', `${id}: expected a network from ${expected} but found one from ${found}`);
}
