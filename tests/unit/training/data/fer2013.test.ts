import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pictureOf, rowsOf } from '../../../../training/data/dataset';
import { loadFer2013, readFer2013 } from '../../../../training/data/fer2013';
import { temporaryFolder } from '../temporary-folder';

const dir = temporaryFolder({ emptied: true });

const pixels = (value: number): string => new Array<number>(2304).fill(value).join(' ');
const USAGES = ['Training', 'Training', 'PublicTest', 'PrivateTest'];
const standard = [
	'emotion,pixels,Usage',
	...USAGES.map((usage, i) => `${String(i)},${pixels(10 * i)},${usage}`),
	''
].join('\n');

function write(name: string, content: string | Uint8Array): string {
	const file = path.join(dir, name);
	writeFileSync(file, content);
	return file;
}

describe('readFer2013', () => {
	it('reads rows, labels, usage and splits', async () => {
		const dataset = await readFer2013(write('fer2013.csv', standard));
		expect(dataset.n).toBe(4);
		expect([...dataset.labels]).toEqual([0, 1, 2, 3]);
		expect([...pictureOf(dataset, 2)].every((value) => value === 20)).toBe(true);
		expect([...rowsOf(dataset, 'train')]).toEqual([0, 1]);
		expect([...rowsOf(dataset, 'public')]).toEqual([2]);
		expect([...rowsOf(dataset, 'private')]).toEqual([3]);
		expect([...rowsOf(dataset, 'paper')]).toEqual([2, 3]);
	});

	it('reads gzip, whatever the name, and reports the bytes read', async () => {
		const file = write('data.bin', gzipSync(standard));
		let bytes = 0;
		const dataset = await readFer2013(file, (done) => {
			bytes = done;
		});
		expect(dataset.n).toBe(4);
		expect(bytes).toBe(readFileSync(file).length);
	});

	it("reads the original archive, with the page's code", async () => {
		const archive = 'tests/fixtures/reports/15-fer2013-tar-gz/fer2013.tar.gz';
		expect([...(await readFer2013(archive)).usage]).toEqual([0, 1, 2, 2]);
		const cut = 'tests/fixtures/reports/16-gzip-two-members/cut-control.csv.gz';
		await expect(readFer2013(cut)).rejects.toThrow(/cut off/);
	});

	it('reads icml_face_data.csv: other column order, spaces in the header', async () => {
		const rows = USAGES.map((usage, i) => `${String(i)},${usage},${pixels(i)}`);
		const dataset = await readFer2013(write('icml.csv', ['emotion, Usage, pixels', ...rows].join('\r\n')));
		expect([...dataset.usage]).toEqual([0, 0, 1, 2]);
		expect(pictureOf(dataset, 3)[2303]).toBe(3);
	});

	const bad: [string, string, RegExp][] = [
		['a pixel too few', `0,${pixels(1).slice(2)},Training`, /Row 5: 2304 pixels were expected, but there are 2303/],
		['a grey value over 255', `0,${pixels(1).slice(0, -1)}256,Training`, /Row 5: Pixel 2304 is greater than 255/],
		[
			'a grey value that is no number',
			`0,x${pixels(1).slice(1)},Training`,
			/Row 5: Pixel 1 is not a whole number from 0 to 255: "x/
		],
		['a label over 6', `7,${pixels(1)},Training`, /Row 5: The label .* 0 to 6, but it is "7"/],
		['an empty label', `,${pixels(1)},Training`, /Row 5: The label/],
		['an unknown usage', `0,${pixels(1)},Test`, /Row 5: Usage must be Training, PublicTest, PrivateTest/],
		['a missing column', `0,${pixels(1)}`, /Row 5: Usage must be/]
	];
	it.each(bad)('names the row and what was expected: %s', async (_, row, message) => {
		await expect(readFer2013(write('bad.csv', standard + row))).rejects.toThrow(message);
	});

	it('explains files that are not a data set', async () => {
		await expect(readFer2013(path.join(dir, 'none.csv'))).rejects.toThrow(/There is no file .*none\.csv/);
		await expect(readFer2013(dir)).rejects.toThrow(/is a folder. --data takes fer2013.csv/);
		await expect(readFer2013(write('empty.csv', ''))).rejects.toThrow(/is empty/);
		await expect(readFer2013(write('header.csv', 'emotion,pixels,Usage\n'))).rejects.toThrow(/header but no rows/);
		await expect(readFer2013(write('other.csv', 'a,b\n1,2\n'))).rejects.toThrow(/first line must name the columns/);
		const cut = gzipSync(standard);
		await expect(readFer2013(write('cut.csv.gz', cut.subarray(0, cut.length - 20)))).rejects.toThrow(/is damaged/);
	});
});

describe('loadFer2013', () => {
	it('reads its prepared copy the second time, and rebuilds a damaged one', async () => {
		const file = write('fer2013.csv', standard);
		const cache = path.join(dir, 'cache');
		const first = await loadFer2013(file, cache);
		let reads = 0;
		const count = (): void => {
			reads++;
		};
		expect(await loadFer2013(file, cache, count)).toEqual(first);
		expect(reads).toBe(0);

		const [copy = ''] = readdirSync(cache);
		const bytes = readFileSync(path.join(cache, copy));
		bytes[200] = (bytes[200] ?? 0) ^ 1;
		writeFileSync(path.join(cache, copy), bytes);
		expect(await loadFer2013(file, cache, count)).toEqual(first);
		expect(reads).toBeGreaterThan(0);
	});
});
