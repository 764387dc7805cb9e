import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitOf } from '../../../../training/lib/commit';
import { makeFolder, replaceFolder, writeWhole } from '../../../../training/lib/files';
import { temporaryFolder } from '../temporary-folder';

const root = temporaryFolder({ emptied: true });

const save = (dir: string, name: string) => {
	mkdirSync(dir, { recursive: true });
	writeFileSync(path.join(dir, name), name);
};

describe('replaceFolder', () => {
	it('leaves the old folder until the new one is complete, and nothing of it after', async () => {
		const dir = path.join(root, 'model');
		save(dir, 'old');
		const result = await replaceFolder(dir, (next) => {
			save(next, 'new');
			expect(readdirSync(dir)).toEqual(['old']);
			return Promise.resolve(5);
		});
		expect(result).toBe(5);
		expect(readdirSync(dir)).toEqual(['new']);
		expect(readdirSync(root)).toEqual(['model']);
	});

	it('changes nothing if it fails', async () => {
		const dir = path.join(root, 'model');
		save(dir, 'old');
		const failing = replaceFolder(dir, (next) => {
			save(next, 'half');
			return Promise.reject(new Error('The disk is full.'));
		});
		await expect(failing).rejects.toThrow('disk is full');
		expect(readdirSync(dir)).toEqual(['old']);
		expect(readdirSync(root)).toEqual(['model']);
	});

	it.each([
		['between the renames', ['model.previous', 'model.next'], 'previous'],
		['after them', ['model', 'model.previous'], 'model']
	])('repairs what a process left that ended %s', async (_, left, kept) => {
		for (const name of left) save(path.join(root, name), name.replace('model.', ''));
		const dir = path.join(root, 'model');
		const failing = replaceFolder(dir, () => Promise.reject(new Error('Again.')));
		await expect(failing).rejects.toThrow('Again.');
		expect(existsSync(dir)).toBe(true);
		expect(readFileSync(path.join(dir, kept), 'utf8')).toBe(kept);
		expect(readdirSync(root)).toEqual(['model']);
	});
});

it.skipIf(!existsSync('/proc/self'))('a folder in a place that takes none is an error, not a hang', () => {
	expect(() => makeFolder('/proc/nope')).toThrow('ENOENT');
	expect(() => writeWhole('/proc/nope/results/a.json', ['{}'])).toThrow(/a\.json could not be written: ENOENT/);
	makeFolder(path.join(root, 'a/b'));
	makeFolder(path.join(root, 'a/b'));
	expect(readdirSync(path.join(root, 'a'))).toEqual(['b']);
});

it('commitOf is unknown if there is no repository', () => {
	expect(commitOf(root)).toBe('unknown');
});
