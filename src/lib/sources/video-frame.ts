/** Video frames of the browser's, which cost nothing to take and to send; and where to do without them. */

/** Whether a worker can be given one: found out with the first. */
let canBeSent: boolean | null = typeof VideoFrame === 'undefined' ? false : null;

/** What `take` gives, or null where this browser has no video frames, gives none of this or can't send them to a worker. */
export async function takeVideoFrame(take: () => VideoFrame | Promise<VideoFrame>): Promise<VideoFrame | null> {
	if (canBeSent === false) return null;
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
