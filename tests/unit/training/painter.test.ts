import { afterAll, expect, it } from 'vitest';
import { raiseContrast } from '../../../src/lib/core/contrast';
import { toModelInput } from '../../../src/lib/core/preprocess';
import { NO_AUGMENTATION } from '../../../training/augment';
import { LocalPainter, PainterThreads, type PainterSetup } from '../../../training/painter';
import { createRandom } from '../../../training/random';

const ROWS = 5;
const setup: PainterSetup = {
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

const threads = new PainterThreads(setup, 2);
afterAll(() => threads.close());

it('raises contrast last, where it is asked to', () => {
	const dull = new Uint8Array(new SharedArrayBuffer(48 * 48));
	for (let i = 0; i < dull.length; i++) dull[i] = 100 + (setup.dataset.pixels[i] ?? 0) / 16;
	const own = { ...setup, dataset: { pixels: dull }, recipe: { seed: 3, augmentation: NO_AUGMENTATION } };
	const expected = new Float32Array(48 * 48);
	for (const leastContrast of [undefined, 40]) {
		toModelInput(raiseContrast(dull, leastContrast), setup.input, expected, 0);
		expect(new LocalPainter({ ...own, leastContrast }).paint(Uint32Array.of(0), 48, 0)).toEqual(expected);
	}
	expect(expected).not.toEqual(new LocalPainter(own).paint(Uint32Array.of(0), 48, 0));
});

it('paints the same in threads, in the order of the rows', async () => {
	const local = new LocalPainter(setup);
	const rows = Uint32Array.from([4, 0, 3, 1, 2]);
	for (const epoch of [0, 1]) {
		const expected = local.paint(rows, 32, epoch);
		expect(expected.length).toBe(ROWS * 32 * 32);
		expect(Math.min(...expected)).toBeGreaterThanOrEqual(-1);
		expect(Math.max(...expected)).toBeLessThanOrEqual(1);
		expect(await threads.paint(rows, 32, epoch)).toEqual(expected);
	}
	expect(local.paint(rows, 32, 0)).not.toEqual(local.paint(rows, 32, 1));
});

it('answers requests that overlap each with its own', async () => {
	const local = new LocalPainter(setup);
	const requests = [0, 1, 2, 3].map((row) => Uint32Array.of(row, row));
	const painted = await Promise.all(requests.map((rows) => threads.paint(rows, 16, 0)));
	for (const [index, rows] of requests.entries()) expect(painted[index]).toEqual(local.paint(rows, 16, 0));
});

it('refuses once a thread has failed, then and later', async () => {
	const broken = new PainterThreads({ ...setup, dataset: { pixels: undefined as never } }, 1);
	try {
		await expect(broken.paint(Uint32Array.of(0), 16, 0)).rejects.toThrow(/undefined/);
		await expect(broken.paint(Uint32Array.of(0), 16, 0)).rejects.toThrow(/undefined/);
	} finally {
		await broken.close();
	}
});

it('refuses what is asked for while it closes', async () => {
	const closing = new PainterThreads(setup, 1);
	const painted = closing.paint(Uint32Array.of(0), 16, 0);
	painted.catch(() => undefined);
	await closing.close();
	await expect(painted).rejects.toThrow('ended');
});
