/** Looking at a frame in tiles: they cover every face whole, and each face is found once. */
import { describe, expect, it } from 'vitest';
import {
	closeLook,
	glanceDetector,
	isCut,
	lookClosely,
	mergeFaces,
	planTiles,
	SMALLEST_SHARE,
	STILL_LIMITS,
	SURE_CONFIDENCE
} from '../../../src/lib/core/tiles';
import { STILL_SHARE } from '../../../src/lib/core/still';
import { shareInside } from '../../../src/lib/core/geometry';
import type { Box, FaceDetector } from '../../../src/lib/core/types';
import { DETAILED as FRAME, faceAt } from './faces';

const WHOLE: Box = { x: 0, y: 0, width: FRAME.width, height: FRAME.height };
const LARGEST_SHARE = 0.8;

describe('planTiles', () => {
	it('begins with the whole frame', () => {
		expect(planTiles(1920, 1280, 20)[0]).toEqual(WHOLE);
	});

	it.each([
		[1280, 720, 32, 9],
		[1920, 1080, 32, 22],
		[1920, 1280, STILL_LIMITS.smallestFacePx, 101],
		[512, 512, 40, 1]
	])('needs few looks: %i x %i, faces from %i pixels', (width, height, smallestFacePx, most) => {
		expect(planTiles(width, height, smallestFacePx).length).toBeLessThanOrEqual(most);
	});

	it.each([SMALLEST_SHARE, STILL_SHARE])('shows every face with a share of at least %d whole in some tile', (least) => {
		const tiles = planTiles(1920, 1280, 20, least);
		for (let size = 20; size < 1100; size *= 1.17) {
			for (let y = 0; y + size <= 1280; y += Math.max(size / 3, 31)) {
				for (let x = 0; x + size <= 1920; x += Math.max(size / 3, 31)) {
					const box = { x, y, width: size, height: size };
					const fits = tiles.some((tile) => {
						const share = size / Math.max(tile.width, tile.height);
						return share >= least - 1e-9 && share <= LARGEST_SHARE && shareInside(box, tile) > 1 - 1e-9;
					});
					expect(fits, `${size} px at ${x}, ${y}`).toBe(true);
				}
			}
		}
	});

	it.each([
		[100, 100],
		[1920, 60],
		[60, 1920],
		[1, 1]
	])('stays small and finite for %i x %i', (width, height) => {
		const tiles = planTiles(width, height, 20);
		expect(tiles.length).toBeLessThan(40);
		expect(tiles.every((tile) => Object.values({ ...tile }).every(Number.isFinite))).toBe(true);
	});

	it('centres tiles that are larger than a side of the frame', () => {
		const tiles = planTiles(1920, 60, 20).filter(({ height }) => height > 60);
		expect(tiles.length).toBeGreaterThan(3);
		for (const { y, height } of tiles) expect(y + height / 2).toBeCloseTo(30, 9);
		expect(Math.min(...tiles.map(({ x }) => x))).toBe(0);
		expect(Math.max(...tiles.map(({ x, width }) => x + width))).toBeCloseTo(1920, 9);
	});
});

describe('isCut', () => {
	const tile: Box = { x: 400, y: 300, width: 300, height: 200 };
	/** Distances of a face of 60 x 100 from the left and top of the tile; 5 pixels on each side are enough. */
	it.each([
		[6, 6, false],
		[6, 94, false],
		[234, 6, false],
		[234, 94, false],
		[4, 50, true],
		[100, 4, true],
		[236, 50, true],
		[100, 96, true]
	])('%i pixels from the left and %i from the top: %s', (left, top, cut) => {
		const face = { ...faceAt(0, 0, 0), box: { x: tile.x + left, y: tile.y + top, width: 60, height: 100 } };
		expect(isCut(face, tile, FRAME)).toBe(cut);
		// What ends with the frame is not cut by the tile.
		expect(isCut({ ...face, box: { ...face.box, x: left, y: top } }, { ...tile, x: 0, y: 0 }, tile)).toBe(false);
	});
});

it('closeLook centres the face at its share of the side, whatever its shape', () => {
	const face = { ...faceAt(0, 0, 0), box: { x: 100, y: 200, width: 40, height: 60 } };
	expect(closeLook(face, 0.3)).toEqual({ x: 20, y: 130, width: 200, height: 200 });
});

describe('mergeFaces', () => {
	it('blends overlapping faces by confidence', () => {
		const [merged, ...others] = mergeFaces(
			[
				{ ...faceAt(100, 100, 50), confidence: 0.9 },
				{ ...faceAt(104, 100, 50), confidence: 0.3 }
			],
			10
		);
		expect(others).toEqual([]);
		expect(merged?.box.x).toBeCloseTo(76, 9);
		expect(merged?.confidence).toBe(0.9);
	});

	it('drops part of a larger face, even a more confident one, and keeps neighbours', () => {
		const large = { ...faceAt(300, 300, 200), confidence: 0.6 };
		const part = { ...faceAt(300, 330, 60), confidence: 0.9 };
		const neighbour = { ...faceAt(430, 300, 60), confidence: 0.7 };
		expect(mergeFaces([large, part, neighbour], 10).map(({ confidence }) => confidence)).toEqual([0.7, 0.6]);
	});

	it('keeps the most confident faces if there are too many', () => {
		const faces = [0.5, 0.9, 0.7].map((confidence, index) => ({ ...faceAt(100 + 200 * index, 100, 50), confidence }));
		expect(mergeFaces(faces, 2).map(({ confidence }) => confidence)).toEqual([0.9, 0.7]);
	});
});

describe('lookClosely', () => {
	const candidate = { ...faceAt(900, 600, 40), confidence: 0.3 };
	/** Sees the candidate with these confidences, one per look. */
	function seesIt(...confidences: readonly number[]): FaceDetector & { looks: number } {
		return {
			looks: 0,
			detect(_, { minConfidence = 0 } = {}) {
				const confidence = confidences[this.looks++] ?? 0;
				return Promise.resolve(confidence > minConfidence ? [{ ...candidate, confidence }] : []);
			}
		};
	}

	it.each<[name: string, near: number[], far: number[], confidence: number | undefined, looks: [number, number]]>([
		['a face', [0.8, 0.7], [0.61], 0.75, [2, 1]],
		['no face at the first look', [0.29, 0.9], [0.9], undefined, [1, 0]],
		['no face at the second look', [0.9, 0.29], [0.9], undefined, [2, 0]],
		['two looks that are unsure', [0.66, 0.62], [0.9], undefined, [2, 0]],
		['a face to the near detector alone', [0.9, 0.9], [0.59], undefined, [2, 1]]
	])('%s', async (_, nearSees, farSees, confidence, looks) => {
		const [near, far] = [seesIt(...nearSees), seesIt(...farSees)];
		const face = await lookClosely({ near, far }, FRAME, candidate, 0.5);
		expect([near.looks, far.looks]).toEqual(looks);
		if (confidence === undefined) expect(face).toBeNull();
		else expect(face?.confidence).toBeCloseTo(confidence, 9);
	});
});

describe('glanceDetector', () => {
	it('gives what one look at the whole is sure of', async () => {
		const sure = faceAt(500, 400, 300);
		const near: FaceDetector = {
			detect: () =>
				Promise.resolve([
					{ ...sure, confidence: SURE_CONFIDENCE },
					{ ...sure, confidence: 0.79 }
				])
		};
		expect(await glanceDetector(near).detect(FRAME)).toEqual([{ ...sure, confidence: SURE_CONFIDENCE }]);
	});
});
