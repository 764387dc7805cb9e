/**
 * Pictures to model inputs. Training, evaluation and the browser all use this code: a few pixels of difference are
 * enough to change a label. Every value is a mean over an area of the picture; a single bilinear tap would skip most
 * pixels of a large face and show the classifier noise that its training pictures do not have.
 * Two ways: `sampleSquare` cuts a turned face for a classifier, `letterboxInput` a whole frame for a detector.
 * Only + - * / sqrt, floor, sin and cos are used, so that Node and browsers agree to float precision.
 */
import { clamp, regionLetterbox, type Letterbox } from './geometry';
import type { Box, Frame, InputSpec, Square } from './types';
import { partOf, rgbaFromYuv, rgbFromMeans, type Plane, type YuvPicture } from './yuv';

/**
 * Least number of blocks per output pixel and axis. More cost time; on a noisy photo 2.5 keeps the difference from
 * exact area means at 53 dB (0.6 of 255) or better; one bilinear tap has 32 dB.
 */
const BLOCKS_PER_OUTPUT = 2.5;

/** Part of a frame as mean luma of blocks of `blockPx` x `blockPx` pixels, row by row. */
interface Region {
	readonly data: Float32Array;
	readonly width: number;
	readonly blockPx: number;
	/** Frame coordinates of the top left corner. */
	readonly left: number;
	readonly top: number;
}

/** Grey values of a square picture, [side, side], as a frame. */
export function grayFrame(pixels: Uint8Array, side: number): Frame {
	const data = new Uint8ClampedArray(4 * side * side).fill(255);
	for (const [index, value] of pixels.entries()) data.fill(value, 4 * index, 4 * index + 3);
	return { width: side, height: side, data };
}

/**
 * A turned square of the frame as `size` x `size` luma values (Rec. 601) of 0..255, row by row: each the mean over its
 * part of the square or, if that is smaller than a pixel, bilinear. Outside the frame its edge pixels repeat; alpha is
 * ignored.
 *
 * Method: means of blocks that are small compared to an output pixel, then for each output pixel a turned lattice of
 * n x n bilinear samples, spaced so that the whole filter has the variance of the exact area mean. The result thus
 * changes smoothly with the size and angle of the square, and is exact at angle 0 when 1, 2, 3 or 4 pixels make one.
 */
export function sampleSquare(frame: Frame, square: Square, size: number): Float32Array {
	const stepPx = square.side / size;
	const windowPx = Math.max(stepPx, 1);
	const blockPx = Math.max(1, Math.floor(windowPx / BLOCKS_PER_OUTPUT));
	const region = lumaRegion(frame, square, blockPx);
	const n = Math.ceil(windowPx / blockPx);
	// The spacing s, in pixels, at which the filter's variance on an axis is that of the exact area mean. Variances
	// times twelve, for a window of w pixels and blocks of b: the mean over w of a picture that is constant in each
	// pixel has w^2 + 1, n samples have s^2 (n^2 - 1), the triangle of bilinear sampling 2 b^2, a block of b separate
	// pixels b^2 - 1. The variances of consecutive filters add up, so s^2 (n^2 - 1) = w^2 + 1 - 2 b^2 - (b^2 - 1).
	const spread = windowPx * windowPx + 2 - 3 * blockPx * blockPx;
	const spacingPx = n > 1 ? Math.sqrt(spread / (n * n - 1)) : 0;

	const cos = Math.cos(square.angle) / blockPx;
	const sin = Math.sin(square.angle) / blockPx;
	const originX = (square.centre.x - region.left) / blockPx - 0.5;
	const originY = (square.centre.y - region.top) / blockPx - 0.5;
	const dx = cos * spacingPx;
	const dy = sin * spacingPx;
	const out = new Float32Array(size * size);
	for (let row = 0; row < size; row++) {
		const down = (row + 0.5 - size / 2) * stepPx - ((n - 1) / 2) * spacingPx;
		for (let column = 0; column < size; column++) {
			const right = (column + 0.5 - size / 2) * stepPx - ((n - 1) / 2) * spacingPx;
			const x = originX + cos * right - sin * down;
			const y = originY + sin * right + cos * down;
			out[row * size + column] = latticeMean(region, n, x, y, dx, dy);
		}
	}
	return out;
}

