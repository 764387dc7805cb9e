/**
 * Far faces in a live picture: every place gets its turn, known faces are followed in every frame, looks are limited in
 * number, and what a single look takes for a face is not shown.
 */
import { describe, expect, it } from 'vitest';
import { intersectionOverUnion, shareInside } from '../../../src/lib/core/geometry';
import { framesOfRound, NOTHING_KNOWN, searchFrame, type SearchState } from '../../../src/lib/core/search';
import type { LookAtEach } from '../../../src/lib/core/mosaic';
import { planTiles, SMALLEST_SHARE } from '../../../src/lib/core/tiles';
import type { Box, DetectedFace, FaceDetector, Frame } from '../../../src/lib/core/types';
import { faceAt } from './faces';

const FRAME: Frame = { width: 1280, height: 720, data: new Uint8ClampedArray(0) };
const WHOLE: Box = { x: 0, y: 0, width: 1280, height: 720 };
const SETTINGS = { smallestFacePx: 32, maxFaces: 12, minConfidence: 0.5 };
const ROUND = framesOfRound(FRAME, SETTINGS.smallestFacePx);
const NEAR_SHARE = 15 / 128;

/** What is there, for tests to change, and what was looked at since the last frame. */
function createStage(faces: readonly DetectedFace[]) {
	const stage = { faces, near: [] as Box[], far: [] as Box[], followed: [] as Box[] };
	const visible = (region: Box, least: number): DetectedFace[] => {
		const side = Math.max(region.width, region.height);
		return stage.faces.filter(({ box }) => box.height / side >= least && shareInside(box, region) > 0.999);
	};
	const detector = (looks: 'near' | 'far', least: number): FaceDetector => ({
		detect(_, { region = WHOLE } = {}) {
			stage[looks].push(region);
			return Promise.resolve(visible(region, least));
		}
	});
	const lookAtEach: LookAtEach = (_, __, regions) => {
		stage.followed.push(...regions);
		return Promise.resolve(regions.map((region) => visible(region, 2 * NEAR_SHARE)));
	};
	const detectors = { near: detector('near', NEAR_SHARE), far: detector('far', SMALLEST_SHARE) };
	let state: SearchState = NOTHING_KNOWN;
	const next = async (): Promise<DetectedFace[]> => {
		[stage.near, stage.far, stage.followed] = [[], [], []];
		const [after, found] = await searchFrame(FRAME, detectors, SETTINGS, state, lookAtEach);
		state = after;
		return found;
	};
	const round = async (): Promise<DetectedFace[]> => {
		let found: DetectedFace[] = [];
		for (let frame = 0; frame < ROUND; frame++) found = await next();
		return found;
	};
	return Object.assign(stage, { next, round, known: () => state.known.map(({ face }) => face) });
}

