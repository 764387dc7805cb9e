import { describe, expect, it } from 'vitest';
import { fromFirstPacket } from '../../../../src/lib/sources/film/transport-stream';

/** Packets of this many bytes, each with its sync byte after `before` others, behind `junk` bytes. */
function stream(stride: number, before: number, junk: number, packets = 20): Blob {
	const bytes = new Uint8Array(junk + packets * stride).map((_, index) => (index * 37) % 71);
	for (let packet = 0; packet < packets; packet++) bytes[junk + packet * stride + before] = 0x47;
	return new Blob([bytes]);
}

describe('the start of a transport stream', () => {
	it.each([
		['plain packets', 188, 0],
		['packets with times', 192, 4],
		['packets with error correction', 204, 0]
	])('is its first whole packet: %s', async (_, stride, before) => {
		for (const junk of [1, 100, 187, 70_000]) {
			const whole = stream(stride, before, junk);
			expect((await fromFirstPacket(whole)).size).toBe(20 * stride);
		}
		const cut = stream(stride, before, 0).slice(before + 1);
		expect((await fromFirstPacket(cut)).size).toBe(19 * stride);
		const aligned = stream(stride, before, 0);
		expect(await fromFirstPacket(aligned)).toBe(aligned);
	});

	it('is not looked for in other files', async () => {
		for (const other of [new Blob([]), new Blob(['GGG']), stream(188, 0, 50, 5), stream(190, 0, 50)])
			expect(await fromFirstPacket(other)).toBe(other);
	});
});