/** Mean of n x n bilinear samples; (x, y) is the first, in blocks, (dx, dy) the step to the next in its row. */
function latticeMean({ data, width }: Region, n: number, x: number, y: number, dx: number, dy: number): number {
	let sum = 0;
	for (let j = 0; j < n; j++) {
		let u = x - j * dy;
		let v = y + j * dx;
		for (let i = 0; i < n; i++, u += dx, v += dy) {
			// Truncation instead of floor halves the time; it is safe, as the region holds every sample.
			const column = u | 0;
			const row = v | 0;
			const p = row * width + column;
			const topLeft = data[p] ?? 0;
			const bottomLeft = data[p + width] ?? 0;
			const top = topLeft + ((data[p + 1] ?? 0) - topLeft) * (u - column);
			const bottom = bottomLeft + ((data[p + width + 1] ?? 0) - bottomLeft) * (u - column);
			sum += top + (bottom - top) * (v - row);
		}
	}
	return sum / (n * n);
}

/** Block means around a turned square, with a margin for bilinear samples. */
function lumaRegion(frame: Frame, square: Square, blockPx: number): Region {
	// Half the width of the box around the turned square, plus one block.
	const reach = (square.side / 2) * (Math.abs(Math.cos(square.angle)) + Math.abs(Math.sin(square.angle))) + blockPx;
	const left = Math.floor(square.centre.x - reach);
	const top = Math.floor(square.centre.y - reach);
	const width = Math.ceil((2 * reach + 1) / blockPx) + 1;
	const side = width * blockPx;
	const cut = cutOut(frame, { x: left, y: top, width: side, height: side });
	const { data } = cut.frame;
	const offsets = new Int32Array(side);
	for (let x = 0; x < side; x++) offsets[x] = clamp(left - cut.left + x, 0, cut.frame.width - 1) * 4;

	const means = new Float32Array(width * width);
	const share = 1 / (blockPx * blockPx);
	for (let y = 0; y < side; y++) {
		const line = clamp(top - cut.top + y, 0, cut.frame.height - 1) * cut.frame.width * 4;
		let block = Math.floor(y / blockPx) * width;
		for (let x = 0; x < offsets.length; block++) {
			let red = 0;
			let green = 0;
			let blue = 0;
			for (const end = x + blockPx; x < end; x++) {
				const p = line + (offsets[x] ?? 0);
				red += data[p] ?? 0;
				green += data[p + 1] ?? 0;
				blue += data[p + 2] ?? 0;
			}
			means[block] = (means[block] ?? 0) + (0.299 * red + 0.587 * green + 0.114 * blue) * share;
		}
	}
	return { data: means, width, blockPx, left, top };
}

/** A frame with all pixels of `box` that lie within the given frame, and where it starts in that frame. */
function cutOut(frame: Frame, box: Box): { frame: Frame; left: number; top: number } {
	if (frame.planes === undefined) return { frame, left: 0, top: 0 };
	const { part, left, top } = partOf(frame.planes, box);
	const pixels = new Uint32Array(part.width * part.height);
	rgbaFromYuv(part, pixels);
	const { width, height } = part;
	return { frame: { width, height, data: new Uint8ClampedArray(pixels.buffer) }, left, top };
}

/**
 * The whole frame, letterboxed, as a detector's input: [inputSize, inputSize, 3] RGB values, 0..255 mapped to `range`,
 * and where the frame lies in it. Reduced by exact area means, enlarged bilinearly. The border is black, as in
 * MediaPipe, whose detectors were trained that way. `region` selects a part of the frame; it may reach beyond the
 * frame, where all is black.
 */
