import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { PartReader } from '../../../src/lib/sources/multipart';
import { generator, mutated } from '../../random';

let small: Buffer;
let large: Buffer;
let tiny: Buffer;
beforeAll(async () => {
	const noisy = (sidePx: number) =>
		sharp({
			create: {
				width: sidePx,
				height: sidePx,
				channels: 3,
				background: '#888',
				noise: { type: 'gaussian', mean: 128, sigma: 40 }
			}
		})
			.jpeg()
			.toBuffer();
	[small, large, tiny] = await Promise.all([noisy(32), noisy(128), noisy(8)]);
});

function* cut(bytes: Uint8Array, length: () => number): Generator<Uint8Array> {
	for (let at = 0; at < bytes.length;) {
		const end = at + Math.max(1, length());
		yield bytes.subarray(at, end);
		at = end;
	}
}

/** The pictures found in a stream that arrives in pieces. */
function read(
	stream: Buffer,
	length: () => number,
	type: string | null = 'multipart/x-mixed-replace; boundary=b'
): Buffer[] {
	const reader = new PartReader(type);
	const found: Uint8Array[] = [];
	for (const piece of cut(stream, length)) found.push(...reader.push(piece));
	return [...found, ...reader.end()].map((each) => Buffer.from(each));
}

const hex = (all: readonly Buffer[]): string[] => all.map((each) => each.toString('hex'));

type Head = (bytes: number) => string;
const WITH_LENGTH: Head = (bytes) => `--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${bytes}\r\n\r\n`;
const WITHOUT: Head = () => '--b\r\nContent-Type: image/jpeg\r\n\r\n';

const stream = (bodies: readonly Buffer[], head: Head, behind = '\r\n') =>
	Buffer.concat(bodies.flatMap((body) => [Buffer.from(head(body.length)), body, Buffer.from(behind)]));

const SIZES: readonly [string, () => () => number][] = [
	['byte by byte', () => () => 1],
	['in packets', () => () => 1460],
	[
		'in pieces of chance',
		() => {
			const random = generator(3);
			return () => Math.floor(random() * 900);
		}
	],
	['at once', () => () => 1e9]
];

describe.each(SIZES)('multipart streams that come %s,', (_, sizes) => {
	it.each<[string, Head, string, string | null]>([
		['with lengths', WITH_LENGTH, '\r\n', 'multipart/x-mixed-replace; boundary=b'],
		['without lengths', WITHOUT, '\r\n', 'multipart/x-mixed-replace; boundary=b'],
		[
			'with lengths that are too small',
			(bytes) => WITH_LENGTH(bytes - 40),
			'\r\n',
			'multipart/x-mixed-replace;boundary="b"'
		],
		['with lengths that are too large', (bytes) => WITH_LENGTH(bytes + 300), '\r\n', null],
		[
			'with another boundary than announced',
			() => '--other\r\nContent-Type: image/jpeg\r\n\r\n',
			'\r\n',
			'multipart/x; boundary=b'
		],
		[
			'with a boundary without dashes',
			() => 'b\r\nContent-Type: image/jpeg\r\n\r\n',
			'\r\n',
			'multipart/x; boundary=b'
		],
		['with dashes in what is announced', () => '----b\r\n\r\n', '\r\n', 'multipart/x; boundary=--b'],
		['with bare line feeds', (bytes) => `--b\nContent-length: ${bytes}\n\n`, '\n', null],
		['with headers without names', () => '--b\r\nimage/jpeg\r\n\r\n', '\r\n', null],
		['without headers', () => '--b\r\n', '\r\n', null],
		['without a line break before the boundary', WITH_LENGTH, '', null]
	])('%s give each picture once', (_name, head, behind, type) => {
		const pictures = [small, large, tiny, small];
		expect(hex(read(stream(pictures, head, behind), sizes(), type))).toEqual(hex(pictures));
	});

	it.each([
		['with lengths', WITH_LENGTH],
		['without', WITHOUT]
	])('%s: the first of two pictures in a part counts, and a preview does not', (_name, head) => {
		const pair = Buffer.concat([small, tiny]);
		const preview = Buffer.from([0xff, 0xe1, 0, 0]);
		preview.writeUInt16BE(tiny.length + 2, 2);
		const junk = Buffer.from([0, 0x11, 0]);
		const odd = Buffer.concat([large.subarray(0, 2), preview, tiny, junk, large.subarray(2)]);
		const found = read(stream([pair, odd, pair, odd], head), sizes());
		expect(found).toHaveLength(4);
		// A decoder shows what comes first.
		expect(found.map((each) => each.subarray(0, 200).toString('hex'))).toEqual(
			[pair, odd, pair, odd].map((each) => each.subarray(0, 200).toString('hex'))
		);
		expect(found[1]?.length).toBeGreaterThanOrEqual(odd.length);
	});

	it.each([
		['with lengths', WITH_LENGTH],
		['without', WITHOUT]
	])('%s: pictures without an end mark are passed on as they are, as pixels may be missing too', (_name, head) => {
		const bare = small.subarray(0, -2);
		const found = read(stream([bare, bare, bare], head), sizes());
		expect(found).toHaveLength(3);
		for (const each of found.slice(0, 2)) expect(each.equals(bare)).toBe(true);
	});

	it('without parts: one picture directly after the other', () => {
		expect(hex(read(Buffer.concat([small, large, tiny]), sizes(), null))).toEqual(hex([small, large, tiny]));
	});
});

it('a part reader gives a picture as soon as its last byte is there', () => {
	for (const head of [WITH_LENGTH, WITHOUT]) {
		const reader = new PartReader(null);
		const bytes = stream([small], head, '');
		expect(reader.push(bytes.subarray(0, -1))).toHaveLength(0);
		expect(reader.push(bytes.subarray(-1))).toHaveLength(1);
	}
});

it('a part reader keeps the text of a part', () => {
	const reader = new PartReader('multipart/mixed; boundary=b');
	reader.push(Buffer.from('--b\r\nContent-Type: text/plain\r\n\r\nno camera on port 3\r\n--b--\r\n'));
	expect(reader.text).toBe('no camera on port 3');
});

it('a part reader handles any input: no error, bounded memory, and pictures again once the stream is well', () => {
	const random = generator(11);
	for (let round = 0; round < 600; round++) {
		const head = random() < 0.5 ? WITH_LENGTH : WITHOUT;
		const reader = new PartReader(random() < 0.5 ? 'multipart/x; boundary=b' : null);
		const bad = mutated(stream([small, tiny, small], head), random);
		for (const piece of cut(bad, () => Math.floor(random() * 3000))) reader.push(piece);
		// A damaged length or segment may reach some way into what follows.
		const after = stream(
			Array.from({ length: Math.ceil(140_000 / small.length) }, () => small),
			head
		);
		let last: Uint8Array | undefined;
		for (const piece of cut(after, () => Math.floor(random() * 9000))) last = reader.push(piece).at(-1) ?? last;
		expect(last !== undefined && Buffer.from(last).equals(small), `round ${round}`).toBe(true);
	}
}, 60_000);
