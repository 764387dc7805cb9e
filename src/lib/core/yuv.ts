/**
 * Converts camera pictures from the browser's planes of luma and chroma to RGB, many times as fast as through a canvas.
 */
import { clamp } from './geometry';
import type { Box, Frame } from './types';

/** One plane of bytes in a buffer: row y starts at `offset + y * stride`. */
export interface Plane {
	readonly offset: number;
	readonly stride: number;
}

/** A picture in 4:2:0: a chroma sample for each two by two pixels. */
export interface YuvPicture {
	/** In pixels; if odd, the last column or row has its own chroma samples. */
	readonly width: number;
	readonly height: number;
	readonly data: Uint8Array;
	readonly luma: Plane;
	/** Blue and red difference; `chromaStep` bytes lie between two samples of a row: 1 in I420, 2 in NV12. */
	readonly blue: Plane;
	readonly red: Plane;
	readonly chromaStep: 1 | 2;
	/** Weights of red and blue in luma: `REC_601` or `REC_709`. */
	readonly weights: LumaWeights;
	/** Whether luma reaches from 0 to 255, or from 16 to 235 as in television. */
	readonly fullRange: boolean;
}

export interface LumaWeights {
	readonly red: number;
	readonly blue: number;
}

/** ITU-R BT.601, for standard definition and if nothing is specified. */
export const REC_601: LumaWeights = { red: 0.299, blue: 0.114 };
/** ITU-R BT.709, for high definition. */
export const REC_709: LumaWeights = { red: 0.2126, blue: 0.0722 };

const FRACTION_BITS = 16;
const OPAQUE = 0xff << 24;

/**
 * Writes the picture as opaque RGBA into `out`, [width * height], one number per pixel with red as its lowest byte.
 * Each chroma sample is used for its four pixels. Values are within 1 of the exact ones: sums are in fixed point.
 */
export function rgbaFromYuv(picture: YuvPicture, out: Uint32Array): void {
	const { width, height, data, luma, blue, red, chromaStep } = picture;
	const { gain, base, redFromRed, greenFromRed, greenFromBlue, blueFromBlue } = factorsOf(picture);
	for (let y = 0; y < height; y++) {
		let chroma = blue.offset + (y >> 1) * blue.stride;
		const toRed = red.offset + (y >> 1) * red.stride - chroma;
		const row = luma.offset + y * luma.stride;
		const line = y * width;
		for (let x = 0; x < width; x += 2, chroma += chromaStep) {
			const u = (data[chroma] ?? 0) - 128;
			const v = (data[chroma + toRed] ?? 0) - 128;
			// As integers: a fifth less time than with floats.
			const r = (base + Math.imul(redFromRed, v)) | 0;
			const g = (base - Math.imul(greenFromRed, v) - Math.imul(greenFromBlue, u)) | 0;
			const b = (base + Math.imul(blueFromBlue, u)) | 0;
			const left = Math.imul(data[row + x] ?? 0, gain);
			out[line + x] = packed((left + r) | 0, (left + g) | 0, (left + b) | 0);
			// An odd width has one chroma sample more than it needs.
			if (x + 1 === width) break;
			const right = Math.imul(data[row + x + 1] ?? 0, gain);
			out[line + x + 1] = packed((right + r) | 0, (right + g) | 0, (right + b) | 0);
		}
	}
}

/** A frame whose pixels are converted on first access, into `pixels` [width * height]. */
export class PlanarFrame implements Frame {
	readonly width: number;
	readonly height: number;
	readonly planes: YuvPicture;
	readonly #pixels: () => Uint32Array;
	#data: Uint8ClampedArray | null = null;

	constructor(planes: YuvPicture, pixels: () => Uint32Array) {
		this.width = planes.width;
		this.height = planes.height;
		this.planes = planes;
		this.#pixels = pixels;
	}

	get data(): Uint8ClampedArray {
		if (this.#data === null) {
			const pixels = this.#pixels();
			rgbaFromYuv(this.planes, pixels);
			this.#data = new Uint8ClampedArray(pixels.buffer);
		}
		return this.#data;
	}
}

