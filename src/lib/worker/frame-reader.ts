/** From pictures as the browser holds them to pixels. */
import type { Frame } from '../core/types';
import { REC_601, REC_709, rgbaFromYuv, type LumaWeights, type Plane } from '../core/yuv';
import type { GrabbedFrame } from '../protocol';

/** Larger pictures are reduced: no face needs more, and 50 million pixels take 200 MB. */
const MAX_SIDE_PX = 4096;

type CanvasReader = (picture: CanvasImageSource, fullWidth: number, fullHeight: number) => Frame;

/** Gives a function that reads pixels by way of one canvas that is used again, reduced where larger than MAX_SIDE_PX. */
function createCanvasReader(): CanvasReader {
	const canvas = new OffscreenCanvas(1, 1);
	// Without this hint every reading would wait for the GPU.
	const context = canvas.getContext('2d', { willReadFrequently: true });
	if (context === null) throw new Error('This browser has no 2D canvas in workers');
	return (picture, fullWidth, fullHeight) => {
		const scale = Math.min(1, MAX_SIDE_PX / Math.max(fullWidth, fullHeight));
		const width = Math.max(1, Math.round(fullWidth * scale));
		const height = Math.max(1, Math.round(fullHeight * scale));
		if (canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
			context.imageSmoothingQuality = 'high';
			// What is transparent in this picture must not show the last one.
			context.globalCompositeOperation = 'copy';
		}
		context.drawImage(picture, 0, 0, width, height);
		return { width, height, data: context.getImageData(0, 0, width, height).data };
	};
}

/**
 * Gives a function that reads the planes of a video frame, 720p in 5 ms where a canvas takes 20 and `createImageBitmap`
 * before it 35. The pixels hold until the next call. Null for frames that a canvas has to draw: turned, stretched or
 * large ones, and formats other than I420 and NV12.
 */
function createPlaneReader(): (frame: VideoFrame) => Promise<Frame | null> {
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
		if (pixels.length !== width * height) pixels = new Uint32Array(width * height);
		const [luma, blue, other] = await frame.copyTo(bytes);
		if (luma === undefined || blue === undefined) return null;
		const red: Plane | undefined = format === 'NV12' ? { ...blue, offset: blue.offset + 1 } : other;
		if (red === undefined) return null;
		const chromaStep = format === 'NV12' ? 2 : 1;
		const fullRange = frame.colorSpace.fullRange === true;
		rgbaFromYuv({ width, height, data: bytes, luma, blue, red, chromaStep, weights, fullRange }, pixels);
		return { width, height, data: new Uint8ClampedArray(pixels.buffer) };
	};
}

/** Null for a matrix that is neither; cameras that say nothing mean the older one. */
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

/** Gives a function that reads a picture's pixels, which hold until its next call. Does not close the picture. */
export function createFrameReader(): (picture: GrabbedFrame) => Promise<Frame> {
	const readByCanvas = createCanvasReader();
	const readPlanes = createPlaneReader();
	return async (picture) => {
		if (picture instanceof ImageBitmap) return readByCanvas(picture, picture.width, picture.height);
		// A browser may refuse to copy what it can draw.
		const frame = await readPlanes(picture).catch(() => null);
		return frame ?? readByCanvas(picture, picture.displayWidth, picture.displayHeight);
	};
}

/** Gives a function that reads a picture's file, turned as its EXIF data says. That rejects where it is no picture. */
export function createDecoder(): (file: Blob) => Promise<Frame> {
	const readByCanvas = createCanvasReader();
	return async (file) => {
		const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
		try {
			return readByCanvas(bitmap, bitmap.width, bitmap.height);
		} finally {
			bitmap.close();
		}
	};
}
