import { describe, expect, it } from 'vitest';
import { inStep } from '../../../../src/lib/sources/film/transport-stream';

const KINDS: [string, number, number][] = [
	['plain packets', 188, 0],
	['packets with times', 192, 4],
	['packets with error correction', 204, 0]
];

/** Packets of this many bytes, each with its sync byte after `before` others and then its number. */
function packets(stride: number, before: number, count = 40): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(count * stride).map((_, index) => (index * 37) % 71);
	for (let packet = 0; packet < count; packet++) bytes.set([0x47, 100 + packet], packet * stride + before);
	return bytes;
}

const junk = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).map((_, index) => (index * 31) % 71);

/** The numbers of the packets of a file that is in step. Throws an error if one does not begin where it should. */
async function numbersIn(file: Blob, stride: number, before: number): Promise<number[]> {
	const bytes = new Uint8Array(await file.arrayBuffer());
	return Array.from({ length: Math.ceil(bytes.length / stride) }, (_, packet) => {
		const at = packet * stride + before;
		if (bytes[at] !== 0x47) throw new Error(`Packet ${packet} is out of step`);
		return (bytes[at + 1] ?? 0) - 100;
	});
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe('a transport stream', () => {
	it.each(KINDS)('begins with its first whole packet: %s', async (_, stride, before) => {
		const bytes = packets(stride, before);
		for (const length of [1, 100, 187, 70_000]) {
			const led = new Blob([junk(length), bytes]);
			expect(await numbersIn(await inStep(led), stride, before)).toEqual(range(0, 40));
		}
		const cut = new Blob([bytes.subarray(before + 1)]);
		expect(await numbersIn(await inStep(cut), stride, before)).toEqual(range(1, 40));
	});

	it.each(KINDS)('goes on where bytes were lost or came between: %s', async (_, stride, before) => {
		const bytes = packets(stride, before);
		const at = 15 * stride + before;
		for (const lost of [1, 100, stride - 1, 3 * stride + 50]) {
			const next = 15 + Math.ceil((60 + lost) / stride);
			const gap = new Blob([bytes.subarray(0, at + 60), bytes.subarray(at + 60 + lost)]);
			expect(await numbersIn(await inStep(gap), stride, before)).toEqual([...range(0, 15), ...range(next, 40)]);
		}
		for (const length of [1, 1000, 600_000]) {
			const between = new Blob([bytes.subarray(0, at - before), junk(length), bytes.subarray(at - before)]);
			const kept = await numbersIn(await inStep(between), stride, before);
			expect(kept).toEqual([...range(0, 14), ...range(15, 40)]);
		}
		// The end of one recording, cut in the middle of a packet, and the beginning of another.
		const joined = new Blob([bytes.subarray(0, 20 * stride + 70), bytes]);
		expect(await numbersIn(await inStep(joined), stride, before)).toEqual([...range(0, 20), ...range(0, 40)]);
	});

	it.each(KINDS)('is left as it is if nothing is out of step: %s', async (_, stride, before) => {
		const bytes = packets(stride, before);
		for (const file of [new Blob([bytes]), new Blob([bytes.subarray(0, bytes.length - 50)])])
			expect(await inStep(file)).toBe(file);
	});

	it('is read to its end if it is longer than what is read at once', async () => {
		const long = Array.from({ length: 600 }, () => packets(188, 0));
		const file = new Blob([...long, junk(77), ...long]);
		expect((await inStep(file)).size).toBe((2 * 600 * 40 - 1) * 188);
	});

	it('is not looked for in other files', async () => {
		const others = [[], ['GGG'], [packets(188, 0, 5)], [packets(190, 0)]].map((parts) => new Blob(parts));
		for (const other of others) expect(await inStep(other)).toBe(other);
	});
});
