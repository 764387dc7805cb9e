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
