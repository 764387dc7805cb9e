/** Rectangles around what may hold faces: they omit nothing wanted and include little else. */
import { describe, expect, it } from 'vitest';
import { coverRegions } from '../../../src/lib/core/cover';
import { shareInside } from '../../../src/lib/core/geometry';
import type { Box } from '../../../src/lib/core/types';
import { noiseFrom } from './faces';

const FRAME = { width: 1920, height: 1440 };
const OPTIONS = { cellPx: 16, marginPx: 25, scale: 0.64 };

const touches = (a: Box, b: Box): boolean => shareInside(a, b) > 0;
const inputPx = (regions: readonly Box[], scale = OPTIONS.scale): number =>
	regions.reduce((sum, { width, height }) => sum + width * height * scale ** 2, 0);

describe('coverRegions', () => {
	it('shows nothing if nothing is wanted', () => {
		expect(coverRegions(FRAME, () => false, OPTIONS)).toEqual([]);
	});

	it('shows each wanted cell with its margin, in whole steps of input', () => {
		const next = noiseFrom(7);
		for (let round = 0; round < 20; round++) {
			const spots = Array.from({ length: 1 + 3 * round }, () => ({
				x: (960 * (1 + next())) | 0,
				y: (720 * (1 + next())) | 0,
				width: 30 + 25 * next(),
				height: 30 + 25 * next()
			}));
			const cells: Box[] = [];
			const isWanted = (cell: Box): boolean => {
				const wanted = spots.some((spot) => touches(cell, spot));
				if (wanted) cells.push(cell);
				return wanted;
			};
			const regions = coverRegions(FRAME, isWanted, OPTIONS);
			for (const { x, y, width, height } of cells) {
				const least = {
					left: Math.max(x - OPTIONS.marginPx, 0),
					top: Math.max(y - OPTIONS.marginPx, 0),
					right: Math.min(x + width + OPTIONS.marginPx, FRAME.width),
					bottom: Math.min(y + height + OPTIONS.marginPx, FRAME.height)
				};
				const isShown = regions.some(
					(region) =>
						region.x <= least.left + 1e-6 &&
						region.y <= least.top + 1e-6 &&
						region.x + region.width >= least.right - 1e-6 &&
						region.y + region.height >= least.bottom - 1e-6
				);
				expect(isShown, `${x}, ${y}`).toBe(true);
			}
			for (const { width, height } of regions)
				for (const side of [width, height])
					expect((side * OPTIONS.scale) / 32).toBeCloseTo(Math.round((side * OPTIONS.scale) / 32), 6);
		}
	});

	it('shows two separate spots, not what lies between them', () => {
		const spots = [
			{ x: 100, y: 100, width: 60, height: 60 },
			{ x: 1700, y: 1200, width: 60, height: 60 }
		];
		const regions = coverRegions(FRAME, (cell) => spots.some((spot) => touches(cell, spot)), OPTIONS);
		expect(regions).toHaveLength(2);
		expect(inputPx(regions)).toBeLessThan(2 * 128 ** 2 + 1);
	});

	it('cuts a detailed picture into inputs of bounded memory with little overlap', () => {
		const regions = coverRegions(FRAME, () => true, OPTIONS);
		for (const region of regions) expect(inputPx([region])).toBeLessThanOrEqual(160_000);
		expect(inputPx(regions)).toBeLessThan(1.4 * FRAME.width * FRAME.height * OPTIONS.scale ** 2);
	});

	it.each([
		[1, 1],
		[50, 1920],
		[1920, 50]
	])('centres a region that is larger than the frame of %i x %i', (width, height) => {
		for (const region of coverRegions({ width, height }, () => true, OPTIONS)) {
			expect(region.width * region.height).toBeGreaterThan(0);
			if (region.width >= width) expect(region.x + region.width / 2).toBeCloseTo(width / 2);
			if (region.height >= height) expect(region.y + region.height / 2).toBeCloseTo(height / 2);
		}
	});
});
