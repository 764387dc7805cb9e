import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_AUGMENTATION } from '../../../../training/augment/augment';
import { startBackend } from '../../../../training/backend/index';
import { readCheckpoint, type Checkpoint } from '../../../../training/loop/checkpoint';
import { DEFAULT_RECIPE, type Recipe } from '../../../../training/models/recipe';
import type { Dataset } from '../../../../training/data/dataset';
import { sha256 } from '../../../../training/lib/files';
import { mien } from '../../../../training/models/mien';
import { RUN_FILES, train, type TrainEvent, type TrainOptions } from '../../../../training/loop/run';
import { untrainedTeacher } from './untrained-teacher';
import { temporaryFolder } from '../temporary-folder';
import { blockPictures } from '../block-pictures';

const runDir = temporaryFolder({ emptied: true });

const noise = (training: number, validation: number): Dataset => blockPictures(training + validation, training, 5);

const recipe: Recipe = {
	...DEFAULT_RECIPE,
	epochs: 2,
	batchSize: 8,
	warmupEpochs: 0,
	learningRate: 0.05,
	sizes: [{ fromEpoch: 0, size: 16 }],
	stages: [
		[32, 1],
		[64, 1]
	]
};

function options(changes: Partial<TrainOptions>): TrainOptions {
	return {
		definition: mien,
		recipe,
		dataset: noise(16, 4),
		backend: 'wasm',
		replicas: 1,
		runDir,
		checkpointMinutes: 60,
		fresh: false,
		signal: new AbortController().signal,
		now: () => performance.now(),
		onEvent: () => undefined,
		...changes
	};
}

/** Stops a run after `steps` steps. */
function stopAfter(steps: number): Pick<TrainOptions, 'signal' | 'onEvent'> {
	const controller = new AbortController();
	const onEvent = (event: TrainEvent): void => {
		if (event.type === 'step' && event.progress.step === steps) controller.abort();
	};
	return { signal: controller.signal, onEvent };
}

/** Of each tensor: comparing millions of numbers one by one takes a minute. */
function hashes({ state }: Checkpoint): string[][] {
	return [...state].map(([name, { shape, values }]) => [
		name,
		shape.join(),
		sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
	]);
}

const checkpointFile = (): string => path.join(runDir, RUN_FILES.checkpoint);

