/** Places the words of each face beside it, without covering any face. */
import { clamp } from '../core/geometry';
import type { Box } from '../core/types';

export interface Size {
	readonly width: number;
	readonly height: number;
}

/** A face's box, and the sizes that its words may take, the best first. */
export interface Worded {
	readonly box: Box;
	readonly sizes: readonly Size[];
}

/** A place for the words; `size`: index of the chosen size. */
export interface Pill extends Box {
	readonly size: number;
}

/**
 * A place for the words of each face, or null if there is none: next to its box, inside a view of this size, `gap`
 * away, and not over a face, other words or `covered`. Larger faces choose first. All in the same pixels.
 */
export function placePills(
	faces: readonly Worded[],
	view: Size,
	gap: number,
	covered: readonly Box[] = []
): (Pill | null)[] {
	const area = ({ box }: Worded): number => box.width * box.height;
	const order = faces.map((_, index) => index).sort((a, b) => area(at(faces, b)) - area(at(faces, a)));
	const placed: (Pill | null)[] = faces.map(() => null);
	const taken: Box[] = [...covered, ...faces.map(({ box }) => box)];
	for (const index of order) {
		const { box, sizes } = at(faces, index);
		const pill = firstFree(box, sizes, view, gap, taken);
		if (pill === null) continue;
		placed[index] = pill;
		taken.push(pill);
	}
	return placed;
}

/** Whether two boxes share any area. */
export function overlaps(a: Box, b: Box): boolean {
	return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function firstFree(box: Box, sizes: readonly Size[], view: Size, gap: number, taken: readonly Box[]): Pill | null {
	for (const [size, { width, height }] of sizes.entries()) {
		for (const { x, y } of placesAround(box, { width, height }, view, gap)) {
			const pill = { x, y, width, height, size };
			const inside = x >= 0 && y >= 0 && x + width <= view.width && y + height <= view.height;
			if (inside && !taken.some((other) => overlaps(pill, other))) return pill;
		}
	}
	return null;
}

/** Above, below, then at its sides. */
function placesAround(box: Box, { width, height }: Size, view: Size, gap: number): { x: number; y: number }[] {
	const within = (x: number): number => clamp(x, 0, Math.max(0, view.width - width));
	const across = [box.x, box.x + (box.width - width) / 2, box.x + box.width - width].map(within);
	const beside = clamp(box.y, 0, Math.max(0, view.height - height));
	return [
		...across.map((x) => ({ x, y: box.y - height - gap })),
		...across.map((x) => ({ x, y: box.y + box.height + gap })),
		{ x: box.x + box.width + gap, y: beside },
		{ x: box.x - width - gap, y: beside }
	];
}

function at(faces: readonly Worded[], index: number): Worded {
	const face = faces[index];
	if (face === undefined) throw new RangeError(`No face ${index}`);
	return face;
}