describe('searchFrame', () => {
	it('looks at the whole in every frame, and at one tile every other frame in turn', async () => {
		const stage = createStage([]);
		const tiles = planTiles(1280, 720, SETTINGS.smallestFacePx);
		const looked: Box[] = [];
		for (let frame = 0; frame < 2 * ROUND; frame++) {
			await stage.next();
			expect(stage.near).toEqual([WHOLE]);
			expect(stage.far).toHaveLength(frame % 2 === 0 ? 1 : 0);
			looked.push(...stage.far);
		}
		expect(looked).toEqual([...tiles, ...tiles]);
	});

	it('finds a face of the smallest size anywhere within one round', async () => {
		for (let y = 16; y <= 704; y += 86) {
			for (let x = 16; x <= 1264; x += 78) {
				const found = await createStage([faceAt(x, y, 32)]).round();
				expect(found, `at ${x}, ${y}`).toHaveLength(1);
			}
		}
	});

	it('looks at a found face in every frame, wherever it walks, even when it speeds up', async () => {
		const stage = createStage([faceAt(100, 300, 40)]);
		await stage.round();
		let [x, y] = [100, 300];
		for (let step = 1; step < 20; step++) {
			x += 3 * step;
			y += 2 * step;
			stage.faces = [faceAt(x, y, 40)];
			const found = await stage.next();
			expect(found.map(({ box }) => [box.x, box.y])).toEqual([[expect.closeTo(x - 20), expect.closeTo(y - 20)]]);
			expect(stage.followed).toHaveLength(1);
			expect(stage.near).toEqual([WHOLE]);
		}
	});

	it('takes the nearest face found there, and assumes steady motion while it was out of sight', async () => {
		const nothing: FaceDetector = { detect: () => Promise.resolve([]) };
		const look: LookAtEach = () => Promise.resolve([[faceAt(665, 360, 40), faceAt(655, 366, 40)]]);
		const known = [{ face: faceAt(640, 360, 40), step: { x: 0, y: 0 }, missed: 2, doubted: 0 }];
		const [state, found] = await searchFrame(
			FRAME,
			{ near: nothing, far: nothing },
			SETTINGS,
			{ ...NOTHING_KNOWN, turn: 1, known },
			look
		);
		expect(found.map(({ box }) => [box.x, box.y])).toEqual([[expect.closeTo(635), expect.closeTo(346)]]);
		expect(state.known.map(({ step, missed }) => [step.x, step.y, missed])).toEqual([
			[expect.closeTo(5), expect.closeTo(2), 0]
		]);
	});

	it('follows the largest faces if it may not follow all', async () => {
		const sizes = [40, 90, 60, 50, 80];
		const near: FaceDetector = {
			detect: () => Promise.resolve(sizes.map((size, index) => faceAt(150 + 200 * index, 360, size)))
		};
		const settings = { ...SETTINGS, maxFaces: 3 };
		const [state, found] = await searchFrame(FRAME, { near, far: near }, settings, {
			...NOTHING_KNOWN,
			turn: 1,
			known: []
		});
		expect(found).toHaveLength(5);
		expect(state.known.map(({ face }) => face.box.height)).toEqual([90, 80, 60]);
	});

	it('spends no separate look on a face that one look at the frame shows', async () => {
		const stage = createStage([faceAt(600, 400, 300)]);
		for (let frame = 0; frame < 9; frame++) {
			expect(await stage.next()).toHaveLength(1);
			expect(stage.near).toEqual([WHOLE]);
			expect(stage.followed).toEqual([]);
		}
	});

	it('keeps a known face at a lower confidence than a new one needs', async () => {
		const sure = faceAt(640, 360, 40);
		const doubtful: FaceDetector = { detect: () => Promise.resolve([]) };
		const state: SearchState = {
			...NOTHING_KNOWN,
			turn: 1,
			known: [{ face: sure, step: { x: 0, y: 0 }, missed: 0, doubted: 0 }]
		};
		const search = async (confidence: number) => {
			const look: LookAtEach = (_, __, ___, minConfidence) =>
				Promise.resolve([confidence > minConfidence ? [{ ...sure, confidence }] : []]);
			const [, found] = await searchFrame(FRAME, { near: doubtful, far: doubtful }, SETTINGS, state, look);
			return found.map((face) => face.confidence);
		};
		expect(await search(0.35)).toEqual([SETTINGS.minConfidence]);
		expect(await search(0.9)).toEqual([0.9]);
		expect(await search(0.25)).toEqual([]);
	});

	it('checks again whether it is a face once it was doubtful for ten frames', async () => {
		const sure = faceAt(640, 360, 40);
		const look: LookAtEach = () => Promise.resolve([[{ ...sure, confidence: 0.4 }]]);
		for (const isFace of [true, false]) {
			const closely: FaceDetector = {
				detect: (_, { region } = {}) => Promise.resolve(region !== undefined && isFace ? [sure] : [])
			};
			let state: SearchState = {
				...NOTHING_KNOWN,
				turn: 1,
				known: [{ face: sure, step: { x: 0, y: 0 }, missed: 0, doubted: 0 }]
			};
			const shown: number[] = [];
			for (let frame = 0; frame < 12; frame++) {
				const [next, found] = await searchFrame(FRAME, { near: closely, far: closely }, SETTINGS, state, look);
				// No tile shows it, so it is not found anew.
				state = { ...next, turn: 1 };
				shown.push(found.length);
			}
			expect(shown).toEqual(Array.from({ length: 12 }, (_, frame) => (isFace || frame < 10 ? 1 : 0)));
		}
	});

	it('keeps looking for a face that is covered for a moment, and forgets one that has gone', async () => {
		const face = faceAt(900, 200, 40);
		const stage = createStage([face]);
		await stage.round();
		stage.faces = [];
		for (let frame = 0; frame < 3; frame++) expect(await stage.next()).toEqual([]);
		stage.faces = [face];
		expect(await stage.next()).toHaveLength(1);
		stage.faces = [];
		await stage.round();
		expect(stage.known()).toEqual([]);
	});

	it('never exceeds its limits on followed faces and looks in a crowd', async () => {
		const crowd = Array.from({ length: 60 }, (_, index) =>
			faceAt(60 + (index % 12) * 105, 60 + Math.floor(index / 12) * 140, 40)
		);
		const stage = createStage(crowd);
		for (let frame = 0; frame < 30; frame++) {
			await stage.next();
			expect(stage.near.length).toBeLessThanOrEqual(7);
			expect(stage.followed.length).toBeLessThanOrEqual(SETTINGS.maxFaces);
			expect(stage.far.length).toBeLessThanOrEqual(4);
			expect(stage.known().length).toBeLessThanOrEqual(SETTINGS.maxFaces);
		}
		expect(stage.known()).toHaveLength(SETTINGS.maxFaces);
	});

	it('finds a group shown by one tile in as many frames as its closer looks need, each face once', async () => {
		const group = Array.from({ length: 10 }, (_, index) =>
			faceAt(200 + (index % 5) * 180, 240 + Math.floor(index / 5) * 240, 100)
		);
		const stage = createStage(group);
		const counts: number[] = [];
		for (let frame = 0; frame < 4; frame++) {
			counts.push((await stage.next()).length);
			expect(stage.near.length).toBeLessThanOrEqual(7);
			expect(stage.far.length).toBeLessThanOrEqual(4);
		}
		expect(counts).toEqual([3, 6, 9, 10]);
		expect(stage.known()).toHaveLength(10);
		// Nothing is left to look at more closely.
		await stage.next();
		await stage.next();
		expect(stage.near).toEqual([WHOLE]);
	});

	it('rejects each false candidate after a single look', async () => {
		const posters = Array.from({ length: 8 }, (_, index) => faceAt(150 + index * 130, 360, 100));
		let near = 0;
		const blind: FaceDetector = {
			detect: (_, { region } = {}) => Promise.resolve(region === undefined ? [] : (near++, []))
		};
		const far: FaceDetector = {
			detect: (_, { region = WHOLE } = {}) => Promise.resolve(region.width === 1280 ? posters : [])
		};
		let state = NOTHING_KNOWN;
		const looks: number[] = [];
		for (let frame = 0; frame < 6; frame++) {
			near = 0;
			[state] = await searchFrame(FRAME, { near: blind, far }, SETTINGS, state);
			looks.push(near);
		}
		// The first of two near looks shows nothing, so there is no second.
		expect(looks).toEqual([3, 3, 2, 0, 0, 0]);
	});

	it('keeps two faces side by side apart', async () => {
		const pair = [faceAt(300, 300, 40), faceAt(345, 300, 40)];
		const stage = createStage(pair);
		await stage.round();
		for (let frame = 0; frame < 5; frame++) {
			const found = await stage.next();
			expect(found).toHaveLength(2);
			for (const { box } of pair) {
				expect(found.some((other) => intersectionOverUnion(other.box, box) > 0.9)).toBe(true);
			}
		}
	});

	it('rejects a face that a tile shows and closer looks do not', async () => {
		const blind: FaceDetector = { detect: () => Promise.resolve([]) };
		const far: FaceDetector = { detect: () => Promise.resolve([faceAt(640, 360, 40)]) };
		const [, found] = await searchFrame(FRAME, { near: blind, far }, SETTINGS, NOTHING_KNOWN);
		expect(found).toEqual([]);
	});

	it('rejects a face that the near detector confirms and the far one does not', async () => {
		const seeing: FaceDetector = {
			detect: (_, { region } = {}) => Promise.resolve(region === undefined ? [] : [faceAt(640, 360, 40)])
		};
		const once: FaceDetector = {
			detect: (_, { region = WHOLE } = {}) => Promise.resolve(region.width === 1280 ? [faceAt(640, 360, 40)] : [])
		};
		const search = async (far: FaceDetector) =>
			(await searchFrame(FRAME, { near: seeing, far }, SETTINGS, NOTHING_KNOWN))[1].length;
		expect([await search(once), await search(seeing)]).toEqual([0, 1]);
	});

	describe('what one look at the frame shows with low confidence', () => {
		const weak = { ...faceAt(600, 400, 200), confidence: 0.6 };
		const none: FaceDetector = { detect: () => Promise.resolve([]) };
		const weakly = (closely: readonly DetectedFace[]): FaceDetector => ({
			detect: (_, { region } = {}) => Promise.resolve(region === undefined ? [weak] : [...closely])
		});
		const sure = { ...weak, confidence: 0.9 };

		it('is not a face unless closer looks show it', async () => {
			let state = NOTHING_KNOWN;
			for (let frame = 0; frame < 2 * ROUND; frame++) {
				const [next, found] = await searchFrame(FRAME, { near: weakly([]), far: none }, SETTINGS, state);
				state = next;
				expect(found).toEqual([]);
			}
			expect(state.known).toEqual([]);
		});

		it('is a face if they do, and then stays one without them', async () => {
			const near = weakly([sure]);
			const far: FaceDetector = {
				detect: (_, { region = WHOLE } = {}) => Promise.resolve(region.width === 800 ? [sure] : [])
			};
			const [state, found] = await searchFrame(FRAME, { near, far }, SETTINGS, NOTHING_KNOWN);
			expect(found.map(({ confidence }) => confidence)).toEqual([0.9]);
			const [, later] = await searchFrame(FRAME, { near: weakly([]), far: none }, SETTINGS, state);
			expect(later).toEqual([weak]);
		});
	});
});
