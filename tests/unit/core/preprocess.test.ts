import { describe, expect, it } from 'vitest';
import { grayFrame, letterboxInput, regionInput, sampleSquare, toModelInput } from '../../../src/lib/core/preprocess';
import type { Frame, Square } from '../../../src/lib/core/types';
import { PlanarFrame, REC_601, REC_709 } from '../../../src/lib/core/yuv';

type Rgb = readonly [number, number, number];

function picture(width: number, height: number, colour: (x: number, y: number) => Rgb): Frame {
	const data = new Uint8ClampedArray(width * height * 4);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) data.set([...colour(x, y), 255], (y * width + x) * 4);
	}
	return { width, height, data };
}

/** Smooth shapes, sharp edges and noise: about as hard to reduce as a noisy photo of a face. */
function texture(width: number, height: number): Frame {
	let seed = 1;
	const noise = (): number => {
		seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
		return ((seed >>> 16) / 65536 - 0.5) * 40;
	};
	return picture(width, height, (x, y) => {
		const base = 128 + 60 * Math.sin(x / 17) * Math.cos(y / 23) + (x % 60 < 30 ? 30 : -30);
		return [base + noise(), base * 0.8 + noise(), 200 - base * 0.5 + noise()];
	});
}

const luma = ([r, g, b]: Rgb): number => 0.299 * r + 0.587 * g + 0.114 * b;

/** The definition, by brute force: means over windows of at least one pixel, treating pixels as little squares. */
function reference(frame: Frame, { centre, side, angle }: Square, size: number): Float32Array {
	const step = side / size;
	const window = Math.max(step, 1);
	const n = Math.ceil(Math.max(32, window * 4));
	const lumas = Float64Array.from({ length: frame.width * frame.height }, (_, i) => {
		const [r = 0, g = 0, b = 0] = frame.data.subarray(i * 4, i * 4 + 3);
		return luma([r, g, b]);
	});
	const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
	const inside = (value: number, limit: number): number => Math.min(Math.max(Math.floor(value), 0), limit - 1);
	return Float32Array.from({ length: size * size }, (_, cell) => {
		let sum = 0;
		for (let sample = 0; sample < n * n; sample++) {
			const u = ((cell % size) + 0.5 - size / 2) * step + (((sample % n) + 0.5) / n - 0.5) * window;
			const v = (Math.floor(cell / size) + 0.5 - size / 2) * step + ((Math.floor(sample / n) + 0.5) / n - 0.5) * window;
			const x = inside(centre.x + cos * u - sin * v, frame.width);
			const y = inside(centre.y + sin * u + cos * v, frame.height);
			sum += lumas[y * frame.width + x] ?? NaN;
		}
		return sum / (n * n);
	});
}

/** Peak signal-to-noise ratio in decibels. */
function psnr(a: Float32Array, b: Float32Array): number {
	let sum = 0;
	a.forEach((value, i) => (sum += (value - (b[i] ?? NaN)) ** 2));
	return 10 * Math.log10((255 * 255 * a.length) / sum);
}

