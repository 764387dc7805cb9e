/** The browser's video frames, which cost nothing to take and to send; and when to do without them. */

/**
 * Whether one can be sent to a worker; null until tried with the first. If they do not tell their rotation (Safari,
 * Chromium before 138), the picture of a phone held upright would lie on its side.
 */
let canBeSent: boolean | null = typeof VideoFrame !== 'undefined' && 'rotation' in VideoFrame.prototype ? null : false;

/** Whether to do without them even if they can be sent. */
let copiesOnly = false;

/** From now on, copies frames as bitmaps, which keeps less memory, or takes video frames if possible. */
export function useBitmaps(copies: boolean): void {
	copiesOnly = copies;
}

/** The result of `take`; null if this browser has no video frames, `take` fails, or they cannot be sent to a worker. */
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