export function letterboxInput(
	frame: Frame,
	inputSize: number,
	range: readonly [low: number, high: number],
	region: Box = { x: 0, y: 0, width: frame.width, height: frame.height }
): { data: Float32Array; transform: Letterbox } {
	const transform = regionLetterbox(region, inputSize);
	return { data: sampleInput(frame, inputSize, inputSize, range, transform), transform };
}

/**
 * Like `letterboxInput`, with `scale` input pixels per pixel of the region, which fills the input: [height, width, 3].
 * The region's sides are a whole number of input pixels.
 */
export function regionInput(
	frame: Frame,
	scale: number,
	range: readonly [low: number, high: number],
	region: Box
): { data: Float32Array; width: number; height: number; transform: Letterbox } {
	const [width, height] = [Math.round(region.width * scale), Math.round(region.height * scale)];
	const transform = { scale, offsetX: -region.x * scale, offsetY: -region.y * scale };
	return { data: sampleInput(frame, width, height, range, transform), width, height, transform };
}

/** [height, width, 3]: the part of the frame that `transform` shows; black outside the frame. */
function sampleInput(
	frame: Frame,
	width: number,
	height: number,
	[low, high]: readonly [low: number, high: number],
	transform: Letterbox
): Float32Array {
	const columns = cellSpans(width, frame.width, transform.scale, transform.offsetX);
	const rows = cellSpans(height, frame.height, transform.scale, transform.offsetY);
	const data = new Float32Array(width * height * 3).fill(low);
	const [first, last] = [columns[0], columns.at(-1)];
	if (first === undefined || last === undefined) return data;
	if (frame.planes !== undefined) {
		fillFromPlanes(frame.planes, { columns, rows, width, range: [low, high] }, data);
		return data;
	}
	const firstPx = Math.floor(first.from);
	const bytes = bytesOf(frame.data, frame.width * 4);
	const line = new Float64Array((Math.ceil(last.to) - firstPx) * 4);
	const { lefts, rights, cutsLeft, cutsRight, widths } = lineSpans(columns, 4);
	for (const row of rows) {
		sumRows(bytes, firstPx * 4, row, line);
		const perRow = (high - low) / 255 / (row.to - row.from);
		let out = (row.cell * width + first.cell) * 3;
		for (let column = 0; column < columns.length; column++) {
			const left = lefts[column] ?? 0;
			const right = rights[column] ?? 0;
			const cutLeft = cutsLeft[column] ?? 0;
			const cutRight = cutsRight[column] ?? 0;
			let red = -cutLeft * (line[left] ?? 0) - cutRight * (line[right] ?? 0);
			let green = -cutLeft * (line[left + 1] ?? 0) - cutRight * (line[right + 1] ?? 0);
			let blue = -cutLeft * (line[left + 2] ?? 0) - cutRight * (line[right + 2] ?? 0);
			for (let p = left; p <= right; p += 4) {
				red += line[p] ?? 0;
				green += line[p + 1] ?? 0;
				blue += line[p + 2] ?? 0;
			}
			const share = perRow / (widths[column] ?? 1);
			data[out++] = low + red * share;
			data[out++] = low + green * share;
			data[out++] = low + blue * share;
		}
	}
	return data;
}

/** The part of an axis, in pixels, that one cell of the input shows. */
interface Span {
	readonly cell: number;
	readonly from: number;
	readonly to: number;
}

/**
 * For each cell whose centre lies in the frame, a window of one cell's width, but of at least one pixel: the mean over just
 * one pixel's width is linear interpolation.
 */
function cellSpans(cells: number, pixels: number, scale: number, offset: number): Span[] {
	const halfPx = Math.max(1 / scale, 1) / 2;
	const spans: Span[] = [];
	for (let cell = 0; cell < cells; cell++) {
		const centre = (cell + 0.5 - offset) / scale;
		if (centre < 0 || centre > pixels) continue;
		spans.push({ cell, from: Math.max(centre - halfPx, 0), to: Math.min(centre + halfPx, pixels) });
	}
	return spans;
}

