import { describe, expect, it } from 'vitest';
import { analyse, INITIAL_STATE, type AnalysisSettings, type AnalysisState } from '../../../src/lib/core/analyse';
import { cropSquare } from '../../../src/lib/core/geometry';
import { raiseContrast } from '../../../src/lib/core/contrast';
import { learnRest } from '../../../src/lib/core/resting';
import { sampleSquare } from '../../../src/lib/core/preprocess';
import type {
	Classifier,
	DetectedFace,
	FaceDetector,
	Frame,
	FrameResult,
	InputSpec,
	Scores
} from '../../../src/lib/core/types';
import { faceAt } from './faces';

const SETTINGS: AnalysisSettings = {
	minConfidence: 0.5,
	maxFaces: 10,
	smoothingMs: 250,
	timeMs: 0,
	still: false,
	readMs: 3
};
const INPUT: InputSpec = { size: 8, channels: 1, range: [0, 1], crop: { scale: 1.2, shift: [0, -0.1], align: true } };

/** Brightness grows to the right: the mean of a crop tells where it was taken. */
const frame: Frame = {
	width: 400,
	height: 300,
	data: Uint8ClampedArray.from({ length: 400 * 300 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (Math.floor(i / 4) % 400) / 2))
};

interface Call {
	readonly batch: Float32Array;
	readonly count: number;
}

/** Answers "bright" or "dark" by the mean of the crop, and keeps what it was shown. */
function brightness(id: string, input: InputSpec = INPUT): { classifier: Classifier; calls: Call[] } {
	const calls: Call[] = [];
	const length = input.size * input.size * input.channels;
	const classifier: Classifier = {
		id,
		labels: ['dark', 'bright'],
		input,
		classify(batch, count) {
			calls.push({ batch: batch.slice(), count });
			const scores = Array.from({ length: count }, (_, face): Scores => {
				const values = batch.subarray(face * length, (face + 1) * length);
				const mean = values.reduce((a, b) => a + b, 0) / length;
				const bright = (mean - input.range[0]) / (input.range[1] - input.range[0]);
				return [1 - bright, bright];
			});
			return Promise.resolve(scores);
		}
	};
	return { classifier, calls };
}

const detects = (...faces: DetectedFace[]): { detect: () => Promise<DetectedFace[]> } => ({
	detect: () => Promise.resolve(faces)
});

/** A clock that advances by 1 ms at each reading. */
function counter(): () => number {
	let ms = 100;
	return () => ms++;
}

const left = faceAt(80, 150, 60);
const right = { ...faceAt(320, 150, 50), confidence: 0.99 };

