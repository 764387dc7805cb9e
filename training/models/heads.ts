/**
 * Networks with two heads, which learn from two sources: the last layer is twice as wide; at the end it becomes one
 * head.
 */
import type { Recipe } from './recipe';

/** How many heads the recipe's network has while it is trained. */
export function headsOf({ faceApi }: Pick<Recipe, 'faceApi'>): 1 | 2 {
	return faceApi ? 2 : 1;
}

/**
 * Turns rows of `2 * labels` numbers, of both heads, into rows of `labels`: their mean, the second weighted with
 * `part`.
 */
export function joinHeads(values: ArrayLike<number>, labels: number, part: number): Float32Array<ArrayBuffer> {
	return Float32Array.from({ length: values.length / 2 }, (_, index) => {
		const at = index + Math.floor(index / labels) * labels;
		return (1 - part) * (values[at] ?? NaN) + part * (values[at + labels] ?? NaN);
	});
}
