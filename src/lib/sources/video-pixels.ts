/**
 * Video frames as pixels for a canvas. What is drawn of a video frame itself, Chromium keeps: up to some 500 MB of frames
 * that nobody needs any more.
 */

/** Gives a function that reads upright frames, the pixels of which hold until its next call; null where this browser does not. */
export function createPixelReader(): (frame: VideoFrame) => Promise<ImageData | null> {
	let pixels = new Uint8ClampedArray(0);
	return async (frame) => {
		const isUpright = !('rotation' in frame && frame.rotation !== 0) && !('flip' in frame && frame.flip === true);
		const { visibleRect, format: layout } = frame;
		// Others are of more than eight bits, or have alpha: they are left to the browser's own drawing.
		if (!isUpright || visibleRect === null || (layout !== 'I420' && layout !== 'NV12')) return null;
		const { width, height } = visibleRect;
		try {
			const format = { format: 'RGBA' } as const;
			const size = frame.allocationSize(format);
			// Browsers that do not convert give the planes as they are.
			if (size !== 4 * width * height) return null;
			if (pixels.length !== size) pixels = new Uint8ClampedArray(size);
			await frame.copyTo(pixels, format);
			return new ImageData(pixels, width, height);
		} catch {
			return null;
		}
	};
}
