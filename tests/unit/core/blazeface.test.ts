import * as blazeface from '@tensorflow-models/blazeface';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import {
	SHORT_RANGE,
	blazefaceAnchors,
	decodeCandidates,
	decodeFaces,
	groupCandidates
} from '../../../src/lib/core/blazeface';
import type { Network } from '../../../src/lib/core/network/network';
import { letterbox } from '../../../src/lib/core/geometry';
import type { DetectedFace } from '../../../src/lib/core/types';
import { loadDetectorNetwork } from '../../../training/blazeface/detector';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ASTRONAUT = path.join(ROOT, 'tests/fixtures/astronaut.png');
const FRAME_PX = 512;

const ANCHORS = 896;
const VALUES = 17;
const NOTHING = -10;

/** An output without faces except those given: logit and 16 coordinates by anchor. */
function output(faces: Record<number, { logit: number; box: number[]; landmarks?: number[] }>): Float32Array {
	const raw = new Float32Array(ANCHORS * VALUES);
	for (let anchor = 0; anchor < ANCHORS; anchor++) raw[anchor * VALUES] = NOTHING;
	for (const [anchor, { logit, box, landmarks = [] }] of Object.entries(faces))
		raw.set([logit, ...box, ...landmarks], Number(anchor) * VALUES);
	return raw;
}

const SAME_SIZE = { scale: 1, offsetX: 0, offsetY: 0 };
const LIMITS = { minConfidence: 0.5, maxFaces: 10 };

interface PlainFace {
	readonly topLeft: readonly [number, number];
	readonly bottomRight: readonly [number, number];
	readonly landmarks: readonly (readonly [number, number])[];
	readonly probability: readonly [number];
}

describe('blazefaceAnchors', () => {
	it('lays two anchors on each cell of 16 x 16, then six on each of 8 x 8, row by row', () => {
		const anchors = blazefaceAnchors(SHORT_RANGE);
		expect(anchors).toHaveLength(ANCHORS);
		expect(anchors.slice(0, 3)).toEqual([
			{ x: 4, y: 4 },
			{ x: 4, y: 4 },
			{ x: 12, y: 4 }
		]);
		expect(anchors[32]).toEqual({ x: 4, y: 12 });
		expect(anchors[511]).toEqual({ x: 124, y: 124 });
		expect(anchors[512]).toEqual({ x: 8, y: 8 });
		expect(anchors[518]).toEqual({ x: 24, y: 8 });
		expect(anchors[895]).toEqual({ x: 120, y: 120 });
		const wide = blazefaceAnchors(SHORT_RANGE, 192, 64);
		expect(wide).toHaveLength(24 * 8 * 2 + 12 * 4 * 6);
		expect([wide[47], wide[48], wide.at(-1)]).toEqual([
			{ x: 188, y: 4 },
			{ x: 4, y: 12 },
			{ x: 184, y: 56 }
		]);
	});
});

