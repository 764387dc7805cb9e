import { describe, expect, it } from 'vitest';
import { crc32, zip } from '../../../src/lib/state/zip';

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

describe('crc32', () => {
	it('gives the check value of its definition', () => {
		expect(crc32(text('123456789'))).toBe(0xcbf43926);
		expect(crc32(new Uint8Array(0))).toBe(0);
	});
});

describe('zip', () => {
	it('holds each file where its directory says, with its size and checksum', async () => {
		const archive = await zip([
			{ name: 'a.txt', data: new Blob([text('first')]) },
			{ name: 'Ausflug/ä.txt', data: new Blob([text('zweite')]) }
		]);
		const bytes = Buffer.from(await archive.arrayBuffer());
		// The end of the central directory, the directory itself, then each file where it says.
		const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
		expect(bytes.readUInt16LE(end + 10)).toBe(2);
		let at = bytes.readUInt32LE(end + 16);
		const found: [string, string][] = [];
		for (let index = 0; index < 2; index++) {
			expect(bytes.readUInt32LE(at)).toBe(0x02014b50);
			const [size, nameLength] = [bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28)];
			const local = bytes.readUInt32LE(at + 42);
			const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
			expect(bytes.readUInt32LE(local)).toBe(0x04034b50);
			const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
			const data = bytes.subarray(start, start + size);
			expect(bytes.readUInt32LE(at + 16)).toBe(crc32(data));
			found.push([name, data.toString()]);
			at += 46 + nameLength;
		}
		expect(found).toEqual([
			['a.txt', 'first'],
			['Ausflug/ä.txt', 'zweite']
		]);
		expect(at).toBe(end);
	});
});
