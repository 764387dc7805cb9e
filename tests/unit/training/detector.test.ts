import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convertDetector, detectorEntry, detectorHandler, shortRangeFile } from '../../../training/detector';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const COMMITTED = path.join(ROOT, 'static/models/blazeface');
const VALUES = 17;

const folder = mkdtempSync(path.join(tmpdir(), 'mien-detector-'));
const converted = path.join(folder, 'blazeface');
let model: GraphModel;

beforeAll(async () => {
	setWasmPaths(`${path.join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
	await tf.setBackend('wasm');
	convertDetector({ tflitePath: shortRangeFile(), outDir: converted });
	model = await loadGraphModel(detectorHandler(converted));
});

afterAll(() => {
	model.dispose();
	rmSync(folder, { recursive: true });
});

/** The photo, 128 x 128, in -1..1. */
async function photo(): Promise<tf.Tensor4D> {
	const picture = sharp(path.join(ROOT, 'tests/fixtures/astronaut.png')).removeAlpha().raw();
	const { data, info } = await picture.toBuffer({ resolveWithObject: true });
	return tf.tidy(() => {
		const pixels = tf.tensor3d(new Uint8Array(data), [info.height, info.width, 3], 'int32');
		return tf.expandDims(tf.sub(tf.div(tf.image.resizeBilinear(pixels, [128, 128]), 127.5), 1), 0);
	});
}

async function predict(input: tf.Tensor): Promise<Float32Array> {
	const output = model.predict(input) as tf.Tensor;
	const values = await output.data<'float32'>();
	output.dispose();
	return values;
}

describe('convertDetector', () => {
	it('gives the files that are committed, byte for byte', () => {
		for (const name of readdirSync(converted))
			expect(
				readFileSync(path.join(converted, name)).equals(readFileSync(path.join(COMMITTED, name))),
				`${name}: run npm run detector and commit what it writes`
			).toBe(true);
		expect(readdirSync(converted)).toEqual(['model.json', 'weights.bin']);
	});

	it('describes them for the manifest', () => {
		const weights = readFileSync(path.join(converted, 'weights.bin'));
		const entry = detectorEntry(converted);
		expect(entry).toEqual({
			id: 'blazeface-short',
			title: 'BlazeFace short range',
			url: 'blazeface/model.json',
			bytes: weights.length + readFileSync(path.join(converted, 'model.json')).length,
			sha256: createHash('sha256').update(weights).digest('hex'),
			inputSize: 128
		});
		expect(entry.bytes).toBeLessThan(256 * 1024);
	});

	it('says what to do where there is no detector', () => {
		expect(() => detectorEntry(folder)).toThrow('npm run detector');
	});

	it('computes what TensorFlow Lite computes from the same file', async () => {
		const expected = JSON.parse(
			readFileSync(path.join(ROOT, 'tests/fixtures/blazeface-tflite.json'), 'utf8')
		) as Record<string, number[]>;
		const input = await photo();
		const values = await predict(input);
		input.dispose();
		expect(values).toHaveLength(896 * VALUES);
		for (const [anchor, numbers] of Object.entries(expected))
			for (const [index, number] of numbers.entries())
				expect(Math.abs((values[Number(anchor) * VALUES + index] ?? NaN) - number)).toBeLessThan(1e-3);
	});

	it('takes several pictures at once and leaves no tensor behind', async () => {
		const input = await photo();
		const both = tf.concat([tf.zerosLike(input), input]);
		const before = tf.memory().numTensors;
		const single = await predict(input);
		const pair = await predict(both);
		expect(tf.memory().numTensors).toBe(before);
		expect(pair).toHaveLength(2 * single.length);
		expect(pair.subarray(single.length)).toEqual(single);
		input.dispose();
		both.dispose();
	});
});
