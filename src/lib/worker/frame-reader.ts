/** Reads the pixels of the browser's pictures. */
import type { Frame } from '../core/types';
import type { GrabbedFrame } from '../protocol';
import { createPlaneReader, MAX_SIDE_PX } from './plane-reader';

/** Longer side of a photo, as the photo page shows it. */
const LARGEST_PHOTO_PX = 4096;

type CanvasReader = (picture: CanvasImageSource, fullWidth: number, fullHeight: number) => Frame;

/** Returns a function that reads pixels through a reused canvas; pictures larger than MAX_SIDE_PX are reduced. */
function createCanvasReader(): CanvasReader {
	const canvas = new OffscreenCanvas(1, 1);
	// Without this hint every read would wait for the GPU.
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
			// The previous picture must not show through transparent parts of this one.
			context.globalCompositeOperation = 'copy';
		}
		context.drawImage(picture, 0, 0, width, height);
		return { width, height, data: context.getImageData(0, 0, width, height).data };
	};
}

/**
 * Returns a function that reads a picture's pixels, which are valid until its next call. Does not close the picture.
 */
export function createFrameReader(): (picture: GrabbedFrame) => Promise<Frame> {
	const readByCanvas = createCanvasReader();
	const readPlanes = createPlaneReader();
	return async (picture) => {
		if (picture instanceof ImageBitmap) return readByCanvas(picture, picture.width, picture.height);
		// A browser may refuse to copy a frame that it can draw.
		const frame = await readPlanes(picture).catch(() => null);
		return frame ?? readByCanvas(picture, picture.displayWidth, picture.displayHeight);
	};
}

/** Returns a function that reads a picture's file, turned as its EXIF data says. It rejects if it is not a picture. */
export function createDecoder(): (file: Blob) => Promise<Frame> {
	const readByCanvas = createCanvasReader();
	return async (file) => {
		// Only the benchmark's test pictures are files here.
		const { decodePicture } = await import('../pictures/decode');
		const { bitmap } = await decodePicture(file, LARGEST_PHOTO_PX, null);
		try {
			return readByCanvas(bitmap, bitmap.width, bitmap.height);
		} finally {
			bitmap.close();
		}
	};
}