describe('analyse', () => {
	it.each([true, false])('asks for faces at the confidence in the settings (still: %s)', async (still) => {
		const asked: (number | undefined)[] = [];
		const detector: FaceDetector = {
			detect: (_, options) => {
				asked.push(options?.minConfidence);
				return Promise.resolve([{ ...left, confidence: 0.3 }]);
			}
		};
		const settings = { ...SETTINGS, minConfidence: 0.1, still };
		const { result } = await analyse(frame, { detector, classifiers: [], now: counter() }, settings, INITIAL_STATE);
		expect(asked).toEqual([0.1]);
		expect(result.faces).toHaveLength(1);
	});

	it.each([
		[false, 2],
		[true, 1]
	])('searches for far faces in live frames but not in stills (still: %s)', async (still, faces) => {
		const small = faceAt(200, 60, 20);
		/** What a single look at the frame misses. */
		const seen: FaceDetector = { detect: (_, { region } = {}) => Promise.resolve(region ? [small] : [left]) };
		const tools = { detector: seen, far: { detector: seen, smallestFacePx: 16 }, classifiers: [], now: counter() };
		let state = INITIAL_STATE;
		let found: readonly DetectedFace[] = [];
		for (let turn = 0; turn < 3; turn++) {
			const { state: next, result } = await analyse(frame, tools, { ...SETTINGS, still, timeMs: turn * 40 }, state);
			[state, found] = [next, result.faces];
		}
		expect(found).toHaveLength(faces);
	});

	it('gives each face its box, square, id and readings', async () => {
		const { classifier } = brightness('a');
		const { result } = await analyse(
			frame,
			{ detector: detects(right, left), classifiers: [classifier], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		expect(result).toMatchObject({ width: 400, height: 300, timeMs: 0 });
		expect(result.faces.map(({ id, box }) => [id, box])).toEqual([
			[1, right.box],
			[2, left.box]
		]);
		expect(result.faces[0]?.square).toEqual(cropSquare(right, INPUT.crop));
		expect(result.faces[0]?.input).toHaveLength(INPUT.size * INPUT.size);
		const [bright, dark] = result.faces.map(({ readings }) => readings['a']);
		expect(bright?.scores[1]).toBeCloseTo(160 / 255, 1);
		expect(bright?.top).toBe(1);
		expect(dark?.scores[1]).toBeCloseTo(40 / 255, 1);
		expect(dark?.top).toBe(0);
		expect(dark?.smoothed).toEqual(dark?.scores);
	});

	it('shows a classifier all faces in one batch, prepared by core/preprocess', async () => {
		const { classifier, calls } = brightness('a');
		await analyse(
			frame,
			{ detector: detects(left, right), classifiers: [classifier], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		expect(calls).toHaveLength(1);
		expect(calls[0]?.count).toBe(2);
		const expected = [left, right].flatMap((face) => Array.from(sampleSquare(frame, cropSquare(face, INPUT.crop), 8)));
		expect(calls[0]?.batch).toEqual(Float32Array.from(expected, (luma) => luma * (1 / 255)));
	});

	it('averages the answers over the views of each face, and shows the first of them', async () => {
		const { classifier, calls } = brightness('a');
		const tools = { detector: detects(right, left), classifiers: [classifier], now: counter() };
		const views = [1, 1.5];
		// In the frame of the other tests, squares with one centre have one mean.
		const curved = { ...frame, data: frame.data.map((value) => value ** 2 / 255) };
		const { result } = await analyse(curved, tools, { ...SETTINGS, views }, INITIAL_STATE);
		const squares = [right, left].flatMap((face) => {
			const square = cropSquare(face, INPUT.crop);
			return views.map((view) => sampleSquare(curved, { ...square, side: square.side * view }, INPUT.size));
		});
		expect(calls.map(({ count }) => count)).toEqual([4]);
		expect([...(calls[0]?.batch ?? [])]).toEqual(squares.flatMap((gray) => [...gray.map((value) => value / 255)]));
		const bright = squares.map((gray) => gray.reduce((a, b) => a + b, 0) / gray.length / 255);
		for (const [index, { input, readings }] of result.faces.entries()) {
			const [near = NaN, wide = NaN] = bright.slice(2 * index);
			expect(near).not.toBeCloseTo(wide, 3);
			expect(readings['a']?.scores[1]).toBeCloseTo((near + wide) / 2, 5);
			expect([...input]).toEqual([...(squares[2 * index] ?? [])].map(Math.round));
		}
	});

	it('runs several classifiers, each with its own input', async () => {
		const a = brightness('a');
		const b = brightness('b', { ...INPUT, channels: 3, range: [-1, 1] });
		const c = brightness('c', { ...INPUT, size: 4, crop: { ...INPUT.crop, scale: 2 } });
		const { result } = await analyse(
			frame,
			{ detector: detects(left), classifiers: [a.classifier, b.classifier, c.classifier], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		expect(b.calls[0]?.batch).toHaveLength(8 * 8 * 3);
		expect(b.calls[0]?.batch[3]).toBeCloseTo((a.calls[0]?.batch[1] ?? NaN) * 2 - 1, 5);
		expect(c.calls[0]?.batch).toEqual(
			Float32Array.from(
				sampleSquare(frame, cropSquare(left, { ...INPUT.crop, scale: 2 }), 4),
				(luma) => luma * (1 / 255)
			)
		);
		expect(Object.keys(result.faces[0]?.readings ?? {})).toEqual(['a', 'b', 'c']);
		expect(Object.keys(result.times.classify)).toEqual(['a', 'b', 'c']);
	});

	it('raises the contrast for a classifier that wants it, and reports its input', async () => {
		const dull = brightness('dull', { ...INPUT, leastContrast: 100 });
		const plain = brightness('plain');
		const { result } = await analyse(
			frame,
			{ detector: detects(left), classifiers: [dull.classifier, plain.classifier], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		const seen = raiseContrast(sampleSquare(frame, cropSquare(left, INPUT.crop), 8), 100);
		expect(dull.calls[0]?.batch).toEqual(Float32Array.from(seen, (luma) => luma * (1 / 255)));
		expect(dull.calls[0]?.batch).not.toEqual(plain.calls[0]?.batch);
		expect(result.faces[0]?.input).toEqual(Uint8Array.from(seen, Math.round));
	});

	it('times each stage with the given clock', async () => {
		const { classifier } = brightness('a');
		const { result } = await analyse(
			frame,
			{ detector: detects(left), classifiers: [classifier], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		expect(result.times).toEqual({ read: 3, detect: 1, crop: 1, classify: { a: 1 }, total: 3 + 5 });
	});

	it('does not run a classifier if there is no face', async () => {
		const { classifier, calls } = brightness('a');
		const { result } = await analyse(
			frame,
			{ detector: detects(), classifiers: [classifier], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		expect(result.faces).toEqual([]);
		expect(calls).toEqual([]);
	});

	it('finds faces without any classifier', async () => {
		const { result } = await analyse(
			frame,
			{ detector: detects(left), classifiers: [], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		expect(result.faces[0]?.readings).toEqual({});
		expect(result.faces[0]?.square).toEqual({ centre: { x: 80, y: 150 }, side: 60, angle: 0 });
	});

	it('drops doubtful faces and invalid boxes', async () => {
		const broken = { ...left, box: { ...left.box, x: NaN } };
		const blind = { ...left, landmarks: { ...left.landmarks, leftEye: { x: Infinity, y: 0 } } };
		const flat = { ...left, box: { ...left.box, height: 0 } };
		const narrow = { ...left, box: { ...left.box, width: 0 } };
		const doubtful = { ...left, confidence: 0.4 };
		const { result } = await analyse(
			frame,
			{ detector: detects(broken, blind, flat, narrow, doubtful, right), classifiers: [], now: counter() },
			SETTINGS,
			INITIAL_STATE
		);
		expect(result.faces).toHaveLength(1);
		expect(result.faces[0]?.confidence).toBe(0.99);
	});
});

describe('analyse from frame to frame', () => {
	async function play(
		frames: readonly (readonly DetectedFace[])[],
		settings: Partial<AnalysisSettings> = {}
	): Promise<{ ids: number[][]; state: AnalysisState }> {
		const { classifier } = brightness('a');
		let state = INITIAL_STATE;
		const ids: number[][] = [];
		for (const [index, faces] of frames.entries()) {
			const tools = { detector: detects(...faces), classifiers: [classifier], now: counter() };
			const { state: next, result } = await analyse(
				frame,
				tools,
				{ ...SETTINGS, timeMs: index * 40, ...settings },
				state
			);
			state = next;
			ids.push(result.faces.map(({ id }) => id));
		}
		return { ids, state };
	}

	it('keeps ids and the order of faces when the detector changes its order', async () => {
		const { ids } = await play([
			[left, right],
			[right, left],
			[right, left]
		]);
		expect(ids).toEqual([
			[1, 2],
			[1, 2],
			[1, 2]
		]);
	});

	it('takes the largest faces, and stays with them when another is slightly larger', async () => {
		const other = faceAt(200, 150, 66);
		const largest = faceAt(200, 150, 90);
		const { ids } = await play(
			[
				[right, left],
				[left, right, other],
				[largest, left]
			],
			{ maxFaces: 1 }
		);
		expect(ids).toEqual([[2], [2], [3]]);
	});

	it('says how many faces a still has if it takes only the largest', async () => {
		const tools = { detector: detects(left, right), classifiers: [brightness('a').classifier], now: counter() };
		const { result } = await analyse(frame, tools, { ...SETTINGS, timeMs: 0, still: true, maxFaces: 1 }, INITIAL_STATE);
		expect([result.faces.length, result.found]).toEqual([1, 2]);
	});

	it('smooths and holds labels for each face and model, and forgets models no longer used', async () => {
		const { state } = await play([[left], [left]]);
		const { classifier } = brightness('b');
		const tools = { detector: detects(faceAt(82, 150, 60)), classifiers: [classifier], now: counter() };
		const { state: after } = await analyse(frame, tools, { ...SETTINGS, timeMs: 80 }, state);
		expect(Object.keys(state.smoothing)).toEqual(['a']);
		expect(Object.keys(after.smoothing)).toEqual(['b']);
	});

	it('shows smoothed scores beside those of the frame', async () => {
		let bright = 0;
		const flicker: Classifier = {
			...brightness('a').classifier,
			classify: () => Promise.resolve([[1 - bright, bright]])
		};
		const tools = { detector: detects(left), classifiers: [flicker], now: counter() };
		let state = INITIAL_STATE;
		for (let i = 0; i < 20; i++) ({ state } = await analyse(frame, tools, { ...SETTINGS, timeMs: i * 40 }, state));
		bright = 1;
		const { result } = await analyse(frame, tools, { ...SETTINGS, timeMs: 800 }, state);
		const reading = result.faces[0]?.readings['a'];
		expect(reading?.scores).toEqual([0, 1]);
		expect(reading?.smoothed[1]).toBeCloseTo(1 - Math.exp(-40 / 250), 6);
		expect(reading?.top).toBe(0);
	});

	it('does not modify the state and detections passed in', async () => {
		const { state } = await play([[left, right]]);
		const before = structuredClone(state);
		const faces = [Object.freeze({ ...left }), Object.freeze({ ...right })];
		await analyse(
			frame,
			{ detector: detects(...faces), classifiers: [brightness('a').classifier], now: counter() },
			{ ...SETTINGS, timeMs: 40 },
			state
		);
		expect(state).toEqual(before);
		expect(INITIAL_STATE.analysed.size).toBe(0);
	});

	it('smooths readings against a resting face, separately for each model', async () => {
		const { state } = await play([[left]]);
		const named = (labels: string[]) => ({ ...brightness(labels.join('-')).classifier, labels });
		const classifiers = [named(['neutral', 'happy']), named(['dark', 'bright'])];
		let now = { ...state, resting: learnRest(state.resting, 1) };
		let readings: FrameResult['faces'][number]['readings'] = {};
		for (let timeMs = 40; timeMs <= 8000; timeMs += 500) {
			const tools = { detector: detects(left), classifiers, now: counter() };
			const step = await analyse(frame, tools, { ...SETTINGS, timeMs }, now);
			now = step.state;
			readings = step.result.faces[0]?.readings ?? {};
		}
		const [rested, asItIs] = [readings['neutral-happy'], readings['dark-bright']];
		expect(rested?.rest).toBe(1);
		// Odds of two to one, as the face is still at rest.
		expect(rested?.scores[0]).toBeCloseTo(2 / 3, 6);
		expect(rested?.smoothed[0]).toBeCloseTo(2 / 3, 2);
		expect(asItIs).not.toHaveProperty('rest');
		expect(asItIs?.scores[0]).not.toBeCloseTo(2 / 3, 2);
	});

	it('analyses a still independently: ids from 1, nothing smoothed, nothing remembered', async () => {
		const { state } = await play([[left, right]]);
		const { classifier } = brightness('a');
		const moved = faceAt(300, 150, 60);
		const { state: after, result } = await analyse(
			frame,
			{ detector: detects(moved, left, right), classifiers: [classifier], now: counter() },
			{ ...SETTINGS, timeMs: 40, still: true, maxFaces: 2 },
			state
		);
		expect(after).toBe(state);
		expect(result.faces.map(({ id, box }) => [id, box])).toEqual([
			[1, moved.box],
			[2, left.box]
		]);
		for (const { readings } of result.faces) expect(readings['a']?.smoothed).toEqual(readings['a']?.scores);
	});
});

describe('failures of analyse', () => {
	const withScores = (scores: Scores[]): Classifier => ({
		...brightness('a').classifier,
		classify: () => Promise.resolve(scores)
	});
	const run = (classifier: Classifier): Promise<unknown> =>
		analyse(frame, { detector: detects(left), classifiers: [classifier], now: counter() }, SETTINGS, INITIAL_STATE);

	it('of the detector or a classifier reach the caller', async () => {
		const failing = { ...brightness('a').classifier, classify: () => Promise.reject(new Error('device lost')) };
		await expect(run(failing)).rejects.toThrow('device lost');
		const tools = { detector: { detect: () => Promise.reject(new Error('gone')) }, classifiers: [], now: counter() };
		await expect(analyse(frame, tools, SETTINGS, INITIAL_STATE)).rejects.toThrow('gone');
	});

	it.each([
		['not a number', [[NaN, NaN]]],
		['a probability that is none', [[0.5, NaN]]],
		['less than nothing', [[-0.2, 1]]],
		['more than certain', [[0.2, 1.2]]],
		['logits', [[-2, 3]]],
		['too few labels', [[1]]],
		['too few faces', []]
	])('include scores that are not probabilities: %s', async (_, scores) => {
		await expect(run(withScores(scores))).rejects.toThrow('model a');
	});

	it.each([[[1]], [[NaN, 1]]])('include bad scores for one face among good ones: %j', async (bad) => {
		const tools = { detector: detects(left, right), classifiers: [withScores([[0.5, 0.5], bad])], now: counter() };
		await expect(analyse(frame, tools, SETTINGS, INITIAL_STATE)).rejects.toThrow('model a');
	});
});
