import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { otherKind } from '../../../src/lib/pictures/explain';
import { type Format, formatOf } from '../../../src/lib/pictures/format';
import { isProtected, mend } from '../../../src/lib/pictures/mend';
import { isRareJpeg, largestItem, pixelSize } from '../../../src/lib/pictures/size';
import { generator, mutated } from '../../random';

const SIZE = { width: 64, height: 48 };
const files = new Map<string, Uint8Array<ArrayBuffer>>();
const file = (name: string) => files.get(name) ?? new Uint8Array(0);
const FORMATS = ['jpeg', 'png', 'gif', 'webp', 'avif', 'tiff', 'bmp', 'progressive', 'lossless'] as const;
const formatNamed = (name: string): Format =>
	name === 'progressive' ? 'jpeg' : name === 'lossless' ? 'webp' : (name as Format);

beforeAll(async () => {
	const random = generator(5);
	const pixels = Uint8Array.from({ length: 3 * SIZE.width * SIZE.height }, () => Math.floor(random() * 256));
	const picture = sharp(pixels, { raw: { ...SIZE, channels: 3 } });
	const keep = async (name: string, made: Sharp) => files.set(name, Uint8Array.from(await made.toBuffer()));
	for (const format of ['jpeg', 'png', 'gif', 'webp', 'avif', 'tiff'] as const)
		await keep(format, picture.clone().toFormat(format));
	await keep('progressive', picture.clone().jpeg({ progressive: true }));
	await keep('lossless', picture.clone().webp({ lossless: true }));
	files.set('bmp', bitmapFile());
});

/** 24 bits a pixel, rows from bottom to top. */
function bitmapFile(): Uint8Array<ArrayBuffer> {
	const bytes = Buffer.alloc(54 + 3 * SIZE.width * SIZE.height, 99);
	bytes.fill(0, 0, 54);
	bytes.write('BM');
	bytes.writeUInt32LE(bytes.length, 2);
	bytes.writeUInt32LE(54, 10);
	bytes.writeUInt32LE(40, 14);
	bytes.writeInt32LE(SIZE.width, 18);
	bytes.writeInt32LE(SIZE.height, 22);
	bytes.writeUInt16LE(1, 26);
	bytes.writeUInt16LE(24, 28);
	return Uint8Array.from(bytes);
}

