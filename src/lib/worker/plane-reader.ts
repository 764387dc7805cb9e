/** Reads the pixels of video frames without drawing them. */
import type { Frame } from '../core/types';
import { PlanarFrame, REC_601, REC_709, type LumaWeights, type Plane } from '../core/yuv';

/** Larger pictures are drawn, which reduces them: no face needs more, and 50 million pixels take 200 MB. */
export const MAX_SIDE_PX = 4096;

/**
 * Returns a function that reads the planes of a video frame: 720p in 1 ms; a canvas takes 20, and `createImageBitmap`
 * before it 35. They are valid until the next call. Null for frames that must be drawn on a canvas: turned, stretched
 * or large ones, and formats other than I420 and NV12.
 */
export function createPlaneReader(): (frame: VideoFrame) => Promise<Frame | null> {
	let bytes = new Uint8Array(0);
	let pixels = new Uint32Array(0);
	return async (frame) => {
		const { visibleRect, displayWidth: width, displayHeight: height, format } = frame;
		const isUpright = !('rotation' in frame && frame.rotation !== 0) && !('flip' in frame && frame.flip === true);
		const isWhole = visibleRect?.width === width && visibleRect.height === height;
		const weights = weightsOf(frame.colorSpace.matrix);
		const isPlanar = format === 'I420' || format === 'NV12';
		if (!isPlanar || !isUpright || !isWhole || weights === null || Math.max(width, height) > MAX_SIDE_PX) return null;
		const size = frame.allocationSize();
		if (bytes.length !== size) bytes = new Uint8Array(size);
		const [luma, blue, other] = await frame.copyTo(bytes);
		if (luma === undefined || blue === undefined) return null;
		const red: Plane | undefined = format === 'NV12' ? { ...blue, offset: blue.offset + 1 } : other;
		if (red === undefined) return null;
		const chromaStep = format === 'NV12' ? 2 : 1;
		const fullRange = frame.colorSpace.fullRange === true;
		const planes = { width, height, data: bytes, luma, blue, red, chromaStep, weights, fullRange } as const;
		return new PlanarFrame(planes, () => {
			if (pixels.length !== width * height) pixels = new Uint32Array(width * height);
			return pixels;
		});
	};
}

/** Null for any other matrix; if none is given, as with most cameras, the older one is assumed. */
function weightsOf(matrix: VideoMatrixCoefficients | null): LumaWeights | null {
	switch (matrix) {
		case 'bt709':
			return REC_709;
		case 'bt470bg':
		case 'smpte170m':
		case null:
			return REC_601;
		default:
			return null;
	}
}