describe('train', () => {
	it('memorises 64 pictures perfectly', async () => {
		const accuracies: number[] = [];
		const outcome = await train(
			options({
				dataset: noise(64, 8),
				recipe: { ...recipe, epochs: 15, batchSize: 32, labelSmoothing: 0, augmentation: NO_AUGMENTATION },
				onEvent: (event) => {
					if (event.type === 'epoch') accuracies.push(event.log.train.accuracy);
				}
			})
		);
		expect(outcome.kind).toBe('finished');
		expect(accuracies).toHaveLength(15);
		expect(accuracies.at(-1)).toBe(1);
		expect(readFileSync(path.join(runDir, RUN_FILES.log), 'utf8').trim().split('\n')).toHaveLength(15);
	});

	it("learns two things at once if a second head learns face-api's answers, and keeps one head", async () => {
		// face-api's answers depend on the picture too, but never match the label.
		const dataset = noise(64, 8);
		const faceApi = new Float32Array(new SharedArrayBuffer(4 * 7 * dataset.n));
		for (const [row, label] of dataset.labels.entries()) faceApi[7 * row + ((label + 1) % 7)] = 1;
		const learn = async (part: number) => {
			const two = { ...recipe, epochs: 15, batchSize: 32, labelSmoothing: 0, augmentation: NO_AUGMENTATION };
			const accuracies: number[] = [];
			await train(
				options({
					dataset: { ...dataset, faceApi },
					recipe: { ...two, faceApi: { loss: 1, part } },
					fresh: true,
					onEvent: (event) => {
						if (event.type === 'epoch') accuracies.push(event.log.train.accuracy);
					}
				})
			);
			return accuracies.at(-1);
		};
		expect(await learn(0)).toBe(1);
		const { state } = readCheckpoint(path.join(runDir, RUN_FILES.best));
		expect([...state.values()].filter(({ shape }) => shape.at(-1) === 7).map(({ shape }) => shape.length)).toEqual([
			2, 1
		]);
		expect([...state.values()].some(({ shape }) => shape.at(-1) === 14)).toBe(false);
		// The other head gives the other labels.
		expect(await learn(1)).toBe(0);
	});

	it.each([1, 2])('resumes exactly where it was stopped, with %i replica(s)', async (replicas) => {
		await startBackend('wasm');
		const demanding: Partial<TrainOptions> = {
			replicas,
			recipe: { ...recipe, teacher: { part: 0.4, recipe: 'student' } },
			dataset: { ...noise(16, 4), teacher: untrainedTeacher(1).teacher }
		};
		await train(options(demanding));
		const unbroken = readCheckpoint(checkpointFile());
		rmSync(runDir, { recursive: true });

		const stopped = await train(options({ ...demanding, ...stopAfter(1) }));
		expect(stopped.kind).toBe('stopped');
		expect(readCheckpoint(checkpointFile()).step).toBeLessThan(4);
		const events: TrainEvent[] = [];
		const finished = await train(options({ ...demanding, onEvent: (event) => events.push(event) }));
		expect(finished.kind).toBe('finished');
		expect(events[0]).toMatchObject({ type: 'resumed' });

		const resumed = readCheckpoint(checkpointFile());
		expect(resumed.step).toBe(unbroken.step);
		expect(hashes(resumed)).toEqual(hashes(unbroken));
		expect(resumed.history.map(({ validation }) => validation)).toEqual(
			unbroken.history.map(({ validation }) => validation)
		);
	});

	it('stops early by one measure, and keeps the weights chosen by another', async () => {
		// Without a step, only the moving statistics settle.
		const still: Recipe = { ...recipe, epochs: 40, learningRate: 0, earlyStopping: { by: 'loss', patience: 2 } };
		for (const keep of ['last', 'loss'] as const) {
			const outcome = await train(options({ recipe: { ...still, keep }, fresh: true }));
			const { history } = readCheckpoint(checkpointFile());
			const losses = history.map(({ validation }) => validation.loss);
			const least = losses.indexOf(Math.min(...losses));
			expect(history.length).toBeLessThan(40);
			expect(history).toHaveLength(least + 3);
			const kept = keep === 'last' ? history.length - 1 : least;
			expect(outcome).toMatchObject({ kind: 'finished', best: { epoch: kept } });
			expect(readCheckpoint(path.join(runDir, RUN_FILES.best)).step).toBe(2 * (kept + 1));
		}
		rmSync(`${runDir}.old-1`, { recursive: true });
	});

	it('counts a smaller last batch if the recipe keeps it', async () => {
		const counts: number[] = [];
		for (const lastBatch of ['dropped', 'kept'] as const)
			await train(
				options({
					dataset: noise(19, 4),
					recipe: { ...recipe, epochs: 1, lastBatch },
					runDir: path.join(runDir, lastBatch),
					onEvent: (event) => {
						if (event.type === 'epoch') counts.push(event.log.step);
					}
				})
			);
		expect(counts).toEqual([2, 3]);
	});

	it('rejects the checkpoint of a run with another teacher', async () => {
		await startBackend('wasm');
		const [first, second] = [untrainedTeacher(1), untrainedTeacher(2)];
		const dataset = noise(16, 4);
		await train(options({ dataset: { ...dataset, teacher: first.teacher }, ...stopAfter(1) }));
		const other = train(options({ dataset: { ...dataset, teacher: second.teacher } }));
		await expect(other).rejects.toThrow(/another recipe.*--fresh/);
	});

	it('takes the previous checkpoint if the last one is cut short', async () => {
		await train(options(stopAfter(3)));
		const whole = path.join(runDir, 'whole.bin');
		copyFileSync(checkpointFile(), whole);
		copyFileSync(checkpointFile(), `${checkpointFile()}.previous`);
		truncateSync(checkpointFile(), 1000);
		const events: TrainEvent[] = [];
		await train(options({ onEvent: (event) => events.push(event) }));
		expect(events[0]).toMatchObject({ type: 'problem', sentence: expect.stringMatching(/cut short.*older/) as string });
		expect(events[1]).toMatchObject({ type: 'resumed', step: readCheckpoint(whole).step });
	});

	it('rejects the checkpoint of another recipe, and moves it aside when told to start fresh', async () => {
		await train(options(stopAfter(1)));
		const other = { ...recipe, learningRate: 0.01 };
		await expect(train(options({ recipe: other }))).rejects.toThrow(/another recipe.*--fresh/);
		const outcome = await train(options({ recipe: other, fresh: true, ...stopAfter(1) }));
		expect(outcome.kind).toBe('stopped');
		const old = `${runDir}.old-1`;
		expect(existsSync(path.join(old, RUN_FILES.checkpoint))).toBe(true);
		rmSync(old, { recursive: true });
	});

	it('stops at a loss that is not a number and keeps the last good files', async () => {
		await train(options({ recipe: { ...recipe, epochs: 1 } }));
		const best = readFileSync(path.join(runDir, RUN_FILES.best));
		const wild = { ...recipe, learningRate: Number.MAX_VALUE, epochs: 1 };
		const elsewhere = path.join(runDir, 'wild');
		const outcome = await train(options({ recipe: wild, runDir: elsewhere }));
		expect(outcome.kind).toBe('diverged');
		expect(existsSync(path.join(elsewhere, RUN_FILES.checkpoint))).toBe(false);
		expect(readFileSync(path.join(runDir, RUN_FILES.best)).equals(best)).toBe(true);
	});
});

describe('input to a training run', () => {
	it('reaches a run with one replica, which otherwise waits for nothing but itself', async () => {
		const controller = new AbortController();
		let steps = 0;
		const stopped = await train(
			options({
				recipe: { ...recipe, epochs: 50 },
				signal: controller.signal,
				onEvent: ({ type }) => {
					if (type !== 'step' || ++steps > 1) return;
					// Through the event loop, like a signal.
					setTimeout(() => controller.abort());
				}
			})
		);
		expect(stopped.kind).toBe('stopped');
		expect(existsSync(path.join(runDir, RUN_FILES.checkpoint))).toBe(true);
	});

	it('is rejected if there are no rows to choose an epoch by', async () => {
		await expect(train(options({ dataset: noise(16, 0) }))).rejects.toThrow('no PublicTest rows');
	});
});