describe('formatOf', () => {
	it.each(FORMATS)('recognises %s', (name) => {
		expect(formatOf(file(name))).toBe(formatNamed(name));
	});

	it.each<[string, Format | null]>([
		['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'heic'],
		['<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="x">', 'svg'],
		['\uFEFF<svg >', 'svg'],
		['\xff\x0a\x00', 'jxl'],
		['This is no picture.', null],
		['', null]
	])('recognises %j', (text, format) => {
		expect(formatOf(Buffer.from(text, text.startsWith('\uFEFF') ? 'utf8' : 'latin1'))).toBe(format);
	});
});

describe('otherKind', () => {
	it.each([
		['%PDF-1.7', 'a PDF'],
		['<!DOCTYPE html><title>Sign in</title>', 'a web page, as when a download asks for a login'],
		['version https://git-lfs.github.com/spec/v1\noid', 'a pointer of Git LFS, not the picture itself'],
		['\0\0\0\x14ftypqt  ', 'a film'],
		['PK\x03\x04', 'a ZIP archive: give it the ending .zip, or unpack it'],
		['{"error":"gone"}', 'a JSON file'],
		['This is text.', 'a text file'],
		['\0'.repeat(300), 'nothing but zeros, as left by a copy that never ended'],
		['\x01\x02\x03', null]
	])('says of %j: %s', (text, kind) => {
		expect(otherKind(Buffer.from(text, 'latin1'))).toBe(kind);
	});
});

describe('pixelSize', () => {
	it.each(FORMATS.filter((name) => name !== 'avif' && name !== 'tiff'))('reads the size of %s', (name) => {
		expect(pixelSize(formatNamed(name), file(name))).toEqual(SIZE);
	});

	it('reads the size in pixels, whatever density and orientation the file gives', async () => {
		const dense = await readFile('tests/fixtures/reports/07-jpeg-density/density-144.jpg');
		expect(pixelSize('jpeg', dense)).toEqual({ width: 32, height: 24 });
		const turned = await sharp(file('jpeg')).withMetadata({ orientation: 6, density: 300 }).jpeg().toBuffer();
		expect(pixelSize('jpeg', turned)).toEqual(SIZE);
	});

	it('reads the largest size that the items of an AVIF claim', () => {
		expect(largestItem('avif', file('avif'))).toEqual(SIZE);
		const bomb = Buffer.from(file('avif'));
		bomb.writeUInt32BE(60_000, bomb.indexOf('ispe') + 8);
		expect(largestItem('avif', bomb)?.width).toBe(60_000);
		expect(largestItem('avif', bomb.subarray(0, bomb.indexOf('ispe') + 10))).toBeNull();
		expect(largestItem('jpeg', file('jpeg'))).toBeNull();
	});

	it('recognises kinds of JPEG that browsers do not show', () => {
		const frame = (code: number, bits: number): Uint8Array => {
			const bytes = Buffer.from(file('jpeg'));
			const at = bytes.indexOf(Buffer.from([0xff, 0xc0]));
			bytes[at + 1] = code;
			bytes[at + 4] = bits;
			return bytes;
		};
		expect(isRareJpeg(file('jpeg'))).toBe(false);
		expect(isRareJpeg(file('progressive'))).toBe(false);
		expect(isRareJpeg(frame(0xc0, 8))).toBe(false);
		for (const code of [0xc3, 0xc7, 0xc9, 0xca]) expect(isRareJpeg(frame(code, 8))).toBe(true);
		expect(isRareJpeg(frame(0xc1, 12))).toBe(true);
		expect(isRareJpeg(Buffer.from('\xff\xd8\xff', 'latin1'))).toBe(false);
	});

	it.each(FORMATS)('returns null for the first bytes of %s alone', (name) => {
		for (let length = 0; length < 9; length++)
			expect(pixelSize(formatNamed(name), file(name).subarray(0, length))).toBeNull();
	});
});

describe('mend', () => {
	const kind = async (name: string, bytes: Uint8Array) => (await mend(formatNamed(name), Uint8Array.from(bytes))).kind;
	const rawPixels = async (bytes: Uint8Array) => (await sharp(bytes).raw().toBuffer()).toString('hex');

	it.each(FORMATS)('leaves a whole %s as it is, even if something follows', async (name) => {
		expect(await kind(name, file(name))).toBe('whole');
		if (name === 'gif') return;
		const more = Buffer.concat([file(name), Buffer.from('a film'.repeat(900))]);
		expect(['whole', 'mended']).toContain(await kind(name, formatNamed(name) === 'avif' ? file(name) : more));
	});

	it.each(['jpeg', 'progressive', 'png', 'gif', 'webp', 'lossless', 'bmp', 'avif'])('finds half a %s', async (name) => {
		const half = file(name).subarray(0, file(name).length / 2);
		const mended = await mend(formatNamed(name), Uint8Array.from(half));
		// In a JPEG with a single scan, only the pixels show it.
		expect(mended.kind).toBe(name === 'jpeg' ? 'doubtful' : 'cut');
	});

	it.each<[string, number]>([
		['jpeg', 2],
		['progressive', 2],
		['png', 12],
		['png', 4],
		['gif', 1]
	])('restores the end of a %s that lacks %d bytes', async (name, lacks) => {
		const mended = await mend(formatNamed(name), file(name).slice(0, -lacks));
		expect(mended.kind).toBe(formatNamed(name) === 'jpeg' ? 'doubtful' : 'mended');
		expect('bytes' in mended && (await rawPixels(mended.bytes))).toBe(await rawPixels(file(name)));
	});

	it('corrects the checksums of a PNG whose rows are intact', async () => {
		const wrong = Buffer.from(file('png'));
		const at = wrong.indexOf('IDAT');
		wrong.writeUInt32BE(7, at + 4 + wrong.readUInt32BE(at - 4));
		const mended = await mend('png', Uint8Array.from(wrong));
		expect(mended.kind).toBe('mended');
		if ('bytes' in mended) expect(Buffer.from(mended.bytes).equals(file('png'))).toBe(true);
		wrong[at + 20] = (wrong[at + 20] ?? 0) ^ 0x55;
		expect((await mend('png', Uint8Array.from(wrong))).kind).toBe('whole');
	});

	it('detects a PNG cut between two chunks of its rows', async () => {
		const png = Buffer.from(file('png'));
		const [at, length] = [png.indexOf('IDAT') - 4, png.readUInt32BE(png.indexOf('IDAT') - 4)];
		const first = Buffer.from(png.subarray(at, at + 8 + 50 + 4));
		first.writeUInt32BE(50);
		expect(length).toBeGreaterThan(60);
		expect(await kind('png', Buffer.concat([png.subarray(0, at), first]))).toBe('cut');
	});

	it.each([1, -1, 2000, -3000])('corrects the size in a WebP header that is off by %d', async (off) => {
		const wrong = Buffer.from(file('webp'));
		wrong.writeUInt32LE(Math.max(0, wrong.readUInt32LE(4) + off), 4);
		const mended = await mend('webp', Uint8Array.from(wrong));
		expect('bytes' in mended && Buffer.from(mended.bytes).equals(Buffer.from(file('webp')))).toBe(true);
	});

	it('ignores the file size in a BMP header', async () => {
		const wrong = Buffer.from(file('bmp'));
		for (const size of [0, 2, wrong.length + 2, 0xffffffff]) {
			wrong.writeUInt32LE(size, 2);
			expect(await kind('bmp', wrong)).toBe('whole');
		}
	});

	it('detects missing progressive scans', async () => {
		const bytes = Buffer.from(file('progressive'));
		const last = bytes.lastIndexOf(Buffer.from([0xff, 0xda]));
		expect(await kind('progressive', bytes.subarray(0, last))).toBe('cut');
	});

	it('reads fill bytes, restart marks and previews as decoders do', async () => {
		const filled = Buffer.concat([file('jpeg').subarray(0, 2), Buffer.alloc(7, 0xff), file('jpeg').subarray(2)]);
		expect(await kind('jpeg', filled)).toBe('whole');
		const preview = Buffer.concat([
			Buffer.from([0xff, 0xe1, 0x20, 0x02]),
			file('jpeg'),
			Buffer.alloc(0x2000 - file('jpeg').length)
		]);
		const cut = Buffer.concat([file('jpeg').subarray(0, 2), preview, file('jpeg').subarray(2, -200)]);
		expect(await kind('jpeg', cut)).toBe('doubtful');
	});

	it('recognises protected items', () => {
		expect(isProtected(Buffer.from('....ipro\0\0\0\0\0\x01\0\0\0\x30sinf', 'latin1'))).toBe(true);
		expect(isProtected(file('avif'))).toBe(false);
	});

	it('handles any input: thousands of damaged files end quickly in a verdict, with little more memory', async () => {
		const random = generator(23);
		for (const name of FORMATS) {
			for (let round = 0; round < 400; round++) {
				const bytes = mutated(file(name), random);
				const format = formatOf(bytes);
				pixelSize(format, bytes);
				pixelSize(formatNamed(name), bytes);
				isProtected(bytes);
				isRareJpeg(bytes);
				largestItem(formatNamed(name), bytes);
				const mended = await mend(formatNamed(name), bytes);
				expect(['whole', 'cut', 'mended', 'doubtful']).toContain(mended.kind);
				if ('bytes' in mended) expect(mended.bytes.length).toBeLessThanOrEqual(bytes.length + 16);
			}
		}
	});
});
