import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFerPlus } from '../../../../training/data/ferplus';
import { temporaryFolder } from '../temporary-folder';

const HEADER = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF';
const dir = temporaryFolder({ emptied: true });

function fileOf(...rows: string[]): string {
	const file = path.join(dir, 'fer2013new.csv');
	writeFileSync(file, [HEADER, ...rows].join('\n'));
	return file;
}

/** That many rows of Training. */
const training = (n: number) => ({ n, usage: new Uint8Array(new SharedArrayBuffer(n)) });

describe('readFerPlus', () => {
	it('gives votes in the order of FER2013, a majority, and which are not faces', () => {
		const file = fileOf(
			'Training,a.png,1,6,0,0,3,0,0,0,0,0',
			'Training,,0,0,0,0,0,0,0,0,0,10',
			'Training,b.png,4,4,0,0,0,0,0,2,0,0'
		);
		const { votes, majority, faceless } = readFerPlus(file, training(3));
		// angry, disgust, fear, happy, sad, surprise, neutral
		for (const [index, value] of [0.3, 0, 0, 0.6, 0, 0, 0.1].entries()) expect(votes[index]).toBeCloseTo(value, 6);
		expect(Array.from(votes.subarray(7, 14))).toEqual([0, 0, 0, 0, 0, 0, 0]);
		expect(Array.from(majority)).toEqual([3, -1, -1]);
		expect(Array.from(faceless)).toEqual([0, 1, 0]);
	});

	it('ignores the votes of a picture if most are for other answers', () => {
		const { votes, majority } = readFerPlus(fileOf('Training,a.png,2,0,0,0,0,0,0,8,0,0'), training(1));
		expect(Math.max(...votes)).toBe(0);
		expect(majority[0]).toBe(-1);
	});

	it('says what is wrong', () => {
		expect(() => readFerPlus(path.join(dir, 'none.csv'), training(1))).toThrow(/There is no file/);
		expect(() => readFerPlus(dir, training(1))).toThrow(/is a folder. --ferplus takes/);
		const other = path.join(dir, 'other.csv');
		writeFileSync(other, 'a,anger\n1,2\n');
		expect(() => readFerPlus(other, training(1))).toThrow(/has no column disgust, fear.*--ferplus takes/);
		writeFileSync(other, `x "${'\0'.repeat(1000)}`);
		expect(() => readFerPlus(other, training(1))).toThrow(/not a table, or is damaged: .{1,80}\. --ferplus takes/);
		expect(() => readFerPlus(fileOf('Training,a.png,1,0,0,0,0,0,0,0,0,0'), training(2))).toThrow(
			/has 1 rows, but the data has 2/
		);
		expect(() => readFerPlus(fileOf('Training,a.png,x,0,0,0,0,0,0,0,0,0'), training(1))).toThrow(
			/row 1: neutral must be a count/
		);
	});

	it('refuses votes for rows in another order', () => {
		const rows = ['Training,a.png,1,0,0,0,0,0,0,0,0,0', 'PrivateTest,b.png,0,1,0,0,0,0,0,0,0,0'];
		const data = training(2);
		data.usage[1] = 2;
		expect(Array.from(readFerPlus(fileOf(...rows), data).majority)).toEqual([6, 3]);
		expect(() => readFerPlus(fileOf(...rows.toReversed()), data)).toThrow(
			/row 1 is for PrivateTest, but that row of the data is for Training/
		);
	});
});
