import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkWhole, formatOf, undecodable } from '../../../src/lib/sources/picture-file';

const FORMATS = ['jpeg', 'png', 'gif', 'webp', 'avif', 'tiff'] as const;
const files = new Map<string, Buffer<ArrayBuffer>>();

beforeAll(async () => {
	const picture = sharp({ create: { width: 64, height: 48, channels: 3, background: '#836' } });
	for (const format of FORMATS) {
		const bytes = await picture.clone().toFormat(format).toBuffer();
		files.set(format, Buffer.from(Uint8Array.from(bytes).buffer));
	}
});

const file = (format: string): Buffer<ArrayBuffer> => files.get(format) ?? Buffer.alloc(0);
const code = (thrown: unknown): unknown => (thrown as { code: string }).code;

describe('formatOf', () => {
	it.each(FORMATS)('knows %s', (format) => {
		expect(formatOf(file(format))).toBe(format);
	});

	it('knows what phones write, and text as nothing', () => {
		expect(formatOf(Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'))).toBe('heic');
		expect(formatOf(Buffer.from('This is no picture.'))).toBeNull();
		expect(formatOf(new Uint8Array(0))).toBeNull();
	});
});

describe('checkWhole', () => {
	it.each(FORMATS)('lets a whole %s pass', async (format) => {
		await expect(checkWhole(new Blob([file(format)]))).resolves.toBeUndefined();
	});

	it.each(['jpeg', 'png', 'gif', 'webp'])('finds half a %s', async (format) => {
		const half = file(format).subarray(0, file(format).length / 2);
		await expect(checkWhole(new Blob([half])).catch(code)).resolves.toBe('picture-truncated');
	});

	// A phone's film after its still has no mark of a picture in it; the picture's own preview has.
	it.each(['jpeg', 'png'])('lets a %s pass that something follows', async (format) => {
		await expect(checkWhole(new Blob([file(format), new Uint8Array(9000)]))).resolves.toBeUndefined();
	});

	it('finds half a jpeg whose preview is whole', async () => {
		const preview = Buffer.concat([
			Buffer.from([0xff, 0xe1, 0x20, 0x02]),
			file('jpeg'),
			Buffer.alloc(0x2000 - file('jpeg').length)
		]);
		const [start, rest] = [file('jpeg').subarray(0, 2), file('jpeg').subarray(2, -2)];
		await expect(checkWhole(new Blob([start, preview, rest, new Uint8Array(9000)])).catch(code)).resolves.toBe(
			'picture-truncated'
		);
		const whole = new Blob([start, preview, file('jpeg').subarray(2), new Uint8Array(9000)]);
		await expect(checkWhole(whole)).resolves.toBeUndefined();
	});

	it('tells of a file that was moved', async () => {
		const gone = Object.assign(new Blob([file('png')]), {
			slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotFoundError')) })
		});
		await expect(checkWhole(gone as unknown as Blob).catch(code)).resolves.toBe('picture-gone');
	});

	it('finds an empty file', async () => {
		await expect(checkWhole(new Blob()).catch(code)).resolves.toBe('picture-empty');
	});
});

describe('undecodable', () => {
	it.each([
		['This is text.', 'picture-unreadable'],
		['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'picture-unsupported'],
		['II*\0', 'picture-unsupported'],
		['\x89PNG\r\n\x1a\n', 'picture-damaged']
	])('tells of %j: %s', async (head, expected) => {
		expect((await undecodable(new Blob([Buffer.from(head, 'latin1')]), null)).code).toBe(expected);
	});
});