describe('sampleSquare', () => {
	const frame = texture(300, 260);

	it('gives the luma of each pixel if the square is the picture', () => {
		const small = texture(48, 48);
		const gray = sampleSquare(small, { centre: { x: 24, y: 24 }, side: 48, angle: 0 }, 48);
		gray.forEach((value, i) => {
			const [r = 0, g = 0, b = 0] = small.data.subarray(i * 4);
			expect(value).toBeCloseTo(luma([r, g, b]), 4);
		});
	});

	it.each([2, 3, 4])('is the exact mean when %i pixels make one', (factor) => {
		const square = { centre: { x: 150, y: 130 }, side: 24 * factor, angle: 0 };
		const gray = sampleSquare(frame, square, 24);
		let [sum, count] = [0, 0];
		for (let y = 130 - 12 * factor; y < 130 - 11 * factor; y++) {
			for (let x = 150 - 12 * factor; x < 150 - 11 * factor; x++) {
				const [r = 0, g = 0, b = 0] = frame.data.subarray((y * frame.width + x) * 4);
				sum += luma([r, g, b]);
				count++;
			}
		}
		expect(count).toBe(factor * factor);
		expect(gray[0]).toBeCloseTo(sum / count, 3);
	});

	// Measured: 51 dB and more. A single bilinear tap gives 31 to 40 dB from side 55 on.
	it.each([
		[30, 0.05],
		[55, 0],
		[55, 0.6],
		[72, -0.3],
		[101.3, 0],
		[101.3, 0.785],
		[150, 0.2],
		[187.7, 1.5],
		[251.1, -2.6]
	])('is close to the area mean: side %d, angle %d', (side, angle) => {
		const square = { centre: { x: 150.3, y: 128.8 }, side, angle };
		const size = 32;
		expect(psnr(sampleSquare(frame, square, size), reference(frame, square, size))).toBeGreaterThan(48);
	});

	it('is bilinear if the face is smaller than the input', () => {
		const ramp = picture(20, 20, (x) => [x * 10, x * 10, x * 10]);
		const gray = sampleSquare(ramp, { centre: { x: 10, y: 10 }, side: 8, angle: 0 }, 32);
		for (let x = 0; x < 32; x++) expect(gray[x]).toBeCloseTo((6 + (x + 0.5) / 4 - 0.5) * 10, 3);
	});

	it('turns with the square: clockwise by a quarter, its left column is the top row of the picture', () => {
		const size = 10;
		const stripes = picture(size, size, (x, y) => [x * 20 + y, x * 20 + y, x * 20 + y]);
		const gray = sampleSquare(stripes, { centre: { x: 5, y: 5 }, side: size, angle: Math.PI / 2 }, size);
		for (let row = 0; row < size; row++) {
			for (let column = 0; column < size; column++) {
				// The square's right points down in the frame, and its down points left.
				expect(gray[row * size + column]).toBeCloseTo((size - 1 - row) * 20 + column, 3);
			}
		}
	});

	it('repeats the edge outside the frame', () => {
		const half = picture(40, 40, (_, y) => (y < 20 ? [100, 100, 100] : [200, 200, 200]));
		const gray = sampleSquare(half, { centre: { x: 40, y: 0 }, side: 80, angle: 0 }, 8);
		expect(Array.from(gray.subarray(0, 8))).toEqual(Array(8).fill(100));
		expect(gray[63]).toBeCloseTo(200, 4);
		const outside = sampleSquare(half, { centre: { x: 500, y: 900 }, side: 60, angle: 0.4 }, 8);
		for (const value of outside) expect(value).toBeCloseTo(200, 3);
	});

	it('is constant on a constant picture, whatever the square', () => {
		const flat = picture(64, 50, () => [37, 37, 37]);
		for (const side of [0, 1e-3, 7, 48, 48.01, 95.9, 130, 517]) {
			for (const angle of [0, 0.4, -3]) {
				const gray = sampleSquare(flat, { centre: { x: 30.2, y: -5.7 }, side, angle }, 48);
				expect(Math.max(...gray.map((value) => Math.abs(value - 37)))).toBeLessThan(1e-3);
			}
		}
	});

	it('changes little when the square changes little', () => {
		for (const side of [47.9, 95.9, 119.9, 143.9, 239.9]) {
			const at = (change: number): Float32Array =>
				sampleSquare(frame, { centre: { x: 150, y: 130 }, side: side + change, angle: change / 100 }, 48);
			expect(psnr(at(0), at(0.2))).toBeGreaterThan(38);
		}
	});

	it('does not modify the frame', () => {
		const before = frame.data.slice();
		sampleSquare(frame, { centre: { x: 10, y: 10 }, side: 100, angle: 1 }, 48);
		expect(frame.data.every((value, i) => value === before[i])).toBe(true);
	});
});

