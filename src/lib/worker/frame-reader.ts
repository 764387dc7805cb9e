/** From pictures as the browser holds them to pixels. */
import type { Frame } from '../core/types';
import type { GrabbedFrame } from '../protocol';
import { createPlaneReader, MAX_SIDE_PX } from './plane-reader';

/** Longer side of a photo, as the photo page shows it. */
const LARGEST_PHOTO_PX = 4096;

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
		// Only test pictures of the benchmark's are files here.
		const { decodePicture } = await import('../pictures/decode');
		const { bitmap } = await decodePicture(file, LARGEST_PHOTO_PX, null);
		try {
			return readByCanvas(bitmap, bitmap.width, bitmap.height);
		} finally {
			bitmap.close();
		}
	};
}
