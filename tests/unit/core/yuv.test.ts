import { describe, expect, it } from 'vitest';
import { REC_601, REC_709, rgbaFromYuv, type LumaWeights, type YuvPicture } from '../../../src/lib/core/yuv';
import { createRandom } from '../../../training/lib/random';

interface Settings {
	readonly weights: LumaWeights;
	readonly fullRange: boolean;
	readonly format: 'I420' | 'NV12';
}

/** A picture of random values in this layout, with rows padded like a camera's. */
function pictureOf(width: number, height: number, { weights, fullRange, format }: Settings): YuvPicture {
	const random = createRandom(width, height);
	const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
	const chromaStep = format === 'NV12' ? 2 : 1;
	const luma = { offset: 3, stride: width + 5 };
	const blue = { offset: luma.offset + luma.stride * height, stride: columns * chromaStep + 7 };
	const red =
		format === 'NV12'
			? { offset: blue.offset + 1, stride: blue.stride }
			: { offset: blue.offset + blue.stride * rows, stride: blue.stride + 1 };
	const data = Uint8Array.from({ length: red.offset + red.stride * rows }, () => random() * 256);
	return { width, height, data, luma, blue, red, chromaStep, weights, fullRange };
}

/** The definition in ITU-R BT.601 and 709, in floating point: red, green and blue of 0..255. */
function exactPixel({ data, luma, blue, red, chromaStep, weights, fullRange }: YuvPicture, x: number, y: number) {
	const at = ({ offset, stride }: { offset: number; stride: number }, column: number, row: number) =>
		data[offset + row * stride + column] ?? NaN;
	const [cx, cy] = [(x >> 1) * chromaStep, y >> 1];
	const l = fullRange ? at(luma, x, y) / 255 : (at(luma, x, y) - 16) / 219;
	const [u, v] = [blue, red].map((plane) => (at(plane, cx, cy) - 128) / (fullRange ? 255 : 224));
	const r = l + 2 * (1 - weights.red) * (v ?? NaN);
	const b = l + 2 * (1 - weights.blue) * (u ?? NaN);
	const g = (l - weights.red * r - weights.blue * b) / (1 - weights.red - weights.blue);
	return [r, g, b].map((value) => Math.min(255, Math.max(0, 255 * value)));
}

describe.each([
	{ weights: REC_601, fullRange: false, format: 'I420' },
	{ weights: REC_601, fullRange: true, format: 'NV12' },
	{ weights: REC_709, fullRange: false, format: 'NV12' },
	{ weights: REC_709, fullRange: true, format: 'I420' }
] as const)('rgbaFromYuv of $format, $weights, full range: $fullRange', (settings) => {
	it.each([
		[16, 8],
		[7, 5],
		[1, 1]
	])('converts %i x %i pixels as the standards define', (width, height) => {
		const picture = pictureOf(width, height, settings);
		const out = new Uint32Array(width * height);
		rgbaFromYuv(picture, out);
		const bytes = new Uint8ClampedArray(out.buffer);
		for (let y = 0; y < height; y++)
			for (let x = 0; x < width; x++) {
				const p = (y * width + x) * 4;
				const expected = exactPixel(picture, x, y);
				for (const [channel, value] of expected.entries())
					expect(Math.abs((bytes[p + channel] ?? NaN) - value)).toBeLessThanOrEqual(1);
				expect(bytes[p + 3]).toBe(255);
			}
	});
});

it('gives white and black for television levels', () => {
	const data = Uint8Array.of(235, 16, 128, 128);
	const planes = { luma: { offset: 0, stride: 2 }, blue: { offset: 2, stride: 1 }, red: { offset: 3, stride: 1 } };
	const out = new Uint32Array(2);
	rgbaFromYuv({ width: 2, height: 1, data, ...planes, chromaStep: 1, weights: REC_601, fullRange: false }, out);
	expect([...new Uint8Array(out.buffer)]).toEqual([255, 255, 255, 255, 0, 0, 0, 255]);
});