/** Rows of bytes, and the same memory as words if every row starts at a word boundary. */
interface Bytes {
	readonly data: Uint8Array | Uint8ClampedArray;
	readonly stride: number;
	readonly words: Int32Array | null;
}

function bytesOf(data: Uint8Array | Uint8ClampedArray, stride: number): Bytes {
	const isWhole = (data.byteOffset | data.byteLength | stride) % 4 === 0;
	const words = isWhole ? new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4) : null;
	return { data, stride, words };
}

/** More rows would overflow the 16 bits that each byte has in a sum of words. */
const MOST_ROWS = 257;

/**
 * Sums over the rows of a span into `line`, for each byte from `begin` of the first row on. By words: four times as
 * fast.
 */
function sumRows({ data, stride, words }: Bytes, begin: number, { from, to }: Span, line: Float64Array): void {
	const top = Math.floor(from);
	const bottom = Math.ceil(to) - 1;
	const first = begin + top * stride;
	const height = (bottom - top) * stride;
	const [cutTop, cutBottom] = [from - top, bottom + 1 - to];
	// Sums whole rows as integers, then subtracts the parts outside: a weight for each byte takes twice as long.
	if (words !== null && first % 4 === 0 && bottom - top < MOST_ROWS) {
		const step = stride / 4;
		const isWhole = cutTop === 0 && cutBottom === 0;
		for (let q = 0, word = first / 4; q < line.length; q += 4, word++) {
			const end = word + height / 4;
			let even = 0;
			let odd = 0;
			for (let at = word; at <= end; at += step) {
				const four = words[at] ?? 0;
				even = (even + (four & 0xff00ff)) | 0;
				odd = (odd + ((four >>> 8) & 0xff00ff)) | 0;
			}
			line[q] = even & 0xffff;
			line[q + 1] = odd & 0xffff;
			line[q + 2] = even >>> 16;
			line[q + 3] = odd >>> 16;
			if (isWhole) continue;
			const upper = words[word] ?? 0;
			const lower = words[end] ?? 0;
			line[q] = (line[q] ?? 0) - cutTop * (upper & 0xff) - cutBottom * (lower & 0xff);
			line[q + 1] = (line[q + 1] ?? 0) - cutTop * ((upper >>> 8) & 0xff) - cutBottom * ((lower >>> 8) & 0xff);
			line[q + 2] = (line[q + 2] ?? 0) - cutTop * ((upper >>> 16) & 0xff) - cutBottom * ((lower >>> 16) & 0xff);
			line[q + 3] = (line[q + 3] ?? 0) - cutTop * (upper >>> 24) - cutBottom * (lower >>> 24);
		}
		return;
	}
	for (let q = 0, start = first; q < line.length; q++, start++) {
		const end = start + height;
		let sum = -cutTop * (data[start] ?? 0) - cutBottom * (data[end] ?? 0);
		for (let at = start; at <= end; at += stride) sum += data[at] ?? 0;
		line[q] = sum;
	}
}

/** What a line of sums needs for the mean of each span. Computed once, as there are many lines. */
interface LineSpans {
	/** Where the first and the last pixel of each span are in the line. */
	readonly lefts: Int32Array;
	readonly rights: Int32Array;
	/** Parts of these pixels that are outside the span, 0..1. */
	readonly cutsLeft: Float64Array;
	readonly cutsRight: Float64Array;
	/** In pixels. */
	readonly widths: Float64Array;
}

/** For a line that begins, after `skipped` values, with the first pixel of the first span; pixels are `step` apart. */
function lineSpans(columns: readonly Span[], step: number, skipped = 0): LineSpans {
	const first = Math.floor(columns[0]?.from ?? 0);
	return {
		lefts: Int32Array.from(columns, ({ from }) => (Math.floor(from) - first) * step + skipped),
		rights: Int32Array.from(columns, ({ to }) => (Math.ceil(to) - 1 - first) * step + skipped),
		cutsLeft: Float64Array.from(columns, ({ from }) => from - Math.floor(from)),
		cutsRight: Float64Array.from(columns, ({ to }) => Math.ceil(to) - to),
		widths: Float64Array.from(columns, ({ from, to }) => to - from)
	};
}

