import { afterAll, expect, it } from 'vitest';
import { raiseContrast } from '../../../../src/lib/core/contrast';
import { toModelInput } from '../../../../src/lib/core/preprocess';
import { NO_AUGMENTATION } from '../../../../training/augment/augment';
import { LocalBatchMaker, type BatchSetup } from '../../../../training/loop/batch-maker';
import { BatchMakerWorkers } from '../../../../training/loop/batch-maker-workers';
import { createRandom } from '../../../../training/lib/random';

const ROWS = 5;
const setup: BatchSetup = {
	dataset: { pixels: new Uint8Array(new SharedArrayBuffer(ROWS * 48 * 48)) },
	recipe: {
		seed: 3,
		augmentation: {
			flip: 0.5,
			shift: 0.1,
			scale: 0.1,
			rotationDegrees: 10,
			contrast: 0.2,
			erase: 0.5,
			degrade: 0.5,
			light: 0.5
		}
	},
	input: { size: 48, channels: 1, range: [-1, 1] }
};
const random = createRandom(1);
for (let i = 0; i < setup.dataset.pixels.length; i++) setup.dataset.pixels[i] = Math.floor(random() * 256);

const threads = new BatchMakerWorkers(setup, 2);
afterAll(() => threads.close());

it('a batch maker raises contrast last, if asked to', () => {
	const dull = new Uint8Array(new SharedArrayBuffer(48 * 48));
	for (let i = 0; i < dull.length; i++) dull[i] = 100 + (setup.dataset.pixels[i] ?? 0) / 16;
	const own = { ...setup, dataset: { pixels: dull }, recipe: { seed: 3, augmentation: NO_AUGMENTATION } };
	const expected = new Float32Array(48 * 48);
	for (const leastContrast of [undefined, 40]) {
		toModelInput(raiseContrast(dull, leastContrast), setup.input, expected, 0);
		expect(new LocalBatchMaker({ ...own, leastContrast }).makeBatch(Uint32Array.of(0), 48, 0)).toEqual(expected);
	}
	expect(expected).not.toEqual(new LocalBatchMaker(own).makeBatch(Uint32Array.of(0), 48, 0));
});

it('a batch maker gives the same in threads, in the order of the rows', async () => {
	const local = new LocalBatchMaker(setup);
	const rows = Uint32Array.from([4, 0, 3, 1, 2]);
	for (const epoch of [0, 1]) {
		const expected = local.makeBatch(rows, 32, epoch);
		expect(expected.length).toBe(ROWS * 32 * 32);
		expect(Math.min(...expected)).toBeGreaterThanOrEqual(-1);
		expect(Math.max(...expected)).toBeLessThanOrEqual(1);
		expect(await threads.makeBatch(rows, 32, epoch)).toEqual(expected);
	}
	expect(local.makeBatch(rows, 32, 0)).not.toEqual(local.makeBatch(rows, 32, 1));
});

it('a batch maker answers each of several overlapping requests correctly', async () => {
	const local = new LocalBatchMaker(setup);
	const requests = [0, 1, 2, 3].map((row) => Uint32Array.of(row, row));
	const made = await Promise.all(requests.map((rows) => threads.makeBatch(rows, 16, 0)));
	for (const [index, rows] of requests.entries()) expect(made[index]).toEqual(local.makeBatch(rows, 16, 0));
});

it('a batch maker rejects requests once a thread has failed, then and later', async () => {
	const broken = new BatchMakerWorkers({ ...setup, dataset: { pixels: undefined as never } }, 1);
	try {
		await expect(broken.makeBatch(Uint32Array.of(0), 16, 0)).rejects.toThrow(/undefined/);
		await expect(broken.makeBatch(Uint32Array.of(0), 16, 0)).rejects.toThrow(/undefined/);
	} finally {
		await broken.close();
	}
});

it('a batch maker rejects pending requests when closed', async () => {
	const closing = new BatchMakerWorkers(setup, 1);
	const made = closing.makeBatch(Uint32Array.of(0), 16, 0);
	made.catch(() => undefined);
	await closing.close();
	await expect(made).rejects.toThrow('ended');
});
