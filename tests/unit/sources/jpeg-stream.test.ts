import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { EMPTY_STREAM, type JpegStream, readJpegs } from '../../../src/lib/sources/jpeg-stream';

/** Pictures as cameras send them: small and large, progressive, with a preview inside. */
let pictures: Buffer[];

beforeAll(async () => {
	const noise = (side: number, seed: number) => {
		const random = generator(seed);
		const data = Buffer.from(Array.from({ length: side * side * 3 }, () => Math.floor(random() * 256)));
		return sharp(data, { raw: { width: side, height: side, channels: 3 } });
	};
	const plain = await noise(16, 1).jpeg().toBuffer();
	const large = await noise(160, 2).jpeg({ quality: 95 }).toBuffer();
	const progressive = await noise(64, 3).jpeg({ progressive: true }).toBuffer();
	pictures = [plain, large, progressive, withPreview(large, plain)];
});

/** mulberry32: the same numbers each time. */
function generator(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** As in EXIF: another picture, with its own end, in a segment after the start. */
function withPreview(picture: Buffer, preview: Buffer): Buffer {
	const head = Buffer.from([0xff, 0xe1, 0, 0]);
	head.writeUInt16BE(preview.length + 2, 2);
	return Buffer.concat([picture.subarray(0, 2), head, preview, picture.subarray(2)]);
}

function multipart(parts: readonly Buffer[], boundary = 'frame'): Buffer {
	const heads = parts.map(
		(part) => `--${boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: ${part.length}\r\n\r\n`
	);
	return Buffer.concat(parts.flatMap((part, index) => [Buffer.from(heads[index] ?? ''), part, Buffer.from('\r\n')]));
}

function readAll(chunks: Iterable<Uint8Array>): { found: Buffer[]; broken: number; stream: JpegStream } {
	let stream = EMPTY_STREAM;
	const found: Buffer[] = [];
	let broken = 0;
	for (const chunk of chunks) {
		const read = readJpegs(stream, chunk);
		stream = read.stream;
		broken += read.broken;
		found.push(...read.pictures.map((picture) => Buffer.from(picture)));
	}
	return { found, broken, stream };
}

/** Compared as text, since vitest compares large arrays slowly. */
function hex(all: readonly Buffer[]): string[] {
	return all.map((each) => each.toString('hex'));
}

function* cut(bytes: Uint8Array, length: () => number): Generator<Uint8Array> {
	for (let at = 0; at < bytes.length;) {
		const end = at + length();
		yield bytes.subarray(at, end);
		at = end;
	}
}

describe('whole JPEG streams:', () => {
	it.each([
		['multipart, in one piece', (all: Buffer[]) => [multipart(all)]],
		['pictures one behind the other', (all: Buffer[]) => [Buffer.concat(all)]],
		['multipart, byte by byte', (all: Buffer[]) => cut(multipart(all), () => 1)],
		['multipart, in network packets', (all: Buffer[]) => cut(multipart(all), () => 1460)]
	])('%s', (_, chunksOf) => {
		const { found, broken, stream } = readAll(chunksOf(pictures));
		expect(hex(found)).toEqual(hex(pictures));
		expect(broken).toBe(0);
		expect(stream.rest.length).toBeLessThan(2);
	});

	it('restart markers, and fill bytes before a marker and in the pixels', () => {
		const segments = [0xff, 0xff, 0xdb, 0, 4, 0xff, 0xd9, 0xff, 0xd0, 0xff, 0x01, 0xff, 0xda, 0, 3, 9];
		const pixels = [1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xd7, 4, 0xff, 0xff, 0xd3, 5, 0xff, 0xff, 0xd9];
		const picture = Buffer.from([0xff, 0xd8, ...segments, ...pixels]);
		for (const length of [1, 2, 3, 100]) {
			const { found, broken } = readAll(cut(multipart([picture, picture]), () => length));
			expect(hex(found)).toEqual(hex([picture, picture]));
			expect(broken).toBe(0);
		}
	});

	it('boundaries and headers of any kind, or none', () => {
		const odd = Buffer.concat([
			Buffer.from('\xff\xff--myboundary\n\n', 'latin1'),
			pictures[0] ?? Buffer.alloc(0),
			Buffer.from('\0\0\xff', 'latin1'),
			pictures[1] ?? Buffer.alloc(0)
		]);
		expect(hex(readAll([odd]).found)).toEqual(hex(pictures.slice(0, 2)));
	});
});

describe('reading a damaged JPEG stream', () => {
	it('skips a picture that was cut off, and takes the next', () => {
		const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = pictures;
		for (const keep of [3, 30, Math.floor(second.length / 2), second.length - 2]) {
			const { found, broken } = readAll([multipart([first, second.subarray(0, keep), third])]);
			expect(hex(found), `of the second, ${keep} bytes`).toEqual(hex([first, third]));
			expect(broken).toBeGreaterThan(0);
		}
	});

	it('gives up on a picture that never ends, and keeps no more of it than 8 MB', () => {
		const endless = Buffer.concat([pictures[1]?.subarray(0, -2) ?? Buffer.alloc(0), Buffer.alloc(9 * 1024 * 1024, 1)]);
		const { broken, stream } = readAll(cut(endless, () => 1 << 20));
		expect(broken).toBe(1);
		expect(stream.rest.length).toBeLessThan(8 * 1024 * 1024);
	});

	it('survives any input: no exception, bounded memory, and whole pictures afterwards', () => {
		const random = generator(7);
		for (let round = 0; round < 300; round++) {
			const bytes = Buffer.from(multipart(pictures));
			for (let hit = 0; hit < 1 + random() * 12; hit++) {
				const at = Math.floor(random() * bytes.length);
				const kind = random();
				if (kind < 0.4) bytes[at] = Math.floor(random() * 256);
				else if (kind < 0.6) bytes.fill(0xff, at, Math.min(bytes.length, at + Math.floor(random() * 40)));
				else bytes.copy(bytes, at, Math.floor(random() * bytes.length), Math.floor(random() * bytes.length));
			}
			const whole = pictures[0] ?? Buffer.alloc(0);
			// A damaged length may reach 64 KB ahead; after that, every stream is well again.
			const after = Array.from({ length: Math.ceil(70_000 / whole.length) }, () => whole);
			const { found, stream } = readAll(
				cut(Buffer.concat([bytes, multipart(after)]), () => 1 + Math.floor(random() * 4000))
			);
			expect(found.at(-1)?.equals(whole), `round ${round}`).toBe(true);
			expect(stream.rest.length).toBeLessThan(2);
			for (const picture of found) {
				expect([picture[0], picture[1], picture.at(-2), picture.at(-1)]).toEqual([0xff, 0xd8, 0xff, 0xd9]);
			}
		}
	});
});
