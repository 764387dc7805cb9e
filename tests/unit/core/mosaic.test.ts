/** Several regions in one look: each in its cell of the picture, with results mapped back to the frame. */
import { expect, it } from 'vitest';
import { lookInMosaic, MOSAIC_REGIONS } from '../../../src/lib/core/mosaic';
import type { Box, DetectedFace, FaceDetector, Frame } from '../../../src/lib/core/types';
import { faceAt } from './faces';

/** Grey, with white squares. */
function frameWith(squares: readonly Box[], width = 640, height = 360): Frame {
	const data = new Uint8ClampedArray(width * height * 4).fill(100);
	for (const { x, y, width: w, height: h } of squares)
		for (let row = y; row < y + h; row++) data.fill(255, (row * width + x) * 4, (row * width + x + w) * 4);
	return { width, height, data };
}

/** Takes white for a face: one for each 64 x 64 cell that has some. */
function whiteDetector(): FaceDetector & { readonly looks: Frame[]; readonly limits: (number | undefined)[] } {
	const looks: Frame[] = [];
	const limits: (number | undefined)[] = [];
	return {
		looks,
		limits,
		detect(frame, { minConfidence } = {}) {
			looks.push(frame);
			limits.push(minConfidence);
			const faces: DetectedFace[] = [];
			for (let top = 0; top < frame.height; top += 64)
				for (let left = 0; left < frame.width; left += 64) {
					const [xs, ys]: [number[], number[]] = [[], []];
					for (let y = top; y < top + 64; y++)
						for (let x = left; x < left + 64; x++)
							if ((frame.data[(y * frame.width + x) * 4] ?? 0) > 200) {
								xs.push(x);
								ys.push(y);
							}
					if (xs.length === 0) continue;
					const [width, height] = [Math.max(...xs) + 1 - Math.min(...xs), Math.max(...ys) + 1 - Math.min(...ys)];
					const centre = { x: Math.min(...xs) + width / 2, y: Math.min(...ys) + height / 2 };
					faces.push({
						...faceAt(centre.x, centre.y, height),
						box: { x: Math.min(...xs), y: Math.min(...ys), width, height }
					});
				}
			return Promise.resolve(faces);
		}
	};
}

const around = ({ x, y, width, height }: Box): Box => ({
	x: x - width / 2,
	y: y - height / 2,
	width: 2 * width,
	height: 2 * height
});

it('a mosaic shows each region in a cell and maps results back, with one look per four regions', async () => {
	const squares = [
		{ x: 20, y: 20, width: 32, height: 32 },
		{ x: 100, y: 40, width: 64, height: 64 },
		{ x: 300, y: 200, width: 16, height: 16 },
		{ x: 0, y: 300, width: 48, height: 48 },
		{ x: 560, y: 100, width: 40, height: 40 }
	];
	const detector = whiteDetector();
	const found = await lookInMosaic(detector, frameWith(squares), squares.map(around), 0.3);
	expect(detector.looks.map(({ width, height }) => [width, height])).toEqual([
		[128, 128],
		[128, 128]
	]);
	expect(detector.limits).toEqual([0.3, 0.3]);
	expect(found).toHaveLength(squares.length);
	for (const [index, square] of squares.entries()) {
		const [face, ...others] = found[index] ?? [];
		expect(others).toEqual([]);
		for (const side of ['x', 'y', 'width', 'height'] as const)
			expect(Math.abs((face?.box[side] ?? NaN) - square[side]), `${String(index)} ${side}`).toBeLessThan(
				square.width / 20
			);
		// Landmarks are mapped too.
		expect(Math.abs((face?.landmarks.nose.x ?? NaN) - square.x - square.width / 2)).toBeLessThan(square.width / 5);
	}
});

it('a mosaic shows a region as it is, in colour', async () => {
	const data = Uint8ClampedArray.from({ length: 128 * 128 * 4 }, (_, index) => {
		const pixel = Math.floor(index / 4);
		return [pixel % 128, Math.floor(pixel / 128), 200, 255][index % 4] ?? 0;
	});
	const frame: Frame = { width: 128, height: 128, data };
	const detector = whiteDetector();
	const quarters = [0, 64].flatMap((y) => [0, 64].map((x) => ({ x, y, width: 64, height: 64 })));
	await lookInMosaic(detector, frame, quarters, 0.5);
	expect(detector.looks[0]?.data).toEqual(data);
});

it('a mosaic gives nothing for a region without a face, and takes no look without regions', async () => {
	const detector = whiteDetector();
	const square = { x: 20, y: 20, width: 32, height: 32 };
	const regions = [{ x: 300, y: 100, width: 64, height: 64 }, around(square)];
	const found = await lookInMosaic(detector, frameWith([square]), regions, 0.5);
	expect(found.map((faces) => faces.length)).toEqual([0, 1]);
	expect(await lookInMosaic(detector, frameWith([square]), [], 0.5)).toEqual([]);
	expect(detector.looks).toHaveLength(1);
	expect(MOSAIC_REGIONS).toBe(4);
});
