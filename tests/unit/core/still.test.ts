/** Stills are searched everywhere that may hold faces, and each face is found once. */
import { describe, expect, it } from 'vitest';
import { intersectionOverUnion, shareInside } from '../../../src/lib/core/geometry';
import type { LookAtEach } from '../../../src/lib/core/mosaic';
import { STILL_SHARE, thoroughDetector } from '../../../src/lib/core/still';
import type { Box, DetectedFace, FaceDetector, Frame } from '../../../src/lib/core/types';
import { DETAILED as FRAME, faceAt } from './faces';

const WHOLE: Box = { x: 0, y: 0, width: FRAME.width, height: FRAME.height };
const LARGEST_SHARE = 0.8;
const NEAR_SHARE = 15 / 128;

/** The part of a face that a region shows, as reported by a detector that guesses from what it sees. */
function seenPart({ box, landmarks }: DetectedFace, region: Box): DetectedFace {
	const x = Math.max(box.x, region.x);
	const y = Math.max(box.y, region.y);
	const right = Math.min(box.x + box.width, region.x + region.width);
	const bottom = Math.min(box.y + box.height, region.y + region.height);
	return { box: { x, y, width: right - x, height: bottom - y }, landmarks, confidence: 0.95 };
}

/**
 * Sees what is neither too small nor too large in its region, and parts of faces with even more confidence. `least`:
 * the smallest share of the side at which it sees a face.
 */
function fakeDetector(faces: readonly DetectedFace[], least: number): FaceDetector & { looks: number } {
	return {
		looks: 0,
		detect(_, { region = WHOLE } = {}) {
			this.looks++;
			const side = Math.max(region.width, region.height);
			const seen = faces.filter(({ box }) => {
				const share = box.width / side;
				return share >= least && share <= LARGEST_SHARE && shareInside(box, region) > 0.5;
			});
			return Promise.resolve(
				seen.map((face) => (shareInside(face.box, region) > 0.999 ? face : seenPart(face, region)))
			);
		}
	};
}

/** A near and a far one, as in use: the far one sees faces half as large. */
function fakeDetectors(faces: readonly DetectedFace[]) {
	return { near: fakeDetector(faces, NEAR_SHARE), far: fakeDetector(faces, STILL_SHARE) };
}

/** Looks at one region after another, as the fakes do not know mosaics. */
const lookAtEach: LookAtEach = (detector, frame, regions, minConfidence) =>
	Promise.all(regions.map((region) => detector.detect(frame, { region, minConfidence })));

