/** Two epochs on generated rows: the same seeds give bit-identical weights, whatever is moved or renamed. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { readCheckpoint } from '../../../../training/loop/checkpoint';
import { DEFAULT_RECIPE, type Recipe } from '../../../../training/models/recipe';
import type { Dataset } from '../../../../training/data/dataset';
import { sha256 } from '../../../../training/lib/files';
import { cnn } from '../../../../training/models/cnn';
import { mien } from '../../../../training/models/mien';
import { RUN_FILES, train } from '../../../../training/loop/run';
import { untrainedTeacher } from './untrained-teacher';
import { temporaryFolder } from '../temporary-folder';
import { blockPictures } from '../block-pictures';

const N = 24;
const TRAINING = 20;

const runDir = temporaryFolder({ emptied: true });

/** With votes for every other row. */
function generated(): Dataset {
	const softLabels = new Float32Array(new SharedArrayBuffer(4 * 7 * N));
	for (let row = 0; row < N; row += 2) softLabels.set([0.5, 0, 0, 0.25, 0, 0, 0.25], row * 7);
	return { ...blockPictures(N, TRAINING, 17), softLabels };
}

const SMALL: Recipe = {
	...DEFAULT_RECIPE,
	epochs: 2,
	batchSize: 8,
	warmupEpochs: 0.5,
	labelSmoothing: 0.05,
	votes: 0.15,
	emaDecay: 0.9,
	augmentation: {
		flip: 0.5,
		shift: 0.1,
		scale: 0.18,
		rotationDegrees: 12,
		contrast: 0.25,
		erase: 0.15,
		degrade: 0.2,
		light: 0.25
	},
	sizes: [
		{ fromEpoch: 0, size: 16 },
		{ fromEpoch: 1, size: 24 }
	],
	stages: [
		[8, 1],
		[16, 2]
	]
};

it.each([
	[
		'mien, one replica',
		mien,
		{ raised: true, teacher: { part: 0.4, recipe: 'student' } },
		1,
		'dff79cdd98e225b77b3c0f2a9a72cc1672c5b3295bdc6c2acaea8ec73ba88a90'
	],
	[
		'mien, two replicas',
		mien,
		{ raised: true, teacher: { part: 0.4, recipe: 'student' } },
		2,
		'22061300861f7d357fe7926e0a0369502094d17dc8f02a50dcdb316ac1f044cd'
	],
	[
		'cnn, pooled, Adamax, a last smaller batch',
		cnn,
		{
			pooled: true,
			lastBatch: 'kept',
			sizes: [{ fromEpoch: 0, size: 24 }],
			optimizer: { kind: 'adamax', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
			learningRate: 0.002
		},
		1,
		'3ec3e8d32f4ab80075fc28be94db269a749515b9621ee064670fb9455b46d5a6'
	]
] as const)('%s, trains to the same weights as before', async (_, definition, changes, replicas, hash) => {
	await startBackend('wasm');
	const data = generated();
	await train({
		definition,
		recipe: { ...SMALL, ...changes },
		dataset: definition === mien ? { ...data, teacher: untrainedTeacher(1).teacher } : data,
		backend: 'wasm',
		replicas,
		runDir,
		checkpointMinutes: 60,
		fresh: false,
		signal: new AbortController().signal,
		now: () => performance.now(),
		onEvent: () => undefined
	});
	const { state } = readCheckpoint(path.join(runDir, RUN_FILES.checkpoint));
	const bytes = [...state.values()].map(({ values }) => new Uint8Array(values.buffer));
	expect(sha256(...bytes)).toBe(hash);
});
