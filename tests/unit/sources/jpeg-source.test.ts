import { describe, expect, it } from 'vitest';
import { wholePicture } from '../../../src/lib/sources/jpeg-source';

/** The minimum with the marks of a JPEG: start, one segment, one scan, end. */
const JPEG = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xda, 0, 2, 7, 7, 7, 0xff, 0xd9];

/** An answer of one piece after another; `endless`: the pieces repeat forever. */
function answer(pieces: readonly (readonly number[])[], { endless = false, type = 'image/jpeg' } = {}) {
	const state = { pulled: 0, cancelled: false };
	const body = new ReadableStream<Uint8Array>({
		pull: (controller) => {
			const piece = pieces[state.pulled++ % pieces.length] ?? [];
			controller.enqueue(Uint8Array.from(piece));
			if (!endless && state.pulled === pieces.length) controller.close();
		},
		cancel: () => {
			state.cancelled = true;
		}
	});
	return { response: new Response(body, { headers: { 'Content-Type': type } }), state };
}

describe('wholePicture', () => {
	it('is the whole body, even if more follows the picture', async () => {
		const body = [JPEG.slice(0, 5), JPEG.slice(5), JPEG, [1, 2, 3]];
		expect([...(await wholePicture(answer(body).response))]).toEqual(body.flat());
	});

	it.each([
		['pictures without anything between', JPEG, 'image/jpeg'],
		['pictures in parts', [...new TextEncoder().encode('--frame\r\n\r\n'), ...JPEG], 'multipart/x-mixed-replace'],
		['pictures under no type', JPEG, '']
	])('of %s that never end says so and cancels them', async (_, piece, type) => {
		const { response, state } = answer([piece], { endless: true, type });
		await expect(wholePicture(response)).rejects.toMatchObject({
			code: 'stream-unreadable',
			said: 'It sends pictures without end: write mjpeg: instead of snapshot:.'
		});
		expect(state.cancelled).toBe(true);
		expect(state.pulled).toBeLessThan(20);
	});
});
