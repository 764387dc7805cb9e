/** A few rectangles around what is worth looking at, without the overlaps of tiles or the space between. */
import { SIDE_STEP_PX } from './blazeface';
import { clamp } from './geometry';
import type { Box } from './types';

/** Fixed cost of a look, in input pixels, on top of those it has. */
const LOOK_PX = 2000;
/** The first activations of larger inputs would not stay in the processor's cache: at this size they take 5 MB. */
const MOST_PX = 160_000;
/** A pixel of an input that is too large counts this many times. */
const TOO_LARGE = 10;

/** Cell indices from the left and the top; right and bottom are exclusive. */
interface Cells {
	readonly left: number;
	readonly top: number;
	readonly right: number;
	readonly bottom: number;
}

export interface CoverOptions {
	/** Side of the cells, in frame pixels; each is wanted or not as a whole. */
	readonly cellPx: number;
	/** Least margin shown around each wanted cell, in frame pixels. */
	readonly marginPx: number;
	/** Pixels of the detector's input per frame pixel. */
	readonly scale: number;
}

/**
 * Regions of the frame that show all cells for which `isWanted` holds, with a margin, at the least cost that cuts from
 * side to side allow. Each is a whole number of steps (SIDE_STEP_PX) of input high and wide.
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

/** Start and length of a side in frame pixels, a whole number of steps long, inside the frame if it fits. */
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
 * For a cut after each column (`upright`) or row: both sides, shrunk to the wanted cells. The last cut leaves
 * everything on the first side.
 */
function cutsOf(
	wanted: Uint8Array,
	columns: number,
	{ left, top, right, bottom }: Cells,
	upright: boolean
): [before: Cells | null, after: Cells | null][] {
	const [start, end, from, to] = upright ? [left, right, top, bottom] : [top, bottom, left, right];
	const place = (line: number, at: number): number => (upright ? at * columns + line : line * columns + at);
	/** The wanted cells of a line, from the first to the last. */
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

/** Running unions: the first, the first two, the first three, and so on. */
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