describe('thoroughDetector', () => {
	const limits = { smallestFacePx: 20, maxFaces: 100 };
	const small = Array.from({ length: 30 }, (_, index) => faceAt(60 + (index % 10) * 190, 90 + index * 28, 24));

	it('finds small faces and large ones, each once', async () => {
		const faces = [...small, faceAt(900, 1050, 400)];
		const found = await thoroughDetector(fakeDetectors(faces), limits, lookAtEach).detect(FRAME, {
			minConfidence: 0.5
		});
		expect(found).toHaveLength(31);
		for (const { box } of faces) {
			expect(found.some((other) => intersectionOverUnion(box, other.box) > 0.99)).toBe(true);
		}
	});

	it('finds a face that fills the frame, with a border all around', async () => {
		const face = faceAt(960, 640, 1900);
		const detectors = fakeDetectors([face]);
		const regions: unknown[] = [];
		const near: FaceDetector = {
			detect: (frame, options) => {
				regions.push(options?.region);
				return detectors.near.detect(frame, options);
			}
		};
		const found = await thoroughDetector({ ...detectors, near }, limits, lookAtEach).detect(FRAME, {
			minConfidence: 0.5
		});
		expect(found.map(({ box }) => Math.round(box.width))).toEqual([1900]);
		expect(regions.slice(0, 2)).toEqual([undefined, { x: -960, y: -640, width: 3840, height: 2560 }]);
	});

	it('takes no close look at walls and skies, nor at parts of a face it is sure of', async () => {
		const blank: Frame = { ...FRAME, data: new Uint8ClampedArray(FRAME.data.length).fill(120) };
		const bare = fakeDetectors([]);
		await thoroughDetector(bare, limits, lookAtEach).detect(blank, { minConfidence: 0.5 });
		expect(bare.far.looks).toBe(1);
		const searched = fakeDetectors([]);
		await thoroughDetector(searched, limits, lookAtEach).detect(FRAME, { minConfidence: 0.5 });
		expect(searched.far.looks).toBeGreaterThan(25);
		const large = fakeDetectors([faceAt(960, 640, 900), faceAt(960, 700, 100)]);
		const found = await thoroughDetector(large, limits, lookAtEach).detect(FRAME, { minConfidence: 0.5 });
		expect(found.map(({ box }) => Math.round(box.width))).toEqual([900]);
		expect(large.far.looks).toBeLessThan(searched.far.looks);
	});

	it('drops what closer looks do not confirm, even if it is large and full of faces', async () => {
		const real = fakeDetectors(small);
		const ghost = { ...faceAt(600, 500, 300), confidence: 0.45 };
		const mirage = { ...faceAt(1500, 1100, 60), confidence: 0.6 };
		const looks = (region: Box | undefined, face: DetectedFace): boolean =>
			region !== undefined && shareInside(face.box, region) > 0.999 && region.width > 4 * face.box.width;
		const withGhosts = (detector: FaceDetector): FaceDetector => ({
			detect: async (frame, options = {}) => [
				...(await detector.detect(frame, options)),
				...[ghost, mirage].filter((face) => looks(options.region, face))
			]
		});
		const detectors = { near: withGhosts(real.near), far: withGhosts(real.far) };
		const found = await thoroughDetector(detectors, limits, lookAtEach).detect(FRAME, { minConfidence: 0.5 });
		expect(found).toHaveLength(30);
		expect(Math.max(...found.map(({ box }) => box.width))).toBeCloseTo(24);
	});

	it('looks closely at what a mosaic of four shows, and at nothing else', async () => {
		const [face, bush] = [faceAt(400, 400, 40), faceAt(1400, 900, 40)];
		const { near, far } = fakeDetectors([face, bush]);
		const regions: number[] = [];
		const look: LookAtEach = (_, __, asked) => {
			regions.push(...asked.map(({ x }) => Math.round(x)));
			return Promise.resolve(asked.map(({ x }) => (x < 1000 ? [face] : [{ ...bush, box: { ...bush.box, x: 1340 } }])));
		};
		const found = await thoroughDetector({ near, far }, limits, look).detect(FRAME, { minConfidence: 0.5 });
		expect(regions.sort((a, b) => a - b)).toEqual([360, 1360]);
		expect(found.map(({ box }) => Math.round(box.x))).toEqual([380]);
		// The whole, the border around it, and two close looks at one of them.
		expect(near.looks).toBe(4);
	});

	it.each<[what: string, whole: number, near: number, far: number, count: number]>([
		['an orange that one look takes for a face', 0.6, 0.51, 0.46, 0],
		['a ladybird that the near detector believes in', 0.53, 0.61, 0.1, 0],
		['a face that both are half sure of', 0.7, 0.55, 0.75, 1],
		['a face that one look is sure of', 0.85, 0, 0, 1]
	])('%s', async (_, whole, near, far, count) => {
		const face = faceAt(900, 700, 300);
		/** In the whole frame, and in a close look. */
		const sees =
			(inWhole: number, close: number): FaceDetector['detect'] =>
			(frame, { region, minConfidence = 0.5 } = {}) => {
				const confidence = region === undefined ? inWhole : region.width < 2 * frame.width ? close : 0;
				return Promise.resolve(confidence > minConfidence ? [{ ...face, confidence }] : []);
			};
		const detectors = { near: { detect: sees(whole, near) }, far: { detect: sees(0, far) } };
		const found = await thoroughDetector(detectors, limits, lookAtEach).detect(FRAME, { minConfidence: 0.5 });
		expect(found).toHaveLength(count);
	});

	it('keeps what one look at the frame finds, and looks at a region once', async () => {
		const weak = { ...faceAt(900, 700, 500), confidence: 0.55 };
		const { near, far } = fakeDetectors([weak]);
		const thorough = thoroughDetector({ near, far }, limits, lookAtEach);
		expect(await thorough.detect(FRAME, { minConfidence: 0.5 })).toHaveLength(1);
		[near.looks, far.looks] = [0, 0];
		await thorough.detect(FRAME, { region: WHOLE });
		expect([near.looks, far.looks]).toEqual([1, 0]);
	});
});
