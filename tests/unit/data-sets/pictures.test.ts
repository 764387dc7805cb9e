import { BlobWriter, configure, TextReader, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js';
import { downloadZip } from 'client-zip';
import { packTar } from 'modern-tar';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpackPictures, type UnpackLimits } from '../../../src/lib/data-sets/pictures';
import { generator, mutated } from '../../random';

configure({ useWebWorkers: false });

const MB = 1024 * 1024;
const FILES = ['party/1.jpg', 'party/Größe 2.PNG', 'list.csv', '__MACOSX/party/._1.jpg', 'party/.DS_Store', 'old.zip'];
const content = (name: string) => Uint8Array.from(Buffer.from(`bytes of ${name} `.repeat(100)));

const zip = async (names: readonly string[]): Promise<Uint8Array<ArrayBuffer>> =>
	new Uint8Array(await downloadZip(names.map((name) => ({ name, input: content(name) }))).arrayBuffer());
const tar = (names: readonly string[]) =>
	packTar(names.map((name) => ({ header: { name, size: content(name).length }, body: content(name) })));

/** With a password, or deflated. */
async function written(files: Readonly<Record<string, string | Uint8Array>>, password?: string): Promise<Blob> {
	const writer = new ZipWriter(new BlobWriter(), password === undefined ? {} : { password });
	for (const [name, data] of Object.entries(files))
		await writer.add(name, typeof data === 'string' ? new TextReader(data) : new Uint8ArrayReader(data));
	return writer.close();
}

/** Names of the pictures, and the closing message or error. */
async function unpacked(name: string, data: BlobPart, limits?: UnpackLimits) {
	const names: string[] = [];
	const sizes: number[] = [];
	const end = await unpackPictures(
		name,
		new Blob([data]),
		(picture) => {
			names.push(picture.name);
			sizes.push(picture.file.size);
		},
		new AbortController().signal,
		limits
	).then(
		({ others, damaged }) => `others ${others}, damaged ${damaged}`,
		(thrown: unknown) => `${(thrown as { code: string }).code}: ${(thrown as { said: string }).said}`
	);
	return { names, sizes, end };
}

