/** From bitmaps to pixels, by way of one canvas that is used again. */
import type { Frame } from '../core/types';

/** Larger pictures are reduced: no face needs more, and 50 million pixels take 200 MB. */
const MAX_SIDE_PX = 4096;

/** Gives a function that reads a bitmap's pixels, reduced to 4096 pixels a side where larger. Does not close it. */
export function createFrameReader(): (bitmap: ImageBitmap) => Frame {
	const canvas = new OffscreenCanvas(1, 1);
	// Without this hint every reading would wait for the GPU.
	const context = canvas.getContext('2d', { willReadFrequently: true });
	if (context === null) throw new Error('This browser has no 2D canvas in workers');
	return (bitmap) => {
		const scale = Math.min(1, MAX_SIDE_PX / Math.max(bitmap.width, bitmap.height));
		const width = Math.max(1, Math.round(bitmap.width * scale));
		const height = Math.max(1, Math.round(bitmap.height * scale));
		if (canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
			context.imageSmoothingQuality = 'high';
			// What is transparent in this picture must not show the last one.
			context.globalCompositeOperation = 'copy';
		}
		context.drawImage(bitmap, 0, 0, width, height);
		return { width, height, data: context.getImageData(0, 0, width, height).data };
	};
}

/** Gives a function that reads a picture's file, turned as its EXIF data says. That rejects where it is no picture. */
export function createDecoder(readFrame: (bitmap: ImageBitmap) => Frame): (file: Blob) => Promise<Frame> {
	return async (file) => {
		const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
		try {
			return readFrame(bitmap);
		} finally {
			bitmap.close();
		}
	};
}
