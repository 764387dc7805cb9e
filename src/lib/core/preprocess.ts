/**
 * Pictures to model inputs. Training, evaluation and the browser all use this one copy: a few pixels of difference
 * are enough to change a label. Every value is a mean over an area of the picture; a single bilinear tap would skip
 * most pixels of a large face and show the classifier noise that its training pictures do not have.
 * Two ways: `sampleSquare` cuts a turned face for a classifier, `letterboxInput` a whole frame for a detector.
 * Only + - * / sqrt, floor, sin and cos are used, so that Node and browsers agree to float precision.
 */
import { clamp, regionLetterbox, type Letterbox } from './geometry';
import type { Box, Frame, InputSpec, Square } from './types';

/**
 * Blocks that make up an output pixel, per axis, are at least this many. More cost time; on a noisy photo 2.5 keeps the
 * difference to exact area means at 53 dB (0.6 of 255) or better, where one bilinear tap has 32 dB.
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
 * part of the square or, where that is smaller than a pixel, bilinear. Outside the frame its edge pixels repeat; alpha
 * is ignored.
 *
 * Method: means of blocks small beside an output pixel, then for each output pixel a turned lattice of n x n bilinear
 * samples, so spaced that the whole filter has the variance of the exact area mean. It thus changes smoothly with the
 * size and the angle of the square, and is exact without a turn when 1, 2, 3 or 4 pixels make one.
 */
export function sampleSquare(frame: Frame, square: Square, size: number): Float32Array {
	const stepPx = square.side / size;
	const windowPx = Math.max(stepPx, 1);
	const blockPx = Math.max(1, Math.floor(windowPx / BLOCKS_PER_OUTPUT));
	const region = lumaRegion(frame, square, blockPx);
	const n = Math.ceil(windowPx / blockPx);
	// The spacing s, in pixels, at which the filter's variance on an axis is that of the exact area mean. Times twelve, for a
	// window of w pixels and blocks of b: a mean over w of a picture that is constant in each pixel has w^2 + 1, n samples
	// have s^2 (n^2 - 1), the triangle of bilinear sampling 2 b^2, a block of b separate pixels b^2 - 1. The variances of
	// filters one after another add up, so s^2 (n^2 - 1) = w^2 + 1 - 2 b^2 - (b^2 - 1).
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

/** Mean of n x n bilinear samples; (x, y) is the first, in blocks, (dx, dy) the way to the next in its row. */
function latticeMean({ data, width }: Region, n: number, x: number, y: number, dx: number, dy: number): number {
	let sum = 0;
	for (let j = 0; j < n; j++) {
		let u = x - j * dy;
		let v = y + j * dx;
		for (let i = 0; i < n; i++, u += dx, v += dy) {
			// Truncation does for floor, as the region holds every sample, and halves the time.
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
function lumaRegion({ width: frameWidth, height: frameHeight, data }: Frame, square: Square, blockPx: number): Region {
	// Half the width of the box around the turned square, and a block more.
	const reach = (square.side / 2) * (Math.abs(Math.cos(square.angle)) + Math.abs(Math.sin(square.angle))) + blockPx;
	const left = Math.floor(square.centre.x - reach);
	const top = Math.floor(square.centre.y - reach);
	const width = Math.ceil((2 * reach + 1) / blockPx) + 1;
	const offsets = new Int32Array(width * blockPx);
	for (let x = 0; x < offsets.length; x++) offsets[x] = clamp(left + x, 0, frameWidth - 1) * 4;

	const means = new Float32Array(width * width);
	const share = 1 / (blockPx * blockPx);
	for (let y = 0; y < width * blockPx; y++) {
		const line = clamp(top + y, 0, frameHeight - 1) * frameWidth * 4;
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

/**
 * The whole frame, letterboxed, as a detector's input: [inputSize, inputSize, 3] RGB values, 0..255 mapped to `range`,
 * and where the frame lies in it. Reduced by exact area means, enlarged bilinearly. The border is black, as in
 * MediaPipe, whose detectors were trained so. With `region` that part of the frame takes the place of the whole; it may
 * reach beyond the frame, where all is black.
 */
export function letterboxInput(
	frame: Frame,
	inputSize: number,
	[low, high]: readonly [low: number, high: number],
	region: Box = { x: 0, y: 0, width: frame.width, height: frame.height }
): { data: Float32Array; transform: Letterbox } {
	const transform = regionLetterbox(region, inputSize);
	const columns = cellSpans(inputSize, frame.width, transform.scale, transform.offsetX);
	const rows = cellSpans(inputSize, frame.height, transform.scale, transform.offsetY);
	const data = new Float32Array(inputSize * inputSize * 3).fill(low);
	const [first, last] = [columns[0], columns.at(-1)];
	if (first === undefined || last === undefined) return { data, transform };
	const firstPx = Math.floor(first.from);
	const line = new Float64Array((Math.ceil(last.to) - firstPx) * 3);
	for (const row of rows) {
		sumRows(frame, row, firstPx, line);
		const perRow = (high - low) / 255 / (row.to - row.from);
		for (const { cell, from, to } of columns) {
			const share = perRow / (to - from);
			const begin = (Math.floor(from) - firstPx) * 3;
			const end = (Math.ceil(to) - 1 - firstPx) * 3;
			const cutLeft = from - Math.floor(from);
			const cutRight = Math.ceil(to) - to;
			let [red, green, blue] = [0, 0, 0];
			for (let p = begin; p <= end; p += 3) {
				red += line[p] ?? 0;
				green += line[p + 1] ?? 0;
				blue += line[p + 2] ?? 0;
			}
			red -= cutLeft * (line[begin] ?? 0) + cutRight * (line[end] ?? 0);
			green -= cutLeft * (line[begin + 1] ?? 0) + cutRight * (line[end + 1] ?? 0);
			blue -= cutLeft * (line[begin + 2] ?? 0) + cutRight * (line[end + 2] ?? 0);
			const out = (row.cell * inputSize + cell) * 3;
			data[out] = low + red * share;
			data[out + 1] = low + green * share;
			data[out + 2] = low + blue * share;
		}
	}
	return { data, transform };
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

/** Sums of red, green and blue over the rows of a span, for each column from `firstPx` on, into `line`. */
function sumRows({ width, data }: Frame, { from, to }: Span, firstPx: number, line: Float64Array): void {
	const top = Math.floor(from);
	const bottom = Math.ceil(to) - 1;
	const cutTop = from - top;
	const cutBottom = bottom + 1 - to;
	for (let q = 0, begin = (top * width + firstPx) * 4; q < line.length; q += 3, begin += 4) {
		const end = begin + (bottom - top) * width * 4;
		let [red, green, blue] = [0, 0, 0];
		// Whole pixels as integers, then the parts outside taken off again: twice as fast as a weight per pixel.
		for (let p = begin; p <= end; p += width * 4) {
			red += data[p] ?? 0;
			green += data[p + 1] ?? 0;
			blue += data[p + 2] ?? 0;
		}
		line[q] = red - cutTop * (data[begin] ?? 0) - cutBottom * (data[end] ?? 0);
		line[q + 1] = green - cutTop * (data[begin + 1] ?? 0) - cutBottom * (data[end + 1] ?? 0);
		line[q + 2] = blue - cutTop * (data[begin + 2] ?? 0) - cutBottom * (data[end + 2] ?? 0);
	}
}

/**
 * Writes a face's luma values of 0..255 (`sampleSquare`'s, or those of a data set) into `out` from `offset` as a model
 * wants them: mapped to `input.range` and, for three channels, repeated. [size, size, channels], row-major.
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
