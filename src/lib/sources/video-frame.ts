/** Video frames of the browser's, which cost nothing to take and to send; and where to do without them. */

/**
 * Whether a worker can be given one: found out with the first. Where they do not tell how they are turned, as in Safari and
 * in Chromium before 138, a phone held upright would lie on its side.
 */
let canBeSent: boolean | null = typeof VideoFrame !== 'undefined' && 'rotation' in VideoFrame.prototype ? null : false;

/** Whether to do without them all the same. */
let copiesOnly = false;

/** From now on frames are copied as bitmaps, or taken as video frames where that can be: the former keeps less memory. */
export function useBitmaps(copies: boolean): void {
	copiesOnly = copies;
}

/** What `take` gives, or null where this browser has no video frames, gives none of this or can't send them to a worker. */
export async function takeVideoFrame(take: () => VideoFrame | Promise<VideoFrame>): Promise<VideoFrame | null> {
	if (canBeSent === false || copiesOnly) return null;
	let frame: VideoFrame;
	try {
		frame = await take();
	} catch {
		return null;
	}
	if (canBeSent) return frame;
	try {
		const sent = structuredClone(frame, { transfer: [frame] });
		canBeSent = true;
		return sent;
	} catch {
		canBeSent = false;
		frame.close();
		return null;
	}
}
