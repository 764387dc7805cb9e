import { boxCentre } from '../../core/geometry';
import type { Box } from '../../core/types';

interface Placed {
	readonly id: number;
	readonly box: Box;
}

/** Up to MOST_CARDS faces get a card each, more a row each; from CROWD faces on, a summary comes first. */
export const MOST_CARDS = 2;
export const CROWD = 6;

/** Two faces swap only once one is past the other by this share of their widths: a flickering list cannot be read. */
const REACH = 0.3;

/**
 * Faces from left to right as seen on screen, so reversed in a mirrored picture. `before`: the ids in the order of the
 * previous frame, which neighbours keep until one has clearly passed the other.
 */
export function leftToRight<T extends Placed>(
	faces: readonly T[],
	mirrored: boolean,
	before: readonly number[] = []
): T[] {
	const middle = ({ box }: T): number => (mirrored ? -1 : 1) * boxCentre(box).x;
	const sorted = faces.toSorted((a, b) => middle(a) - middle(b) || a.id - b.id);
	const place = new Map(before.map((id, index) => [id, index]));
	// One pass of swaps back is enough: faces that were apart are still apart, or have clearly passed each other.
	for (let index = 1; index < sorted.length; index++) {
		const [left, right] = [sorted[index - 1], sorted[index]];
		if (left === undefined || right === undefined) continue;
		const [was, is] = [place.get(left.id), place.get(right.id)];
		const close = middle(right) - middle(left) < (REACH * (left.box.width + right.box.width)) / 2;
		if (close && was !== undefined && is !== undefined && was > is) {
			sorted[index - 1] = right;
			sorted[index] = left;
		}
	}
	return sorted;
}