describe('letterboxInput', () => {
	it('centres the frame on black and says where it lies', () => {
		const { data, transform } = letterboxInput(
			picture(64, 32, () => [255, 127.5, 0]),
			16,
			[-1, 1]
		);
		expect(transform).toEqual({ scale: 0.25, offsetX: 0, offsetY: 4 });
		expect(data).toHaveLength(16 * 16 * 3);
		for (let row = 0; row < 16; row++) {
			const pixel = Array.from(data.subarray(row * 48 + 21, row * 48 + 24));
			if (row < 4 || row >= 12) expect(pixel).toEqual([-1, -1, -1]);
			else [1, 0, -1].forEach((value, i) => expect(pixel[i]).toBeCloseTo(value, 2));
		}
	});

	it('averages the exact area, even for odd sizes', () => {
		const frame = texture(333, 517);
		const { data, transform } = letterboxInput(frame, 60, [0, 255]);
		const square = { centre: { x: 333 / 2, y: 517 / 2 }, side: 517, angle: 0 };
		const gray = reference(frame, square, 60);
		const luminance = gray.map((_, i) => luma([data[i * 3] ?? 0, data[i * 3 + 1] ?? 0, data[i * 3 + 2] ?? 0]));
		const first = Math.ceil(transform.offsetX) + 1;
		const inner = (values: Float32Array): Float32Array =>
			values.filter((_, i) => i % 60 >= first && i % 60 < 60 - first);
		expect(psnr(inner(luminance), inner(gray))).toBeGreaterThan(50);
	});

	it('treats the three colours alike', () => {
		const frame = texture(333, 517);
		const turned = picture(333, 517, (x, y) => {
			const [r = 0, g = 0, b = 0] = frame.data.subarray((y * 333 + x) * 4);
			return [g, b, r];
		});
		const { data } = letterboxInput(frame, 60, [0, 1]);
		const after = letterboxInput(turned, 60, [0, 1]).data;
		expect(after).toEqual(data.map((_, i) => data[i % 3 === 2 ? i - 2 : i + 1] ?? NaN));
	});

	it('averages every pixel: a fine pattern becomes its mean', () => {
		const checks = picture(640, 480, (x, y) => ((x + y) % 2 === 0 ? [255, 0, 255] : [0, 255, 0]));
		const { data } = letterboxInput(checks, 64, [0, 1]);
		let worst = 0;
		for (let i = 8 * 64 * 3; i < 56 * 64 * 3; i++) worst = Math.max(worst, Math.abs((data[i] ?? NaN) - 0.5));
		expect(worst).toBeLessThan(1e-5);
	});

	it('treats a region as a frame of its own', () => {
		const frame = texture(90, 70);
		const cut = picture(40, 40, (x, y) => {
			const [r = 0, g = 0, b = 0] = frame.data.subarray(((y + 12) * 90 + x + 31) * 4);
			return [r, g, b];
		});
		const region = letterboxInput(frame, 20, [0, 1], { x: 31, y: 12, width: 40, height: 40 });
		const alone = letterboxInput(cut, 20, [0, 1]);
		expect(Math.max(...region.data.map((value, i) => Math.abs(value - (alone.data[i] ?? NaN))))).toBeLessThan(1e-6);
		expect(region.transform).toEqual({ scale: 0.5, offsetX: -15.5, offsetY: -6 });
	});

	it('fills an input shaped like a region with the same pixels', () => {
		const frame = texture(90, 70);
		const region = { x: 20, y: 10, width: 60, height: 40 };
		const input = regionInput(frame, 0.4, [0, 1], region);
		expect([input.width, input.height]).toEqual([24, 16]);
		const square = letterboxInput(frame, 24, [0, 1], region).data.subarray(4 * 24 * 3, 20 * 24 * 3);
		expect(Math.max(...input.data.map((value, i) => Math.abs(value - (square[i] ?? NaN))))).toBeLessThan(1e-6);
		expect(input.transform).toEqual({ scale: 0.4, offsetX: -8, offsetY: -4 });
	});

	it('is black where a region lies outside the frame', () => {
		const white = picture(32, 32, () => [255, 255, 255]);
		const { data } = letterboxInput(white, 16, [-1, 1], { x: -16, y: -16, width: 64, height: 64 });
		const rows = Array.from({ length: 16 }, (_, row) =>
			Array.from({ length: 16 }, (_, column) => (data[(row * 16 + column) * 3] === -1 ? '.' : '#')).join('')
		);
		const middle = '....########....';
		expect(rows).toEqual([
			...Array<string>(4).fill('.'.repeat(16)),
			...Array<string>(8).fill(middle),
			...Array<string>(4).fill('.'.repeat(16))
		]);
	});

	it('enlarges bilinearly, without dark edges', () => {
		const ramp = picture(8, 8, (x) => [x * 30, 60, 90]);
		const { data } = letterboxInput(ramp, 16, [0, 255]);
		expect(data[0]).toBeCloseTo(0, 4);
		expect(data[3]).toBeCloseTo(7.5, 4);
		expect(data[6]).toBeCloseTo(22.5, 4);
		expect(data[1]).toBeCloseTo(60, 4);
		expect(data[data.length - 1]).toBeCloseTo(90, 4);
	});
});

it('takes a grey picture as a frame of equal colours, opaque', () => {
	const { width, height, data } = grayFrame(Uint8Array.of(0, 70, 140, 255), 2);
	expect([width, height]).toEqual([2, 2]);
	expect([...data]).toEqual([0, 70, 140, 255].flatMap((value) => [value, value, value, 255]));
});

describe('toModelInput', () => {
	const gray = new Uint8Array([0, 51, 255]);

	it('maps to the range, at its place in the batch', () => {
		const out = new Float32Array(5).fill(9);
		toModelInput(gray, { channels: 1, range: [-1, 1] }, out, 1);
		expect(Array.from(out, (value) => Number(value.toFixed(6)))).toEqual([9, -1, -0.6, 1, 9]);
	});

	it('repeats the luma over three channels', () => {
		const out = new Float32Array(9);
		toModelInput(Float32Array.from(gray), { channels: 3, range: [0, 255] }, out, 0);
		expect(Array.from(out)).toEqual([0, 0, 0, 51, 51, 51, 255, 255, 255]);
	});
});