describe('decodeFaces', () => {
	it('maps an anchor to a box, landmarks and a confidence in frame pixels', () => {
		// Anchor 2 is at (12, 4). The frame is 1280 x 640, scaled by a tenth and 32 pixels down.
		const raw = output({ 2: { logit: Math.log(3), box: [10, 40, 20, 24], landmarks: [1, 30, 7, 30] } });
		const [face, ...others] = decodeFaces(raw, letterbox(1280, 640, 128), LIMITS);
		expect(others).toEqual([]);
		expect(face?.confidence).toBeCloseTo(0.75, 6);
		expect(face?.box.x).toBeCloseTo(120, 3);
		expect(face?.box.y).toBeCloseTo(0, 3);
		expect(face?.box.width).toBeCloseTo(200, 3);
		expect(face?.box.height).toBeCloseTo(240, 3);
		expect(face?.landmarks.rightEye.x).toBeCloseTo(130, 3);
		expect(face?.landmarks.leftEye.x).toBeCloseTo(190, 3);
		expect(face?.landmarks.leftEye.y).toBeCloseTo(20, 3);
	});

	it('blends overlapping candidates by confidence and keeps the best confidence', () => {
		const raw = output({
			0: { logit: Math.log(4), box: [0, 0, 40, 40] },
			1: { logit: Math.log(1.5), box: [7, 0, 40, 47] }
		});
		const [face, ...others] = decodeFaces(raw, SAME_SIZE, LIMITS);
		expect(others).toEqual([]);
		expect(face?.confidence).toBeCloseTo(0.8, 6);
		// 0.8 and 0.6: weights 4/7 and 3/7
		expect(face?.box.x).toBeCloseTo(-16 + 3, 4);
		expect(face?.box.height).toBeCloseTo(43, 4);
	});

	it('keeps slightly overlapping faces apart, most confident first, and no more than asked for', () => {
		const raw = output({
			0: { logit: 1, box: [0, 0, 20, 20] },
			300: { logit: 3, box: [0, 0, 20, 20] },
			895: { logit: 2, box: [0, 0, 20, 20] }
		});
		const confidences = decodeFaces(raw, SAME_SIZE, LIMITS).map(({ confidence }) => confidence);
		expect(confidences).toHaveLength(3);
		expect(confidences).toEqual(confidences.toSorted((a, b) => b - a));
		expect(decodeFaces(raw, SAME_SIZE, { minConfidence: 0.5, maxFaces: 2 })).toHaveLength(2);
		expect(decodeFaces(raw, SAME_SIZE, { minConfidence: 0.9, maxFaces: 10 })).toHaveLength(1);
	});

	it('finds nothing in an output of zeros or NaN, and rejects one of the wrong length', () => {
		expect(decodeFaces(output({}), SAME_SIZE, LIMITS)).toEqual([]);
		expect(decodeFaces(new Float32Array(ANCHORS * VALUES).fill(NaN), SAME_SIZE, LIMITS)).toEqual([]);
		expect(() => decodeFaces(new Float32Array(100), SAME_SIZE, LIMITS)).toThrow('15232');
	});
});

/** Square pictures as raw RGB. The package resizes without keeping proportions, so others cannot be compared. */
const toRgb = (picture: Sharp): Promise<Buffer> => picture.removeAlpha().raw().toBuffer();
const rotated = async (degrees: number): Promise<Buffer> => {
	const turned = await sharp(ASTRONAUT).rotate(degrees, { background: '#808080' }).png().toBuffer();
	return toRgb(sharp(turned).resize(FRAME_PX, FRAME_PX));
};
const PICTURES: Record<string, { faces: number; picture: () => Promise<Buffer> }> = {
	'as it is': { faces: 1, picture: () => toRgb(sharp(ASTRONAUT)) },
	'turned by 20 degrees': { faces: 1, picture: () => rotated(20) },
	'turned by -25 degrees': { faces: 1, picture: () => rotated(-25) },
	'the head, enlarged': {
		faces: 1,
		picture: () =>
			toRgb(sharp(ASTRONAUT).extract({ left: 130, top: 20, width: 190, height: 190 }).resize(FRAME_PX, FRAME_PX))
	},
	'two faces of different size': {
		faces: 2,
		picture: async () => {
			const head = sharp(ASTRONAUT).extract({ left: 120, top: 10, width: 210, height: 210 });
			const large = await head.clone().resize(300, 300).png().toBuffer();
			const small = await head.clone().flop().resize(200, 200).png().toBuffer();
			return toRgb(
				sharp({ create: { width: FRAME_PX, height: FRAME_PX, channels: 3, background: '#c0c0c0' } }).composite([
					{ input: large, left: 5, top: 10 },
					{ input: small, left: 310, top: 305 }
				])
			);
		}
	},
	nobody: {
		faces: 0,
		picture: () =>
			toRgb(sharp(ASTRONAUT).extract({ left: 0, top: 300, width: 212, height: 212 }).resize(FRAME_PX, FRAME_PX))
	}
};