/** The part of a picture that covers `box` (pixels) as far as it lies inside, and where its top left corner is. */
export function partOf(picture: YuvPicture, box: Box): { part: YuvPicture; left: number; top: number } {
	const { width, height, luma, blue, red, chromaStep } = picture;
	// Even positions only: a chroma sample covers two pixels.
	const before = (at: number, side: number): number => Math.max(0, Math.min(side - 1, Math.floor(at))) & ~1;
	const [left, top] = [before(box.x, width), before(box.y, height)];
	const [halfLeft, halfTop] = [(left >> 1) * chromaStep, top >> 1];
	const moved = ({ offset, stride }: Plane, x: number, y: number): Plane => ({
		offset: offset + y * stride + x,
		stride
	});
	const part: YuvPicture = {
		...picture,
		width: Math.max(1, Math.min(width, Math.ceil(box.x + box.width)) - left),
		height: Math.max(1, Math.min(height, Math.ceil(box.y + box.height)) - top),
		luma: moved(luma, left, top),
		blue: moved(blue, halfLeft, halfTop),
		red: moved(red, halfLeft, halfTop)
	};
	return { part, left, top };
}

/**
 * Red, green and blue of 0..255 for each mean of luma and chroma over the same area, all of 0..255 as stored. If no
 * pixel is beyond black or white, they are the means of the pixels' colours. `out`: [means, 3].
 */
export function rgbFromMeans(
	picture: YuvPicture,
	{ luma, blue, red }: { readonly luma: Float32Array; readonly blue: Float32Array; readonly red: Float32Array },
	out: Float32Array
): void {
	const { gain, base, redFromRed, greenFromRed, greenFromBlue, blueFromBlue } = factorsOf(picture);
	const one = 1 << FRACTION_BITS;
	// Without the half step, which is for rounding single pixels.
	const black = base - one / 2;
	for (let i = 0, p = 0; i < luma.length; i++, p += 3) {
		const l = (luma[i] ?? 0) * gain + black;
		const u = (blue[i] ?? 0) - 128;
		const v = (red[i] ?? 0) - 128;
		out[p] = clamp((l + redFromRed * v) / one, 0, 255);
		out[p + 1] = clamp((l - greenFromRed * v - greenFromBlue * u) / one, 0, 255);
		out[p + 2] = clamp((l + blueFromBlue * u) / one, 0, 255);
	}
}

/**
 * Factors in fixed point, from R = Y + 2 (1 - kr) Cr, B = Y + 2 (1 - kb) Cb and Y = kr R + kg G + kb B (ITU-R BT.601 and
 * 709), with Y of 0..1 and Cb, Cr of -0.5..0.5. `gain`: what a step of luma adds to each colour; `base`: luma's zero, and
 * half a step for rounding.
 */
function factorsOf({ weights, fullRange }: YuvPicture) {
	const one = 1 << FRACTION_BITS;
	const [lowest, lumaSpan, chromaSpan] = fullRange ? [0, 255, 255] : [16, 219, 224];
	const gain = Math.round((one * 255) / lumaSpan);
	const fromRed = (one * 2 * 255 * (1 - weights.red)) / chromaSpan;
	const fromBlue = (one * 2 * 255 * (1 - weights.blue)) / chromaSpan;
	const green = 1 - weights.red - weights.blue;
	return {
		gain,
		base: one / 2 - lowest * gain,
		redFromRed: Math.round(fromRed),
		greenFromRed: Math.round((fromRed * weights.red) / green),
		greenFromBlue: Math.round((fromBlue * weights.blue) / green),
		blueFromBlue: Math.round(fromBlue)
	};
}

/** Fixed-point values, each clamped to 0..255, as one number. */
function packed(red: number, green: number, blue: number): number {
	return OPAQUE | (byteOf(blue) << 16) | (byteOf(green) << 8) | byteOf(red);
}

function byteOf(fixed: number): number {
	const value = fixed >> FRACTION_BITS;
	return value < 0 ? 0 : value > 255 ? 255 : value;
}
