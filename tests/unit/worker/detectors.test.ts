/** The face detectors that ship, on pictures: same results at any input size, and fast with ten distant people. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { intersectionOverUnion } from '../../../src/lib/core/geometry';
import { NOTHING_KNOWN, searchFrame } from '../../../src/lib/core/search';
import { thoroughDetector } from '../../../src/lib/core/still';
import { STILL_LIMITS, type Detectors } from '../../../src/lib/core/tiles';
import type { Box, FaceDetector, Frame } from '../../../src/lib/core/types';
import { parseManifest, type DetectorEntry } from '../../../src/lib/manifest';
import { buildDetector } from '../../../src/lib/worker/detector';
import { readModel } from '../../../training/lib/model-files';
import { ASTRONAUT } from '../../e2e/clip';

const MODELS = 'static/models';
const LIMITS = { minConfidence: 0.5, maxFaces: 32 };
/** Height of the head in the portrait's file. */
const HEAD_PX = 94;

let detectors: Detectors;

beforeAll(async () => {
	setWasmPaths(`${path.resolve('node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
	await tf.setBackend('wasm');
	const manifest = parseManifest(JSON.parse(readFileSync(path.join(MODELS, 'index.json'), 'utf8')));
	const load = (entry: DetectorEntry): FaceDetector =>
		buildDetector(entry, readModel(path.join(MODELS, path.dirname(entry.url))), LIMITS);
	detectors = { near: load(manifest.detector), far: load(manifest.farDetector) };
});

async function frameOf(picture: Sharp): Promise<Frame> {
	const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
	return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

/** A grey room with heads of these heights and their shoulders, cut from the portrait; and where the faces are. */
async function room(
	heads: readonly { px: number; left: number; top: number }[],
	{ width, height } = { width: 1600, height: 1200 }
): Promise<{ frame: Frame; faces: Box[] }> {
	const layers = await Promise.all(
		heads.map(async ({ px, left, top }) => ({
			input: await sharp(ASTRONAUT)
				.removeAlpha()
				.resize(Math.round((512 * px) / HEAD_PX))
				.png()
				.toBuffer(),
			left,
			top
		}))
	);
	const grey = sharp({ create: { width, height, channels: 3, background: '#8a8d90' } });
	const faces = heads.map(({ px, left, top }) => {
		const scale = px / HEAD_PX;
		return { x: left + 177 * scale, y: top + 78 * scale, width: px, height: px };
	});
	return { frame: await frameOf(sharp(await grey.composite(layers).png().toBuffer())), faces };
}

describe('the far detector', () => {
	it.each([
		[192, 192],
		[384, 192],
		[224, 352]
	])('finds a face in an input of %i x %i as in its own input size', async (width, height) => {
		const { frame, faces } = await room([{ px: 40, left: 700, top: 500 }]);
		const [face] = faces;
		if (face === undefined) throw new Error('no face');
		const scale = 0.5;
		const region = { x: face.x - 120, y: face.y - 150, width: width / scale, height: height / scale };
		const [found, ...others] = await detectors.far.detect(frame, { region, scale });
		expect(others).toEqual([]);
		expect(found?.confidence).toBeGreaterThan(0.7);
		expect(found && intersectionOverUnion(found.box, face)).toBeGreaterThan(0.5);
	});
});

describe('a still', () => {
	it('is searched in fewer pixels if the far detector takes inputs of any size, without missing faces', async () => {
		const { frame, faces } = await room([
			{ px: 60, left: 100, top: 100 },
			{ px: 30, left: 1200, top: 200 },
			{ px: 24, left: 500, top: 800 },
			{ px: 20, left: 1300, top: 900 }
		]);
		const search = async (anySize: boolean): Promise<{ found: number; pixels: number }> => {
			let pixels = 0;
			const far: FaceDetector = {
				anySize,
				detect: (picture, options = {}) => {
					const { region, scale } = options;
					pixels += region !== undefined && scale !== undefined ? region.width * region.height * scale ** 2 : 192 ** 2;
					return detectors.far.detect(picture, options);
				}
			};
			const shown = await thoroughDetector({ near: detectors.near, far }, STILL_LIMITS).detect(frame);
			const seen = faces.filter((face) => shown.some(({ box }) => intersectionOverUnion(box, face) > 0.3));
			return { found: seen.length, pixels };
		};
		const [rectangles, tiles] = [await search(true), await search(false)];
		expect([rectangles.found, tiles.found]).toEqual([4, 4]);
		expect(rectangles.pixels).toBeLessThan(0.7 * tiles.pixels);
	});
});

describe('ten small heads', () => {
	it.each([
		[640, 480, 50],
		[1280, 720, 100]
	])('in %i x %i are all found within six frames', async (width, height, px) => {
		const heads = Array.from({ length: 10 }, (_, index) => ({
			px,
			left: Math.round((((index % 4) - 0.35) * width) / 4),
			top: Math.round((Math.floor(index / 4) * height) / 3)
		}));
		const { frame } = await room(heads, { width, height });
		const settings = { smallestFacePx: 24, maxFaces: 12, minConfidence: 0.5 };
		let [state, faces] = [NOTHING_KNOWN, 0];
		for (let turn = 0; turn < 6; turn++) {
			const [next, found] = await searchFrame(frame, detectors, settings, state);
			[state, faces] = [next, found.length];
		}
		expect(faces).toBe(10);
	});
});
