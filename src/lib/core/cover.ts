/** A few rectangles around what is worth looking at: without the overlaps of tiles, and without what lies between. */
import { SIDE_STEP_PX } from './blazeface';
import { clamp } from './geometry';
import type { Box } from './types';

/** A look costs as much as so many pixels of the input more than it has. */
const LOOK_PX = 2000;
/** The first values of larger inputs would not stay in a processor's cache: those of one of these take 5 MB. */
const MOST_PX = 160_000;
/** By so much a pixel of too large an input counts more. */
const TOO_LARGE = 10;

/** Cells from the left and the top; right and bottom are the first ones beyond. */
interface Cells {
	readonly left: number;
	readonly top: number;
	readonly right: number;
	readonly bottom: number;
}

export interface CoverOptions {
	/** Side of the cells, in pixels of the frame, which are wanted or not as a whole. */
	readonly cellPx: number;
	/** What is to be seen around each wanted cell at least, in pixels of the frame. */
	readonly marginPx: number;
	/** Pixels of a detector's input for one of the frame. */
	readonly scale: number;
}

/**
 * Regions of the frame that show all cells for which `isWanted` holds, with a margin, for as few pixels of input as cuts from
 * side to side can do. Each is a whole number of steps (SIDE_STEP_PX) of input high and wide.
 */
export function coverRegions(
	{ width, height }: { width: number; height: number },
	isWanted: (cell: Box) => boolean,
	{ cellPx, marginPx, scale }: CoverOptions
): Box[] {
	const columns = Math.ceil(width / cellPx);
	const rows = Math.ceil(height / cellPx);
	const wanted = new Uint8Array(columns * rows);
	for (let row = 0, at = 0; row < rows; row++)
		for (let column = 0; column < columns; column++, at++)
			if (isWanted({ x: column * cellPx, y: row * cellPx, width: cellPx, height: cellPx })) wanted[at] = 1;

	const regionOf = ({ left, top, right, bottom }: Cells): Box => {
		const [x, spanX] = along(left * cellPx, right * cellPx, width, { marginPx, scale });
		const [y, spanY] = along(top * cellPx, bottom * cellPx, height, { marginPx, scale });
		return { x, y, width: spanX, height: spanY };
	};
	const costOf = (cells: Cells | null): number => {
		if (cells === null) return 0;
		const region = regionOf(cells);
		const inputPx = region.width * region.height * scale ** 2;
		return LOOK_PX + inputPx * (inputPx > MOST_PX ? TOO_LARGE : 1);
	};

	const regions: Box[] = [];
	const cut = (cells: Cells): void => {
		let leastCost = costOf(cells);
		let best: [Cells | null, Cells | null] | null = null;
		for (const parts of [...cutsOf(wanted, columns, cells, true), ...cutsOf(wanted, columns, cells, false)]) {
			const cost = costOf(parts[0]) + costOf(parts[1]);
			if (cost < leastCost) [leastCost, best] = [cost, parts];
		}
		if (best === null) regions.push(regionOf(cells));
		else for (const part of best) if (part !== null) cut(part);
	};
	const all = { left: 0, top: 0, right: columns, bottom: rows };
	const [shrunk] = cutsOf(wanted, columns, all, true).at(-1) ?? [null];
	if (shrunk !== null) cut(shrunk);
	return regions;
}

/** Start and length of a side in pixels of the frame, a whole number of steps long, inside the frame where it can be. */
function along(
	from: number,
	to: number,
	lengthPx: number,
	{ marginPx, scale }: Pick<CoverOptions, 'marginPx' | 'scale'>
): [start: number, length: number] {
	const [first, last] = [Math.max(from - marginPx, 0), Math.min(to + marginPx, lengthPx)];
	const stepPx = SIDE_STEP_PX / scale;
	const spanPx = Math.max(Math.ceil((last - first) / stepPx), 1) * stepPx;
	if (spanPx >= lengthPx) return [(lengthPx - spanPx) / 2, spanPx];
	return [clamp((from + to - spanPx) / 2, Math.max(last - spanPx, 0), Math.min(first, lengthPx - spanPx)), spanPx];
}

/**
 * What a cut before each column (`upright`) or row but the first leaves on both sides, shrunk to what is wanted there; the last
 * one leaves all on the first side.
 */
function cutsOf(
	wanted: Uint8Array,
	columns: number,
	{ left, top, right, bottom }: Cells,
	upright: boolean
): [before: Cells | null, after: Cells | null][] {
	const [start, end, from, to] = upright ? [left, right, top, bottom] : [top, bottom, left, right];
	const place = (line: number, at: number): number => (upright ? at * columns + line : line * columns + at);
	/** The cells of a line that are wanted, from the first to the last. */
	const lineAt = (line: number): Cells | null => {
		let [first, last] = [from, to - 1];
		while (first < to && wanted[place(line, first)] !== 1) first++;
		if (first === to) return null;
		while (wanted[place(line, last)] !== 1) last--;
		return upright
			? { left: line, right: line + 1, top: first, bottom: last + 1 }
			: { left: first, right: last + 1, top: line, bottom: line + 1 };
	};
	const lines = Array.from({ length: end - start }, (_, index) => lineAt(start + index));
	const before = joinedOneByOne(lines);
	const after = joinedOneByOne(lines.toReversed()).reverse();
	return before.map((part, index) => [part, after[index + 1] ?? null]);
}

/** The first, the first two, the first three of them and so on, as one. */
function joinedOneByOne(parts: readonly (Cells | null)[]): (Cells | null)[] {
	let sum: Cells | null = null;
	return parts.map((part) => (sum = joined(sum, part)));
}

function joined(a: Cells | null, b: Cells | null): Cells | null {
	if (a === null || b === null) return a ?? b;
	return {
		left: Math.min(a.left, b.left),
		top: Math.min(a.top, b.top),
		right: Math.max(a.right, b.right),
		bottom: Math.max(a.bottom, b.bottom)
	};
}