/** Fills the input from a picture in planes: takes means first, then converts them to colours. */
function fillFromPlanes(
	picture: YuvPicture,
	{
		columns,
		rows,
		width,
		range: [low, high]
	}: { columns: Span[]; rows: Span[]; width: number; range: readonly [low: number, high: number] },
	out: Float32Array
): void {
	const colours = meanColours(picture, columns, rows);
	const factor = (high - low) / 255;
	let p = 0;
	for (const row of rows) {
		for (const column of columns) {
			const to = (row.cell * width + column.cell) * 3;
			for (let channel = 0; channel < 3; channel++) out[to + channel] = low + (colours[p++] ?? 0) * factor;
		}
	}
}

/** Red, green and blue of 0..255 of each pair of spans: [rows, columns, 3]. */
function meanColours(picture: YuvPicture, columns: readonly Span[], rows: readonly Span[]): Float32Array {
	const { data, luma, blue, red, chromaStep } = picture;
	const [halfColumns, halfRows] = [halved(columns), halved(rows)];
	const means = {
		luma: planeMeans(data, luma, 1, columns, rows),
		blue: planeMeans(data, blue, chromaStep, halfColumns, halfRows),
		red: planeMeans(data, red, chromaStep, halfColumns, halfRows)
	};
	const colours = new Float32Array(3 * columns.length * rows.length);
	rgbFromMeans(picture, means, colours);
	return colours;
}

/** The same part of an axis, in samples that each stand for two pixels. */
function halved(spans: readonly Span[]): Span[] {
	return spans.map(({ cell, from, to }) => ({ cell, from: from / 2, to: to / 2 }));
}

/** Mean of a plane's bytes, `step` apart in a row, over each pair of spans: [rows, columns]. */
function planeMeans(
	data: Uint8Array,
	{ offset, stride }: Plane,
	step: number,
	columns: readonly Span[],
	rows: readonly Span[]
): Float32Array {
	const means = new Float32Array(rows.length * columns.length);
	const bytes = bytesOf(data, stride);
	const first = Math.floor(columns[0]?.from ?? 0);
	const begin = offset + first * step;
	// Back to a word boundary.
	const skipped = bytes.words === null ? 0 : begin % 4;
	const length = (Math.ceil(columns.at(-1)?.to ?? 0) - first) * step + skipped;
	const line = new Float64Array(4 * Math.ceil(length / 4));
	const { lefts, rights, cutsLeft, cutsRight, widths } = lineSpans(columns, step, skipped);
	let p = 0;
	for (const row of rows) {
		sumRows(bytes, begin - skipped, row, line);
		const share = 1 / (row.to - row.from);
		for (let column = 0; column < columns.length; column++) {
			const left = lefts[column] ?? 0;
			const right = rights[column] ?? 0;
			let sum = -(cutsLeft[column] ?? 0) * (line[left] ?? 0) - (cutsRight[column] ?? 0) * (line[right] ?? 0);
			for (let at = left; at <= right; at += step) sum += line[at] ?? 0;
			means[p++] = (sum * share) / (widths[column] ?? 1);
		}
	}
	return means;
}

/**
 * Writes a face's luma values of 0..255 (from `sampleSquare` or a data set) into `out` from `offset` in the form a
 * model expects: mapped to its `range` and, for three channels, repeated. [size, size, channels], row-major.
 */
export function toModelInput(
	gray: Float32Array | Uint8Array,
	{ channels, range: [low, high] }: Pick<InputSpec, 'channels' | 'range'>,
	out: Float32Array,
	offset: number
): void {
	const factor = (high - low) / 255;
	let p = offset;
	for (const luma of gray) {
		const value = low + luma * factor;
		for (let channel = 0; channel < channels; channel++) out[p++] = value;
	}
}
