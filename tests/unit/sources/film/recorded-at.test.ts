import { describe, expect, it } from 'vitest';
import { readRecordedAt } from '../../../../src/lib/sources/film/recorded-at';

const WHEN = Date.UTC(2026, 4, 4, 10, 20, 30);

function box(name: string, content: Uint8Array, long = false): Uint8Array {
	const header = new DataView(new ArrayBuffer(long ? 16 : 8));
	header.setUint32(0, long ? 1 : 8 + content.length);
	for (const [index, letter] of Array.from(name).entries()) header.setUint8(4 + index, letter.charCodeAt(0));
	if (long) header.setBigUint64(8, BigInt(16 + content.length));
	return Buffer.concat([new Uint8Array(header.buffer), content]);
}

function movieHeader(ms: number, version: 0 | 1): Uint8Array {
	const view = new DataView(new ArrayBuffer(40));
	view.setUint8(0, version);
	const seconds = ms / 1000 + 2_082_844_800;
	if (version === 1) view.setBigUint64(4, BigInt(seconds));
	else view.setUint32(4, seconds);
	return box('mvhd', new Uint8Array(view.buffer));
}

const film = (...parts: Uint8Array[]) => new Blob(parts as Uint8Array<ArrayBuffer>[]);
const START = box('ftyp', Buffer.from('isom0000isom'));

describe('the start time of a recording', () => {
	it.each([0, 1] as const)('is read from the movie header of MP4, version %i, wherever it is', async (version) => {
		const movie = box('moov', Buffer.concat([box('free', Buffer.alloc(20)), movieHeader(WHEN, version)]));
		expect(await readRecordedAt(film(START, box('mdat', Buffer.alloc(5000), version === 1), movie))).toBe(WHEN);
	});

	it('is read from the DateUTC of Matroska', async () => {
		const view = new DataView(new ArrayBuffer(8));
		view.setBigInt64(0, BigInt(WHEN - Date.UTC(2001, 0, 1)) * 1_000_000n);
		const head = Buffer.from([0x1a, 0x45, 0xdf, 0xa3, ...Buffer.alloc(60), 0x44, 0x61, 0x88]);
		expect(await readRecordedAt(film(head, new Uint8Array(view.buffer), Buffer.alloc(20)))).toBe(WHEN);
	});

	it('is unknown if the camera has no clock, or the file is cut or something else', async () => {
		expect(await readRecordedAt(film(START, box('moov', movieHeader(-2_082_844_800_000, 0))))).toBeNull();
		expect(await readRecordedAt(film(START, box('mdat', Buffer.alloc(100))))).toBeNull();
		expect(await readRecordedAt(film(START, Buffer.alloc(3)))).toBeNull();
		expect(await readRecordedAt(film(Buffer.from('hello')))).toBeNull();
		expect(await readRecordedAt(film(Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), Buffer.alloc(40)))).toBeNull();
		expect(await readRecordedAt(film(Buffer.alloc(100)))).toBeNull();
	});
});
