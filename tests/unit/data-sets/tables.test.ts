import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { downloadZip } from 'client-zip';
import { describe, expect, it } from 'vitest';
import { NUMBERINGS } from '../../../src/lib/core/labels';
import { inspectTables, openTables, type NamedBlob } from '../../../src/lib/data-sets/tables';
import { choicesOf } from '../../../src/lib/state/row-choices';
import { generator, mutated } from '../../random';

const REPORTS = 'tests/fixtures/reports';
const PIXELS = Array.from({ length: 48 * 48 }, (_, index) => index % 256).join(' ');
/** As numpy and pandas print an array. */
const PRINTED = `"[[${PIXELS.split(' ')
	.map((value, index) => (index % 48 === 47 && index < 2303 ? `${value}]\n [` : value))
	.join(' ')}]]"`;
const row = (emotion: string, usage: string) => `${emotion},${PIXELS},${usage}`;
const CSV = [
	'emotion,pixels,Usage',
	row('0', 'Training'),
	row('3', 'PublicTest'),
	row('3', 'PrivateTest'),
	row('4', 'PrivateTest')
].join('\n');

/** The first files of every .xlsx. */
const WORKBOOK = await downloadZip([
	{ name: '[Content_Types].xml', input: '<Types/>' },
	{ name: 'xl/workbook.xml', input: '<workbook/>' }
]).arrayBuffer();

const named = (name: string, ...parts: BlobPart[]): NamedBlob => ({ name, file: new Blob(parts) });
const bytes = (text: string) => Uint8Array.from(Buffer.from(text));

async function report(path: string): Promise<NamedBlob> {
	return named(path.split('/').at(-1) ?? '', Uint8Array.from(await readFile(`${REPORTS}/${path}`)));
}

/** The rows of each table, by usage, as "table usage n". */
async function found(...files: NamedBlob[]): Promise<string[]> {
	const tables = await inspectTables(
		files,
		() => undefined,
		() => undefined
	);
	return tables.flatMap(({ name, usages }) => usages.map(({ usage, rows }) => `${name} ${usage} ${rows}`));
}

async function labels(...files: NamedBlob[]): Promise<string[]> {
	const all: string[] = [];
	for await (const { rows } of openTables(
		files,
		() => undefined,
		() => undefined
	))
		for await (const { parse } of rows) all.push(parse().label);
	return all;
}

const failure = (...files: NamedBlob[]) =>
	found(...files).then(
		(rows) => `no error, but ${rows.join()}`,
		(thrown: unknown) => `${(thrown as { code: string }).code}: ${(thrown as Error).message}`
	);

describe('FER2013 as it is passed around', () => {
	const whole = ['Training 1', 'PublicTest 1', 'PrivateTest 2'];
	const tar = () =>
		packTar([
			{ header: { name: 'fer2013/', size: 0, type: 'directory' } },
			{ header: { name: 'fer2013/README', size: 2 }, body: 'hi' },
			{ header: { name: 'fer2013/._fer2013.csv', size: 2 }, body: 'hi' },
			{ header: { name: 'fer2013/fer2013.csv', size: CSV.length }, body: CSV }
		]);
	const zip = async (...files: { name: string; input: Uint8Array<ArrayBuffer> }[]) =>
		new Uint8Array(await downloadZip(files).arrayBuffer());
	const utf32 = (text: string, isLittle: boolean) => {
		const view = new DataView(new ArrayBuffer(4 * text.length));
		for (let index = 0; index < text.length; index++) view.setUint32(4 * index, text.charCodeAt(index), isLittle);
		return view;
	};
	/** Each line with its fields in another order. */
	const ordered = (...order: number[]) =>
		CSV.split('\n')
			.map((line) => order.map((index) => line.split(',')[index]).join())
			.join('\n');
	const utf16 = (text: string, swap: boolean) => {
		const le = Buffer.from(text, 'utf16le');
		return Uint8Array.from(swap ? le.swap16() : le);
	};

	it.each<[string, () => NamedBlob | Promise<NamedBlob>]>([
		['plain', () => named('fer2013.csv', CSV)],
		[
			'with a byte order mark and Windows line breaks',
			() => named('fer2013.csv', `\uFEFF${CSV.replaceAll('\n', '\r\n')}`)
		],
		['gzipped', () => named('fer2013.csv.gz', gzipSync(CSV))],
		['as two gzip members', () => named('f.csv.gz', gzipSync(CSV.slice(0, 5000)), gzipSync(CSV.slice(5000)))],
		['gzipped with padding after it', () => named('f.csv.gz', gzipSync(CSV), new Uint8Array(700))],
		['gzipped with something else after it', () => named('f.csv.gz', gzipSync(CSV), 'something else')],
		['in a tar', async () => named('fer2013.tar', await tar())],
		['in a gzipped tar', async () => named('fer2013.tar.gz', gzipSync(await tar()))],
		['in a ZIP', async () => named('archive.zip', await zip({ name: 'fer2013.csv', input: bytes(CSV) }))],
		[
			'in a ZIP in a ZIP',
			async () => {
				const inner = await zip({ name: 'fer2013.csv', input: bytes(CSV) });
				return named('all.zip', await zip({ name: 'challenges/data.zip', input: inner }));
			}
		],
		[
			'in a gzipped tar in a ZIP',
			async () => named('c.zip', await zip({ name: 'x/fer2013.tar.gz', input: Uint8Array.from(gzipSync(await tar())) }))
		],
		['in UTF-16 with a byte order mark', () => named('fer2013.csv', utf16(`\uFEFF${CSV}`, false))],
		['in UTF-16, big-endian', () => named('fer2013.csv', utf16(`\uFEFF${CSV}`, true))],
		['in UTF-16 without a byte order mark', () => named('fer2013.csv', utf16(CSV, false))],
		['in UTF-16, big-endian without a byte order mark', () => named('fer2013.csv', utf16(CSV, true))],
		['in UTF-32 with a byte order mark', () => named('fer2013.csv', utf32(`\uFEFF${CSV}`, true))],
		['in UTF-32, big-endian', () => named('fer2013.csv', utf32(`\uFEFF${CSV}`, false))],
		['in UTF-32 without a byte order mark', () => named('fer2013.csv', utf32(CSV, true))],
		['in UTF-32, big-endian without a byte order mark', () => named('fer2013.csv', utf32(CSV, false))],
		['with zeros after its lines', () => named('fer2013.csv', CSV.replaceAll('\n', '\0\n'), new Uint8Array(700))],
		['with the end-of-file mark of old systems', () => named('fer2013.csv', `${CSV}\n\x1a`)],
		['with all of its fields in single quotes', () => named('a.csv', CSV.replace(/[^,\n]+/g, "'$&'"))],
		[
			'with its pixels in single quotes, between commas',
			() => named('a.csv', CSV.replaceAll(PIXELS, `'${PIXELS.replaceAll(' ', ',')}'`))
		],
		['with all of its fields in curly quotes', () => named('a.csv', CSV.replace(/[^,\n]+/g, '“$&”'))],
		['with each of its lines in quotes', () => named('a.csv', CSV.replace(/^.*$/gm, '"$&"'))],
		['with Chinese commas', () => named('a.csv', CSV.replaceAll(',', '，'))],
		['with its pixels between commas, without quotes', () => named('a.csv', CSV.replaceAll(' ', ','))],
		[
			'with its pixels in brackets, without quotes',
			() => named('a.csv', CSV.replaceAll(PIXELS, `[${PIXELS.replaceAll(' ', ', ')}]`))
		],
		[
			'with its pixels as Python prints an array',
			() => named('a.csv', CSV.replaceAll(PIXELS, `"array([${PIXELS.replaceAll(' ', ', ')}], dtype=uint8)"`))
		],
		['with hard spaces between its pixels', () => named('a.csv', CSV.replaceAll(' ', '\u00A0'))],
		['with the label in the last column', () => named('a.csv', ordered(1, 2, 0))],
		['with the label in the last column, without names', () => named('a.csv', ordered(1, 2, 0).replace(/^.*\n/, ''))],
		['with semicolons', () => named('fer2013.csv', CSV.replaceAll(',', ';'))],
		['with semicolons, as its first line says', () => named('a.csv', `sep=;\r\n${CSV.replaceAll(',', ';')}`)],
		['with a comment before its column names', () => named('a.csv', `# FER2013\n${CSV}`)],
		['without column names', () => named('a.csv', CSV.slice(CSV.indexOf('\n') + 1))],
		['with a column of numbers first', () => named('a.csv', CSV.replace(/^/gm, '0,'))],
		['with all of its fields in quotes', () => named('a.csv', CSV.replace(/[^,\n]+/g, '"$&"'))],
		['with the line breaks of old Macs', () => named('a.csv', CSV.replaceAll('\n', '\r'))],
		['with pictures printed in rows', () => named('a.csv', CSV.replaceAll(PIXELS, PRINTED))],
		['with tabs', () => named('fer2013.tsv', CSV.replaceAll(',', '\t'))],
		['with other column names', () => named('fer2013.csv', CSV.replace('emotion,pixels,Usage', 'label, Image ,split'))],
		[
			'with its usage in lower case',
			() =>
				named(
					'fer2013.csv',
					CSV.replace(/\w+(Test)|Training/g, (word) => word.toLowerCase())
				)
		],
		[
			'with its usage in other spellings',
			() =>
				named('fer2013.csv', CSV.replaceAll('PrivateTest', ' private_test ').replaceAll('PublicTest', 'Public Test'))
		]
	])('is read %s', async (_, make) => {
		const file = await make();
		expect((await found(file)).map((each) => each.replace(/^\S+ /, ''))).toEqual(whole);
		expect(await labels(file)).toEqual(['angry', 'happy', 'happy', 'sad']);
	});

	it('is read from the reported files, and a truncated one is said to be cut off', async () => {
		expect(await found(await report('15-fer2013-tar-gz/fer2013.tar.gz'))).toContain(
			'fer2013.tar/fer2013/fer2013.csv PrivateTest 2'
		);
		expect(await found(await report('16-gzip-two-members/two-members.csv.gz'))).toEqual(
			(await found(await report('16-gzip-two-members/control.csv.gz'))).map((each) =>
				each.replace('control', 'two-members')
			)
		);
		expect(await failure(await report('16-gzip-two-members/cut-control.csv.gz'))).toContain('cut off');
	});

	it('has labels as numbers, floats or words', async () => {
		const text = ['3', '3.0', '3.', 'Happiness', ' happy '].map((emotion) => row(emotion, 'Training')).join('\n');
		expect(await labels(named('a.csv', `emotion,pixels,Usage\n${text}`))).toEqual(Array(5).fill('happy'));
		await expect(labels(named('a.csv', `emotion,pixels,Usage\n${row('3.5', 'Training')}`))).rejects.toThrow('"3.5"');
	});

	it('is read once if two copies were joined with their marks and column names, and every row counts', async () => {
		expect(await found(named('a.csv', `\uFEFF${CSV}\n\uFEFF${CSV}`))).toEqual([
			'a.csv Training 2',
			'a.csv PublicTest 2',
			'a.csv PrivateTest 4'
		]);
	});

	it.each<[string, (index: number) => string]>([
		['from 1', (index) => `pixel_${index + 1}`],
		['with zeros before them', (index) => `pixel${String(index).padStart(4, '0')}`],
		['by row and column', (index) => `r${Math.floor(index / 48)}c${index % 48}`],
		['by row and column, from 1', (index) => `${Math.floor(index / 48) + 1}x${(index % 48) + 1}`]
	])('may have a column for each pixel, numbered %s', async (_, name) => {
		const values = PIXELS.split(' ');
		const header = ['label', ...values.map((_, index) => name(index))].join();
		expect(await labels(named('a.csv', `${header}\n5,${values.join()}`))).toEqual(['surprise']);
	});

	it('may have a column for each pixel, lists in brackets, or pixels as floats', async () => {
		const values = PIXELS.split(' ');
		const header = ['label', ...values.map((_, index) => `pixel${index}`)].join();
		expect(await labels(named('a.csv', `${header}\n5,${values.join()}`))).toEqual(['surprise']);
		expect(await labels(named('a.csv', `emotion,pixels\n5,"[${values.join(', ')}]"`))).toEqual(['surprise']);
		expect(await labels(named('a.csv', `emotion,pixels\n5,${values.map((value) => `${value}.0`).join(' ')}`))).toEqual([
			'surprise'
		]);
	});
});

describe('the parts of a table are named for what they are:', () => {
	const titles = async (...files: NamedBlob[]) =>
		choicesOf(
			await inspectTables(
				files,
				() => undefined,
				() => undefined
			)
		).map(({ title, rows }) => `${title}: ${rows}`);

	it('those of FER2013, PrivateTest first', async () => {
		expect(await titles(named('fer2013.csv', CSV))).toEqual([
			'PrivateTest: 2',
			'PublicTest: 1',
			'Both test sets, as in the paper: 3',
			'Training: 1',
			'All rows: 4'
		]);
	});

	it('no PrivateTest for a table without usage', async () => {
		const text = CSV.split('\n')
			.map((line) => line.replace(/,\w+$/, ''))
			.join('\n');
		expect(await titles(named('train.csv', text))).toEqual(['All rows (no Usage column): 4']);
	});

	it('other words for the parts stay as they are', async () => {
		expect(await titles(named('a.csv', CSV.replaceAll('PrivateTest', 'test').replace('PublicTest', 'val')))).toEqual([
			'Training: 1',
			'val: 1',
			'test: 2',
			'All rows: 4'
		]);
		expect(await titles(named('a.csv', CSV.replaceAll('PrivateTest', '')))).toContain('Rows without a usage: 2');
	});

	it('several tables are listed one by one, and together if no part is in two of them', async () => {
		const [header = '', ...rows] = CSV.split('\n');
		const part = (usage: string) =>
			named(`${usage}.csv`, [header, ...rows.filter((each) => each.endsWith(usage))].join('\n'));
		expect(await titles(part('PrivateTest'), part('PublicTest'))).toEqual([
			'PrivateTest of PrivateTest.csv: 2',
			'PublicTest of PublicTest.csv: 1',
			'Both test sets, as in the paper: 3',
			'All rows: 3',
			'All rows of PrivateTest.csv: 2',
			'All rows of PublicTest.csv: 1'
		]);
		expect(await titles(named('a.csv', CSV), named('b.csv', CSV))).not.toContain('All rows: 8');
		// The challenge's train.csv, which does not say so, is Training of icml_face_data.csv once more.
		const train = named('train.csv', `emotion,pixels\n0,${PIXELS}`);
		expect(await titles(named('icml_face_data.csv', CSV), train)).not.toContain('All rows: 5');
	});

	it('a table of something else is left out, with the reason', async () => {
		const skipped: string[] = [];
		const tables = await inspectTables(
			[named('fer2013.csv', CSV), named('test.csv', `pixels\n${PIXELS}`)],
			() => undefined,
			(name, reason) => skipped.push(`${name}: ${reason}`)
		);
		expect(tables).toHaveLength(1);
		expect(skipped).toEqual([expect.stringContaining('test.csv: This table has pictures but no labels')]);
	});
});

it('label numbers are reported, and mean what the user says', async () => {
	const text = ['emotion,pixels', ...['7', '1', 'sad', '4.0'].map((label) => `${label},${PIXELS}`)].join('\n');
	const skip = () => undefined;
	for (const table of [text, text.replace(/.*\n/, '')]) {
		const [info] = await inspectTables([named('a.csv', table)], skip, skip);
		expect(info?.numbers).toEqual([1, 4, 7]);
	}
	const affectNet = NUMBERINGS.find(({ id }) => id === 'affectnet')?.labels;
	const read: string[] = [];
	for await (const { rows } of openTables([named('a.csv', text)], skip, skip))
		for await (const { parse } of rows)
			read.push(
				...[affectNet, undefined].map((numbers) => {
					try {
						return parse(numbers).label;
					} catch (thrown) {
						return (thrown as Error).message;
					}
				})
			);
	expect(read).toEqual([
		'The label 7 is not one of the seven expressions.',
		'The label must be a whole number from 0 to 6, but it is "7".',
		...['happy', 'disgust', 'sad', 'sad', 'fear', 'sad']
	]);
});

describe('what is not FER2013 is refused in one sentence:', () => {
	it.each<[string, NamedBlob, string]>([
		['an empty file', named('a.csv'), 'the file is empty'],
		['a cut gzip', named('a.csv.gz', gzipSync(CSV).subarray(0, -20)), 'cut off'],
		['a damaged gzip', named('a.csv.gz', gzipSync(CSV).fill(7, 60, 70)), 'damaged'],
		['a list of pictures', named('train_labels.csv', 'image,label\ntrain_00001.jpg,5\n'), 'names picture files'],
		['a workbook of Excel', named('fer2013.xlsx', WORKBOOK), 'Excel file: save it as CSV'],
		['RAR', named('fer2013.rar', 'Rar!\x1a\x07\x01\x00'), 'is a RAR archive'],
		['7-Zip', named('fer2013.7z', bytes('7z'), new Uint8Array([0xbc, 0xaf, 0x27, 0x1c])), 'is a 7-Zip archive'],
		['a web page under its name', named('fer2013.csv', '<!DOCTYPE html><title>Sign in</title>'), 'is a web page'],
		['a pointer of Git LFS', named('fer2013.csv', 'version https://git-lfs.github.com/spec/v1\n'), 'Git LFS'],
		[
			'bytes of another kind',
			named(
				'fer2013.csv',
				new Uint8Array(4000).map((_, index) => index * 7)
			),
			'not a table'
		],
		[
			'the votes of FER+',
			named(
				'fer2013new.csv',
				'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n'
			),
			'choose fer2013.csv'
		],
		['column names alone', named('a.csv', 'emotion,pixels,Usage\n'), 'column names but no rows'],
		['JSON', named('a.csv', '[{"emotion": 3, "pixels": "70 80"}]'), 'is a JSON file'],
		['Parquet', named('train.parquet', 'PAR1'), 'is a Parquet file: save it as CSV'],
		['a web page after empty lines', named('fer2013.csv', '\uFEFF\n\n<!DOCTYPE html>'), 'is a web page'],
		['a title instead of column names', named('a.csv', 'FER2013 data set\n1 2'), 'but it is "FER2013 data set"'],
		['other columns', named('a.csv', 'a,b\n1,2'), 'columns emotion and pixels, but it is "a,b"']
	])('%s', async (_, file, words) => {
		const told = await failure(file);
		expect(told).toMatch(/^data-unreadable: /);
		expect(told).toContain(words);
		// Never bytes instead of words.
		expect(told).not.toMatch(/[^\p{L}\p{N}\p{P}\p{S} ]/u);
	});

	it('an archive of files of another kind', async () => {
		const archive = await downloadZip([{ name: 'data/train.parquet', input: bytes('PAR1') }]).blob();
		expect(await failure({ name: 'archive.zip', file: archive })).toContain(
			'archive.zip/data/train.parquet is of a kind that is not read here: save it as CSV'
		);
	});

	it('an archive of pictures alone', async () => {
		const archive = await downloadZip([{ name: 'train/happy/1.jpg', input: bytes('x') }]).blob();
		expect(await failure({ name: 'archive.zip', file: archive })).toContain(
			'holds pictures (1) but no table: unpack it, and choose its folder'
		);
	});
});

it('handles any input: thousands of damaged tables and archives end quickly, in rows or in a sentence', async () => {
	const random = generator(41);
	const seeds = [
		bytes(CSV.slice(0, 9000)),
		Uint8Array.from(gzipSync(CSV.slice(0, 9000))),
		await packTar([{ header: { name: 'a/fer2013.csv', size: 3000 }, body: CSV.slice(0, 3000) }]),
		new Uint8Array(await downloadZip([{ name: 'fer2013.csv', input: bytes(CSV.slice(0, 3000)) }]).arrayBuffer())
	];
	for (let round = 0; round < 400; round++) {
		const hit = mutated(seeds[round % seeds.length] ?? new Uint8Array(0), random);
		try {
			for await (const { rows } of openTables(
				[named('fer2013.csv', hit)],
				() => undefined,
				() => undefined
			)) {
				for await (const { parse } of rows) {
					try {
						expect(parse().pixels).toHaveLength(48 * 48);
					} catch (thrown) {
						expect(thrown, `round ${round}`).toBeInstanceOf(RangeError);
					}
				}
			}
		} catch (thrown) {
			expect((thrown as { code?: string }).code, `round ${round}: ${String(thrown)}`).toBe('data-unreadable');
		}
	}
}, 60_000);
