import * as tf from '@tensorflow/tfjs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { writeCheckpoint } from '../../../../training/loop/checkpoint';
import { DEFAULT_RECIPE, type Recipe } from '../../../../training/models/recipe';
import { allocate, type Dataset } from '../../../../training/data/dataset';
import { sha256 } from '../../../../training/lib/files';
import { predict } from '../../../../training/evaluate/predict';
import { findRecipe } from '../../../../training/models/index';
import { mien } from '../../../../training/models/mien';
import { withTeachers } from '../../../../training/loop/teacher-probabilities';
import { RUN_FILES } from '../../../../training/loop/run';
import { temporaryFolder } from '../temporary-folder';

const folder = temporaryFolder({ emptied: true });
beforeAll(() => startBackend('wasm'));

const ROWS = 5;

function pictures(): Dataset {
	const dataset = allocate(ROWS);
	for (let i = 0; i < dataset.pixels.length; i++) dataset.pixels[i] = (i * 7919) % 251;
	return dataset;
}

const runDirOf = (model: string, { id, seed }: Recipe): string => path.join(folder, `${model}-${id}-${String(seed)}`);

function ask(of: readonly (readonly [string, string])[], dataset: Dataset, mirrored = false) {
	return withTeachers({
		recipe: { ...DEFAULT_RECIPE, seed: 3, teachers: { part: 0.5, mirrored, of } },
		dataset,
		runDirOf,
		cacheDir: path.join(folder, 'cache'),
		signal: new AbortController().signal,
		onRows: () => undefined
	});
}

/** Leaves the run of a teacher, whose weights are as they were drawn; gives its network. */
function trainTeacher(): tf.LayersModel {
	const recipe = findRecipe(mien, 'grow-48');
	const network = mien.build(7, recipe);
	const state = new Map(
		network.weights.map((weight, index) => {
			const value = weight.read();
			return [`average/${String(index)}`, { shape: value.shape, values: value.dataSync() as Float32Array }];
		})
	);
	const running = { loss: 0, correct: 0, n: 0, seconds: 0 };
	const file = path.join(runDirOf('mien', recipe), RUN_FILES.best);
	writeCheckpoint(file, { fingerprint: '', step: 1, running, history: [], state });
	return network;
}

it('gives the probabilities that the trained teacher gives, and keeps them', async () => {
	const network = trainTeacher();
	const dataset = pictures();
	const taught = (await ask([['mien', 'grow-48']], dataset))?.taught ?? new Float32Array();
	const logits = await predict(
		network,
		mien.input,
		dataset,
		Uint32Array.from({ length: ROWS }, (_, row) => row)
	);
	for (const [row, scores] of logits.entries()) {
		const expected = tf.softmax(tf.tensor1d([...scores])).dataSync();
		for (const [label, value] of expected.entries()) expect(taught[row * 7 + label]).toBeCloseTo(value, 5);
	}
	const again = await ask([['mien', 'grow-48']], dataset);
	expect(again?.taught).toEqual(taught);
	// Two of the same are as one.
	const both = await ask(
		[
			['mien', 'grow-48'],
			['mien', 'grow-48']
		],
		dataset
	);
	for (const [index, value] of taught.entries()) expect(both?.taught?.[index]).toBeCloseTo(value, 6);
});

it('asks about the mirror image too, where the recipe says so', async () => {
	trainTeacher();
	const dataset = pictures();
	const mirrored = { ...dataset, pixels: new Uint8Array(new SharedArrayBuffer(dataset.pixels.length)) };
	mirrored.pixels.set(dataset.pixels);
	for (let start = 0; start < mirrored.pixels.length; start += 48)
		mirrored.pixels.subarray(start, start + 48).reverse();
	const [plain, other, both] = await Promise.all([
		ask([['mien', 'grow-48']], dataset),
		ask([['mien', 'grow-48']], mirrored),
		ask([['mien', 'grow-48']], dataset, true)
	]);
	expect(plain?.taught).not.toEqual(other?.taught);
	expect(both?.taught).toHaveLength(7 * dataset.n);
	for (const [index, value] of both?.taught?.entries() ?? [])
		expect(value).toBeCloseTo(((plain?.taught?.[index] ?? NaN) + (other?.taught?.[index] ?? NaN)) / 2, 5);
	expect(both?.pixels).toEqual(dataset.pixels);
});

it('tells which command trains a teacher that is not there', async () => {
	await expect(ask([['cnn', 'best']], pictures())).rejects.toThrow('npm run train -- cnn --recipe best');
});

it('hands on the teachers themselves where they are asked in every step', async () => {
	const network = trainTeacher();
	const dataset = pictures();
	const asked = await withTeachers({
		recipe: { ...DEFAULT_RECIPE, teachers: { part: 0.5, live: true, of: [['mien', 'grow-48']] } },
		dataset,
		runDirOf,
		cacheDir: path.join(folder, 'cache'),
		signal: new AbortController().signal,
		onRows: () => undefined
	});
	expect(asked?.taught).toBeUndefined();
	const [teacher] = asked?.teachers ?? [];
	// Hashes: comparing millions of numbers one by one takes seconds.
	const hashOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
		sha256(new Uint8Array(buffer, byteOffset, byteLength));
	const expected = network.getWeights().map((weight) => hashOf(weight.dataSync<'float32'>()));
	expect(teacher?.weights.map(({ values }) => hashOf(values))).toEqual(expected);
});