describe('a picture in planes', () => {
	/** Smooth, never beyond black or white, with rows padded as by a decoder; and the same as pixels. */
	function planar(width: number, height: number, chromaStep: 1 | 2): { frame: Frame; pixels: Frame } {
		const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
		const luma = { offset: 0, stride: width + 3 };
		const blue = { offset: luma.stride * height, stride: columns * chromaStep + 4 };
		const red =
			chromaStep === 2
				? { offset: blue.offset + 1, stride: blue.stride }
				: { offset: blue.offset + blue.stride * rows, stride: blue.stride };
		const data = new Uint8Array(red.offset + red.stride * rows);
		for (let y = 0; y < height; y++)
			for (let x = 0; x < width; x++)
				data[luma.offset + y * luma.stride + x] = 120 + 50 * Math.sin(x / 7) * Math.cos(y / 5) + ((x * y) % 13);
		for (let y = 0; y < rows; y++)
			for (let x = 0; x < columns; x++) {
				data[blue.offset + y * blue.stride + x * chromaStep] = 118 + ((3 * x + y) % 19);
				data[red.offset + y * red.stride + x * chromaStep] = 120 + ((x + 5 * y) % 17);
			}
		const planes = { width, height, data, luma, blue, red, chromaStep, weights: REC_709, fullRange: false };
		const frame = new PlanarFrame(planes, () => new Uint32Array(width * height));
		return { frame, pixels: { width, height, data: frame.data } };
	}
	const furthest = (a: Float32Array, b: Float32Array): number =>
		a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? NaN))), 0);

	it.each([
		['reduced', { x: 0, y: 0, width: 161, height: 91 }],
		['a part of it, enlarged', { x: 31.3, y: 12.7, width: 20, height: 20 }],
		['a part that reaches beyond it', { x: -20, y: 40.5, width: 90, height: 90 }]
	])('looks the same to a detector as its pixels: %s', (_, region) => {
		for (const chromaStep of [1, 2] as const) {
			const { frame, pixels } = planar(161, 91, chromaStep);
			const [ours, theirs] = [frame, pixels].map((each) => letterboxInput(each, 32, [0, 255], region));
			expect(ours?.transform).toEqual(theirs?.transform);
			// Each pixel is rounded, which means are not.
			expect(furthest(ours?.data ?? new Float32Array(1), theirs?.data ?? new Float32Array())).toBeLessThan(0.6);
		}
	});

	it('clips its whitest white and blackest black for a detector too', () => {
		const data = Uint8Array.of(255, 255, 0, 0, 255, 255, 0, 0, 255, 0, 255, 0);
		const planes = {
			...{ width: 4, height: 2, data, chromaStep: 1 as const, weights: REC_601, fullRange: true },
			...{ luma: { offset: 0, stride: 4 }, blue: { offset: 8, stride: 2 }, red: { offset: 10, stride: 2 } }
		};
		const frame = new PlanarFrame(planes, () => new Uint32Array(8));
		const input = letterboxInput(frame, 2, [0, 1], { x: 0, y: 0, width: 4, height: 4 }).data;
		for (const value of input) expect(value).toBeGreaterThanOrEqual(0);
		for (const value of input) expect(value).toBeLessThanOrEqual(1);
	});

	it.each([
		['in the middle', { centre: { x: 70, y: 40 }, side: 50, angle: 0.3 }],
		['enlarged', { centre: { x: 71.5, y: 40.25 }, side: 13, angle: 0 }],
		['over its corner', { centre: { x: 158, y: 88 }, side: 64, angle: -0.2 }],
		['over its other corner', { centre: { x: 2, y: 1 }, side: 33, angle: 0 }],
		['larger than it', { centre: { x: 80, y: 45 }, side: 300, angle: 1 }],
		['outside of it', { centre: { x: 400, y: -200 }, side: 40, angle: 0 }]
	])('looks exactly the same to a classifier as its pixels: %s', (_, square) => {
		for (const chromaStep of [1, 2] as const) {
			const { frame, pixels } = planar(161, 91, chromaStep);
			expect(sampleSquare(frame, square, 24)).toEqual(sampleSquare(pixels, square, 24));
		}
	});

	it('is converted to pixels only on demand, and once', () => {
		const { frame } = planar(8, 8, 1);
		if (frame.planes === undefined) throw new Error('It has planes.');
		let asked = 0;
		const lazy = new PlanarFrame(frame.planes, () => {
			asked++;
			return new Uint32Array(64);
		});
		letterboxInput(lazy, 4, [0, 1]);
		sampleSquare(lazy, { centre: { x: 4, y: 4 }, side: 6, angle: 0 }, 4);
		expect(asked).toBe(0);
		expect(lazy.data).toEqual(frame.data);
		expect(lazy.data).toBe(lazy.data);
		expect(asked).toBe(1);
	});
});
