/**
 * Video frames as pixels for a canvas. Chromium keeps video frames that are drawn directly: up to some 500 MB of frames
 * that are no longer needed.
 */

/**
 * Returns a function that reads upright frames; the pixels are valid until its next call, null if it cannot read them.
 */
export function createPixelReader(): (frame: VideoFrame) => Promise<ImageData | null> {
	let pixels = new Uint8ClampedArray(0);
	return async (frame) => {
		const isUpright = !('rotation' in frame && frame.rotation !== 0) && !('flip' in frame && frame.flip === true);
		const { visibleRect, format: layout } = frame;
		// Other formats have more than eight bits, or alpha: they are left to the browser to draw.
		if (!isUpright || visibleRect === null || (layout !== 'I420' && layout !== 'NV12')) return null;
		const { width, height } = visibleRect;
		try {
			const format = { format: 'RGBA' } as const;
			const size = frame.allocationSize(format);
			// Browsers that do not convert would return the planes as they are.
			if (size !== 4 * width * height) return null;
			if (pixels.length !== size) pixels = new Uint8ClampedArray(size);
			await frame.copyTo(pixels, format);
			return new ImageData(pixels, width, height);
		} catch {
			return null;
		}
	};
}
