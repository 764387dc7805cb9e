import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHORT_RANGE, decodeFaces } from '../../../../src/lib/core/blazeface';
import { cropSquare } from '../../../../src/lib/core/geometry';
import { letterboxInput, sampleSquare } from '../../../../src/lib/core/preprocess';
import type { Network } from '../../../../src/lib/core/network/network';
import type { CropSpec, DetectedFace, Frame } from '../../../../src/lib/core/types';
import { formatCropSurvey, surveyCrop } from '../../../../training/studies/crop-survey';
import { loadDetectorNetwork } from '../../../../training/blazeface/detector';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const SIDE = 48;
let detector: Network;
let frame: Frame;
let face: DetectedFace;

beforeAll(async () => {
	setWasmPaths(`${path.join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
	await tf.setBackend('wasm');
	detector = loadDetectorNetwork(path.join(ROOT, 'static/models/blazeface'));

	// The head and shoulders of the photo, so that the face is neither small nor cut.
	const picture = sharp(path.join(ROOT, 'tests/fixtures/astronaut.png')).extract({
		left: 80,
		top: 0,
		width: 300,
		height: 300
	});
	const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
	frame = { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
	const input = letterboxInput(frame, SHORT_RANGE.size, SHORT_RANGE.range);
	const raw = await detector.predict(input.data, 1);
	const [found] = decodeFaces(raw, input.transform, { minConfidence: 0.5, maxFaces: 1 });
	if (!found) throw new Error('no face in the photo');
	face = found;
});

afterAll(() => {
	detector.dispose();
});

/** What FER2013 would contain for this face if its pictures were cut by `crop` and turned by `angle`. */
function cut(crop: CropSpec, angle = 0): Uint8Array {
	return Uint8Array.from(sampleSquare(frame, { ...cropSquare(face, crop), angle }, SIDE));
}

describe('surveyCrop', () => {
	it.each([
		{ scale: 1.1, shift: [0, -0.06] },
		{ scale: 1.3, shift: [0.06, 0.04] },
		{ scale: 1.2, shift: [-0.06, -0.1] }
	] as const)('finds the square by which pictures were cut: scale $scale, shift $shift', async ({ scale, shift }) => {
		const before = tf.memory().numTensors;
		const survey = await surveyCrop([cut({ scale, shift, align: false })], detector);
		expect(tf.memory().numTensors).toBe(before);
		expect(survey.detected).toBe(1);
		expect(Math.abs(survey.level.crop.scale - scale)).toBeLessThan(0.1);
		expect(Math.abs(survey.level.crop.shift[0] - shift[0])).toBeLessThan(0.04);
		expect(Math.abs(survey.level.crop.shift[1] - shift[1])).toBeLessThan(0.04);
	});

	it('measures the roll, and the shift along the eyes', async () => {
		const turn = (angle: number): Uint8Array => cut({ scale: 1.3, shift: [0, 0], align: false }, angle);
		const survey = await surveyCrop([turn(-0.35)], detector);
		const level = await surveyCrop([turn(0)], detector);
		const turned = (survey.rollDegrees[2] ?? NaN) - (level.rollDegrees[2] ?? NaN);
		expect(Math.abs(turned - 20)).toBeLessThan(5);
		expect(survey.largeRolls).toBe(1);
		const { level: onScreen, aligned } = survey;
		expect(Math.hypot(...aligned.crop.shift)).toBeCloseTo(Math.hypot(...onScreen.crop.shift), 1);
		expect(aligned.crop.align).toBe(true);
	});

	it('counts pictures without a face, and prints its findings', async () => {
		const done: number[] = [];
		const blank = new Uint8Array(SIDE * SIDE).fill(90);
		const survey = await surveyCrop(
			[blank, cut({ scale: 1.2, shift: [0, -0.06], align: false })],
			detector,
			(count) => {
				done.push(count);
			}
		);
		expect(survey).toMatchObject({ pictures: 2, detected: 1 });
		expect(done).toEqual([2]);
		expect(formatCropSurvey(survey)).toContain('faces found in 1 of 2 pictures');
		expect(formatCropSurvey(survey)).toMatch(/shift y, eyes level( +-?\d\.\d{3}){5}/);
	});
});
