import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blazefaceAnchors, decodeFaces, FULL_RANGE } from '../../../../src/lib/core/blazeface';
import { letterbox } from '../../../../src/lib/core/geometry';
import type { Network } from '../../../../src/lib/core/network/network';
import type { Landmarks } from '../../../../src/lib/core/types';
import {
	convertDetector,
	detectorEntry,
	DETECTORS,
	loadDetectorNetwork
} from '../../../../training/blazeface/detector';
import { temporaryFolder } from '../temporary-folder';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const COMMITTED = path.join(ROOT, 'static/models');
const VALUES = 17;

const folder = temporaryFolder();

beforeAll(async () => {
	setWasmPaths(`${path.join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
	await tf.setBackend('wasm');
	for (const spec of Object.values(DETECTORS)) convertDetector(spec, folder);
});

/** The photo, [side, side, 3], in -1..1. */
async function photo(side: number): Promise<Float32Array> {
	const picture = sharp(path.join(ROOT, 'tests/fixtures/astronaut.png')).removeAlpha().raw();
	const { data, info } = await picture.toBuffer({ resolveWithObject: true });
	return tf.tidy(() => {
		const pixels = tf.tensor3d(new Uint8Array(data), [info.height, info.width, 3], 'int32');
		return tf.sub(tf.div(tf.image.resizeBilinear(pixels, [side, side]), 127.5), 1).dataSync<'float32'>();
	});
}

describe.each([
	{ spec: DETECTORS.short, anchors: 896, mostBytes: 256 * 1024 },
	{ spec: DETECTORS.full, anchors: 2304, mostBytes: 1200 * 1024 }
])('convertDetector: $spec.id', ({ spec, anchors, mostBytes }) => {
	const converted = path.join(folder, spec.folder);
	let network: Network;
	let input: Float32Array;

	beforeAll(async () => {
		network = loadDetectorNetwork(converted);
		input = await photo(spec.inputSize);
	});
	afterAll(() => {
		network.dispose();
	});

	it('gives the committed file, byte for byte', () => {
		for (const name of readdirSync(converted))
			expect(
				readFileSync(path.join(converted, name)).equals(readFileSync(path.join(COMMITTED, spec.folder, name))),
				`${name}: run npm run study -- detector and commit what it writes`
			).toBe(true);
		expect(readdirSync(converted)).toHaveLength(2);
	});

	it('describes them for the manifest', () => {
		const names = readdirSync(converted).toSorted();
		const files = names.map((name) => readFileSync(path.join(converted, name)));
		const [sha256, weightsSha256] = files.map((file) => createHash('sha256').update(file).digest('hex'));
		const [url, weightsUrl] = names.map((name) => `${spec.folder}/${name}`);
		const entry = detectorEntry(spec, folder);
		expect(entry).toEqual({
			id: spec.id,
			title: spec.title,
			url,
			weightsUrls: [weightsUrl],
			bytes: files.reduce((sum, { length }) => sum + length, 0),
			sha256,
			weightsSha256,
			inputSize: spec.inputSize
		});
		expect(entry.bytes).toBeLessThan(mostBytes);
	});

	it('takes several pictures at once and leaks no tensor', async () => {
		const both = new Float32Array(2 * input.length);
		both.set(input, input.length);
		const before = tf.memory().numTensors;
		const single = await network.predict(input, 1);
		const pair = await network.predict(both, 2);
		expect(tf.memory().numTensors).toBe(before);
		expect(single).toHaveLength(anchors * VALUES);
		expect(pair).toHaveLength(2 * single.length);
		expect(pair.subarray(single.length)).toEqual(single);
	});
});

/** A converted detector's output for the photo. */
async function outputOf(spec: (typeof DETECTORS)['short' | 'full']): Promise<Float32Array> {
	const network = loadDetectorNetwork(path.join(folder, spec.folder));
	const values = await network.predict(await photo(spec.inputSize), 1);
	network.dispose();
	return values;
}

it.each([
	{ range: 'short', fixture: 'blazeface-tflite.json' },
	{ range: 'full', fixture: 'blazeface-full-tflite.json' }
] as const)('gives what TensorFlow Lite computes from the same file, $range range', async ({ range, fixture }) => {
	const expected = JSON.parse(readFileSync(path.join(ROOT, 'tests/fixtures', fixture), 'utf8')) as Record<
		string,
		number[]
	>;
	const values = await outputOf(DETECTORS[range]);
	for (const [anchor, numbers] of Object.entries(expected))
		for (const [index, number] of numbers.entries())
			expect(Math.abs((values[Number(anchor) * VALUES + index] ?? NaN) - number)).toBeLessThan(1e-3);
});

it('finds the same eyes, nose, mouth and ears with both, to a tenth of the face', async () => {
	const limits = { minConfidence: 0.5, maxFaces: 5 };
	const whole = (size: number) => letterbox(1, 1, size);
	const short = decodeFaces(await outputOf(DETECTORS.short), whole(128), limits);
	const full = decodeFaces(await outputOf(DETECTORS.full), whole(192), limits, blazefaceAnchors(FULL_RANGE));
	expect([short.length, full.length]).toEqual([1, 1]);
	const [near, far] = [short[0], full[0]];
	if (near === undefined || far === undefined) throw new Error('No face is found');
	for (const name of Object.keys(near.landmarks) as (keyof Landmarks)[]) {
		const [a, b] = [near.landmarks[name], far.landmarks[name]];
		expect(Math.hypot(a.x - b.x, a.y - b.y), name).toBeLessThan(0.1 * near.box.height);
	}
	expect(far.confidence).toBeGreaterThan(0.9);
});

it('says what to do if there is no detector', () => {
	expect(() => detectorEntry(DETECTORS.short, path.join(folder, 'nowhere'))).toThrow('npm run study -- detector');
});
