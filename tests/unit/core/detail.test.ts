import { describe, expect, it } from 'vitest';
import { detailOf } from '../../../src/lib/core/detail';
import type { Frame } from '../../../src/lib/core/types';
import { noiseFrom } from './faces';

/** Grey with noise of up to `noise` levels, plus what `draw` adds at each point. */
function frameOf(width: number, height: number, noise: number, draw: (x: number, y: number) => number): Frame {
	const next = noiseFrom(3);
	const data = new Uint8ClampedArray(width * height * 4);
	for (let y = 0, p = 0; y < height; y++)
		for (let x = 0; x < width; x++, p += 4) data.fill(100 + noise * next() + draw(x, y), p, p + 4);
	return { width, height, data };
}

/** A minimal face: two dark eyes and a mouth, 16 pixels high. */
function drawnFace(left: number, top: number) {
	return (x: number, y: number): number => {
		const [u, v] = [(x - left) >> 2, (y - top) >> 2];
		if (u < 0 || u > 3 || v < 0 || v > 3) return 0;
		return (v === 1 && (u === 0 || u === 3)) || (v === 3 && u > 0 && u < 3) ? -40 : 0;
	};
}

describe('detailOf', () => {
	const WHOLE = { x: 0, y: 0, width: 300, height: 201 };

	it('finds none in a wall with camera noise and light from one side', () => {
		const wall = frameOf(300, 201, 6, (x) => x / 4);
		expect(detailOf(wall, 16)(WHOLE)).toBe(false);
	});

	it('finds none in what is out of focus, however bright', () => {
		const blurred = frameOf(300, 201, 6, (x, y) => 90 * Math.sin(x / 20) * Math.sin(y / 20));
		expect(detailOf(blurred, 16)(WHOLE)).toBe(false);
	});

	it('finds a face in a dim picture as well as in a bright one', () => {
		const dim = frameOf(300, 201, 1, (x, y) => drawnFace(118, 97)(x, y) / 4);
		expect(detailOf(dim, 16)(WHOLE)).toBe(true);
	});

	it('finds what may be the smallest face where it is, and nowhere else', () => {
		for (const [left, top] of [
			[0, 0],
			[118, 97],
			[283, 184]
		] as const) {
			const mayHoldFaces = detailOf(frameOf(300, 201, 6, drawnFace(left, top)), 16);
			expect(mayHoldFaces(WHOLE)).toBe(true);
			expect(mayHoldFaces({ x: left - 20, y: top - 20, width: 60, height: 60 })).toBe(true);
			expect(mayHoldFaces({ x: left < 150 ? 200 : 0, y: 0, width: 80, height: 201 })).toBe(false);
		}
	});

	it('handles regions that extend beyond the frame, and faces smaller than its blocks', () => {
		const frame = frameOf(50, 40, 0, (x, y) => ((x + y) % 2) * 60);
		expect(detailOf(frame, 3)({ x: -50, y: -40, width: 150, height: 120 })).toBe(true);
		expect(detailOf(frame, 3)({ x: 60, y: 0, width: 10, height: 10 })).toBe(false);
	});
});
