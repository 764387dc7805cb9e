import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import type * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findCheckpoint, readCheckpoint, writeCheckpoint, type Checkpoint } from '../../../../training/loop/checkpoint';
import { temporaryFolder } from '../temporary-folder';

/** Bytes that still fit on the disk; null leaves the disk alone. */
const disk = vi.hoisted(() => ({ left: null as number | null }));

vi.mock('node:fs', async (importOriginal) => {
	const actual = await importOriginal<typeof fs>();
	return {
		...actual,
		writeSync(handle: number, bytes: Uint8Array, offset = 0): number {
			const wanted = bytes.length - offset;
			if (disk.left === null) return actual.writeSync(handle, bytes, offset);
			if (disk.left === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
			// As on a real disk: first what still fits is written, then comes the error.
			const written = actual.writeSync(handle, bytes, offset, Math.min(wanted, disk.left));
			disk.left -= written;
			return written;
		}
	};
});

const dir = temporaryFolder({ emptied: true });
const file = path.join(dir, 'checkpoint.bin');
afterEach(() => {
	disk.left = null;
});

const MINE = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

function checkpoint(step: number, fingerprint = MINE): Checkpoint {
	const values = Float32Array.from({ length: 1000 }, (_, i) => step + i / 7);
	return {
		fingerprint,
		step,
		running: { loss: 1, correct: 2, n: 3, seconds: 4 },
		history: [],
		state: new Map([['weight/0:kernel', { shape: [10, 100], values }]])
	};
}

function find(): { found: Checkpoint | undefined; problems: string[] } {
	const problems: string[] = [];
	return { found: findCheckpoint(file, MINE, (sentence) => problems.push(sentence)), problems };
}

describe('checkpoints', () => {
	it('are read as they were written, and the previous one is kept', () => {
		writeCheckpoint(file, checkpoint(1));
		writeCheckpoint(file, { ...checkpoint(2), base: 'imagenet' });
		expect(readCheckpoint(file)).toEqual({ ...checkpoint(2), base: 'imagenet' });
		expect(readCheckpoint(`${file}.previous`)).toEqual(checkpoint(1));
		expect(find()).toEqual({ found: { ...checkpoint(2), base: 'imagenet' }, problems: [] });
	});

	it.each([0, 100, 3000])('on a disk that is full after %i bytes report it, and older ones are kept', (left) => {
		writeCheckpoint(file, checkpoint(1));
		writeCheckpoint(file, checkpoint(2));
		const before = readdirSync(dir);
		disk.left = left;
		expect(() => {
			writeCheckpoint(file, checkpoint(3));
		}).toThrow(/could not be written: ENOSPC.*Free some space/);
		disk.left = null;
		expect(readdirSync(dir)).toEqual(before);
		expect(find()).toEqual({ found: checkpoint(2), problems: [] });
		writeCheckpoint(file, checkpoint(3));
		expect(find().found?.step).toBe(3);
	});

	it.each([0, 10, 90, 1000])('cut short to %i bytes are skipped in favour of the older one', (bytes) => {
		writeCheckpoint(file, checkpoint(1));
		writeCheckpoint(file, checkpoint(2));
		truncateSync(file, bytes);
		const { found, problems } = find();
		expect(found).toEqual(checkpoint(1));
		expect(problems).toEqual([expect.stringMatching(/checkpoint\.bin is damaged or cut short.*An older one is tried/)]);
	});

	it('are found if the process ended between the two renames', () => {
		writeCheckpoint(file, checkpoint(1));
		copyFileSync(file, `${file}.previous`);
		rmSync(file);
		expect(find()).toEqual({ found: checkpoint(1), problems: [] });
	});

	it('that are all damaged leave nothing to resume, and this is reported', () => {
		writeCheckpoint(file, checkpoint(1));
		truncateSync(file, 50);
		const { found, problems } = find();
		expect(found).toBeUndefined();
		expect(problems).toEqual([expect.stringMatching(/cut short.*There is no older one/)]);
	});

	it('of another run are skipped in favour of an older one of this run', () => {
		writeCheckpoint(file, checkpoint(1));
		writeCheckpoint(file, checkpoint(5, OTHER));
		const { found, problems } = find();
		expect(found).toEqual(checkpoint(1));
		expect(problems).toEqual([expect.stringMatching(/belongs to another run; the one before it is used/)]);
	});

	it('only of another run are refused and left as they are', () => {
		writeCheckpoint(file, checkpoint(5, OTHER));
		const bytes = readFileSync(file);
		expect(find).toThrow(
			/belongs to another recipe, other --epochs .*data file, pretrained weights or number of replicas.*--fresh/
		);
		expect(readFileSync(file)).toEqual(bytes);
		expect(existsSync(`${file}.previous`)).toBe(false);
	});
});