describe('pictures of an archive', () => {
	it.each([
		['all.zip', () => zip(FILES)],
		['all.tar', () => tar(FILES)],
		['all.tar.gz', async () => Uint8Array.from(gzipSync(await tar(FILES)))],
		['all.tgz', async () => Uint8Array.from(gzipSync(await tar(FILES)))]
	])('are named after it and their folders: %s', async (name, make) => {
		const { names, sizes, end } = await unpacked(name, await make());
		const top = name.replace(/\.(tar\.gz|tgz)$/, '.tar');
		expect(names).toEqual([`${top}/party/1.jpg`, `${top}/party/Größe 2.PNG`]);
		expect(sizes).toEqual([content(FILES[0] ?? '').length, content(FILES[1] ?? '').length]);
		// The list, and the archive inside.
		expect(end).toBe('others 2, damaged 0');
	});

	it('may be just one, gzipped', async () => {
		expect(await unpacked('1.jpg.gz', gzipSync('picture'))).toMatchObject({ names: ['1.jpg'], sizes: [7] });
	});

	it('may lie in nested archives of every supported kind', async () => {
		const inner = await zip(['party/1.jpg', 'list.csv']);
		const packed: Readonly<Record<string, Uint8Array>> = {
			'a/day.zip': inner,
			'b.tar.gz': Uint8Array.from(gzipSync(await tar(['2.jpg']))),
			'c.jpg.gz': Uint8Array.from(gzipSync('picture')),
			'd.rar': Uint8Array.from(Buffer.from('Rar!\x1a\x07\x00')),
			'3.jpg': content('3.jpg')
		};
		const wanted = ['a/day.zip/party/1.jpg', 'b.tar/2.jpg', 'c.jpg', '3.jpg'];
		const asZip = await unpacked('all.zip', await written(packed));
		expect(asZip).toMatchObject({ names: wanted.map((name) => `all.zip/${name}`), end: 'others 2, damaged 0' });
		const entries = Object.entries(packed).map(([name, data]) => ({ header: { name, size: data.length }, body: data }));
		const asTar = await unpacked('all.tar.gz', gzipSync(await packTar(entries)));
		expect(asTar).toMatchObject({ names: wanted.map((name) => `all.tar/${name}`), end: 'others 2, damaged 0' });
	});

	it('are refused if archives are nested to fill memory', async () => {
		let nested: Blob = new Blob([await zip(['1.jpg'])]);
		for (let depth = 0; depth < 9; depth++)
			nested = await written({ 'inner.zip': new Uint8Array(await nested.arrayBuffer()) });
		const { names, end } = await unpacked('deep.zip', nested);
		expect(names).toEqual([]);
		expect(end).toMatch(/^archive-unreadable/);
		const few = { pictures: 9, bytesOfOne: MB, timesItsSize: 1, bytesBeyond: MB };
		const bomb = await written({ 'inner.zip': new Uint8Array(await (await written({ 'x.jpg': 'x' })).arrayBuffer()) });
		expect((await unpacked('a.zip', bomb, few)).names).toEqual(['a.zip/inner.zip/x.jpg']);
		const zeros = await written({
			'inner.zip': Uint8Array.from([...Buffer.from('PK\x03\x04'), ...new Uint8Array(3 * MB)])
		});
		expect((await unpacked('a.zip', zeros, few)).end).toMatch(/^archive-unreadable/);
	});

	it('may be stored with backslashes in their names', async () => {
		const { names } = await unpacked('a.zip', await zip(['party\\1.jpg']));
		expect(names).toEqual(['a.zip/party/1.jpg']);
	});

	it.each<[string, string, () => Promise<BlobPart> | BlobPart, RegExp]>([
		['a password', 'a.zip', () => written({ '1.jpg': 'x' }, 'secret'), /^archive-unreadable: .*password.*None of its/],
		[
			'no picture',
			'a.zip',
			() => zip(['a.txt', 'b.pdf']),
			/^archive-unreadable: a\.zip holds no pictures, but 2 other files\.$/
		],
		[
			'nothing but a table, gzipped',
			'fer.csv.gz',
			() => gzipSync('emotion,pixels'),
			/holds no pictures, but one other file/
		],
		[
			'no directory at its end',
			'a.zip',
			async () => (await zip(FILES)).slice(0, -60),
			/^archive-unreadable: .*cut off/
		],
		['no end, as tar', 'a.tar', async () => (await tar(FILES)).slice(0, 700), /^archive-unreadable/],
		['no end, as gzip', 'a.tgz', async () => gzipSync(await tar(FILES)).subarray(0, -60), /^archive-unreadable/],
		['the format RAR', 'a.rar', () => 'Rar!\x1a\x07\x00 and more', /^archive-unreadable: a\.rar is a RAR archive\./],
		['the format xz', 'a.tar.xz', () => Uint8Array.from(Buffer.from('\xfd7zXZ\0', 'latin1')), /is an xz archive/],
		['the format 7-Zip', 'a.7z', () => Uint8Array.from(Buffer.from('7z\xbc\xaf\x27\x1c..', 'latin1')), /7-Zip archive/],
		['no bytes', 'a.zip', () => '', /^archive-unreadable/],
		[
			'a web page under its name',
			'a.zip',
			() => '<!DOCTYPE html><p>Sign in',
			/^archive-unreadable: a\.zip is a web page/
		]
	])('are refused with the reason if it has %s', async (_, name, make, reason) => {
		const { end } = await unpacked(name, await make());
		expect(end).toMatch(reason);
	});

	it('that are intact are extracted beside a damaged one', async () => {
		const bytes = await zip(['1.jpg', '2.jpg', '3.jpg']);
		const at = Buffer.from(bytes).indexOf('bytes of 2.jpg');
		bytes[at + 5] = (bytes[at + 5] ?? 0) ^ 1;
		expect(await unpacked('a.zip', bytes)).toMatchObject({
			names: ['a.zip/1.jpg', 'a.zip/3.jpg'],
			end: 'others 0, damaged 1'
		});
	});

	it('stop at the limits on number and size, however small the archive is', async () => {
		const few: UnpackLimits = { pictures: 2, bytesOfOne: MB, timesItsSize: 4, bytesBeyond: MB };
		const many = await unpacked('a.zip', await zip(['1.jpg', '2.jpg', '3.jpg']), few);
		expect(many.names).toHaveLength(2);
		expect(many.end).toBe('archive-unreadable: a.zip: more than 2 pictures. Its first 2 were added.');
		const bomb = await written({ 'small.jpg': 'x', 'bomb.png': new Uint8Array(40 * MB) });
		expect(bomb.size).toBeLessThan(MB);
		const one = await unpacked('bomb.zip', await bomb.arrayBuffer(), few);
		expect(one.names).toEqual(['bomb.zip/small.jpg']);
		expect(one.end).toMatch(/^archive-unreadable: bomb\.zip: a picture of more than 1 MB/);
		// Even if nobody asked for its contents.
		const hidden = gzipSync(
			await packTar([{ header: { name: 'bomb.bin', size: 40 * MB }, body: new Uint8Array(40 * MB) }])
		);
		expect((await unpacked('b.tgz', hidden, few)).end).toMatch(/^archive-unreadable: b\.tgz: more than 1 MB/);
	});

	it('are no longer unpacked once nobody wants them', async () => {
		const ended = new AbortController();
		const names: string[] = [];
		const work = unpackPictures(
			'a.zip',
			new Blob([await zip(['1.jpg', '2.jpg'])]),
			({ name }) => {
				names.push(name);
				ended.abort(new Error('cleared'));
			},
			ended.signal
		);
		await expect(work).rejects.toThrow('cleared');
		expect(names).toHaveLength(1);
	});

	it('are extracted or refused, whatever happens to the bytes', async () => {
		const random = generator(23);
		const archives: [string, Uint8Array<ArrayBuffer>][] = [
			['a.zip', await zip(FILES)],
			['b.zip', new Uint8Array(await (await written({ '1.jpg': 'x'.repeat(3000), 'a/2.png': 'y' })).arrayBuffer())],
			['a.tar', await tar(FILES)],
			['a.tgz', Uint8Array.from(gzipSync(await tar(FILES)))]
		];
		const few: UnpackLimits = { pictures: 50, bytesOfOne: MB, timesItsSize: 4, bytesBeyond: MB };
		for (let round = 0; round < 2000; round++) {
			const [name, bytes] = archives[round % archives.length] ?? ['', new Uint8Array()];
			const { sizes, end } = await unpacked(name, mutated(bytes, random), few);
			expect(end, `round ${round}`).toMatch(/^(others|archive-unreadable: )/);
			expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4 * bytes.length + MB + 4096);
		}
	}, 120_000);
});