describe('parity with @tensorflow-models/blazeface', () => {
	const MIN_CONFIDENCE = 0.75;
	const TOLERANCE_PX = 1e-3;
	const transform = letterbox(FRAME_PX, FRAME_PX, SHORT_RANGE.size);
	let network: Network;
	let model: blazeface.BlazeFaceModel;

	beforeAll(async () => {
		setWasmPaths(`${path.join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
		await tf.setBackend('wasm');
		network = loadDetectorNetwork(path.join(ROOT, 'static/models/blazeface'));
		const { size } = SHORT_RANGE;
		// All that the package needs of a graph model.
		const graph = { predict: (input: tf.Tensor) => network.run(input.dataSync<'float32'>(), 1) };
		model = new blazeface.BlazeFaceModel(graph as unknown as GraphModel, size, size, 10, 0.3, MIN_CONFIDENCE);
	});

	/** The network's output for a picture, resized and scaled as in the package. */
	async function predict(picture: tf.Tensor3D): Promise<Float32Array> {
		const { size, range } = SHORT_RANGE;
		const input = tf.tidy(() => {
			const resized = tf.image.resizeBilinear(picture, [size, size]);
			return tf.add(tf.mul(tf.div(resized, 255), range[1] - range[0]), range[0]);
		});
		const raw = network.run(await input.data<'float32'>(), 1);
		input.dispose();
		expect(raw.shape).toEqual([1, ANCHORS, VALUES]);
		const values = await raw.data<'float32'>();
		raw.dispose();
		return values;
	}

	/** The package's answer: if no tensors are asked for, it gives plain numbers, which its type does not say. */
	const estimate = async (image: tf.Tensor3D): Promise<PlainFace[]> =>
		(await model.estimateFaces(image, false)) as unknown as PlainFace[];

	/** Corners and landmarks in frame pixels, in the package's order. */
	const numbersOf = ({ box, landmarks }: DetectedFace): number[] => {
		const { rightEye, leftEye, nose, mouth, rightEar, leftEar } = landmarks;
		const points = [rightEye, leftEye, nose, mouth, rightEar, leftEar];
		return [box.x, box.y, box.x + box.width, box.y + box.height, ...points.flatMap(({ x, y }) => [x, y])];
	};

	for (const [name, { faces, picture }] of Object.entries(PICTURES))
		it(`finds the same faces: ${name}`, async () => {
			const image = tf.tensor3d(new Uint8Array(await picture()), [FRAME_PX, FRAME_PX, 3], 'int32');
			const expected = await estimate(image);
			const raw = await predict(image);
			image.dispose();
			expect(expected).toHaveLength(faces);

			const groups = groupCandidates(decodeCandidates(raw, MIN_CONFIDENCE), 10);
			const blended = decodeFaces(raw, transform, { minConfidence: MIN_CONFIDENCE, maxFaces: 10 });
			expect(groups).toHaveLength(faces);
			expect(blended).toHaveLength(faces);
			for (const [index, theirs] of expected.entries()) {
				const kept = groups[index]?.[0];
				const ours = blended[index];
				if (!kept || !ours) throw new Error('a face is missing');
				const theirNumbers = [...theirs.topLeft, ...theirs.bottomRight, ...theirs.landmarks.flat()];
				// The picture fills the input, so a single factor maps every number of the kept candidate to the frame.
				for (const [place, value] of numbersOf(kept).entries())
					expect(Math.abs(value / transform.scale - (theirNumbers[place] ?? NaN))).toBeLessThan(TOLERANCE_PX);
				expect(kept.confidence).toBeCloseTo(theirs.probability[0], 5);

				// decodeFaces gives the mean of the group: near the kept candidate and equally confident.
				expect(ours.confidence).toBe(kept.confidence);
				for (const [place, value] of numbersOf(ours).entries())
					expect(Math.abs(value - (theirNumbers[place] ?? NaN))).toBeLessThan((0.1 * kept.box.width) / transform.scale);
			}
		});

	it('gives the same as the package if there is a single candidate to blend', async () => {
		const image = tf.tensor3d(new Uint8Array(await toRgb(sharp(ASTRONAUT))), [FRAME_PX, FRAME_PX, 3], 'int32');
		const raw = await predict(image);
		const [theirs] = await estimate(image);
		image.dispose();
		const [, second] = decodeCandidates(raw, 0);
		const [ours, ...others] = decodeFaces(raw, transform, { minConfidence: second?.confidence ?? NaN, maxFaces: 10 });
		expect(others).toEqual([]);
		expect(ours?.box.x).toBeCloseTo(theirs?.topLeft[0] ?? NaN, 3);
		expect(ours?.landmarks.leftEar.y).toBeCloseTo(theirs?.landmarks[5]?.[1] ?? NaN, 3);
	});
});
