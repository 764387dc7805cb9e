/** Small copies of pictures, for a list of them. */
import type { Size } from './scale';

/** The area that a small copy covers; and its longest side, for very long pictures. */
const COVERED: Size = { width: 240, height: 180 };
const MOST_PX = 1440;

/** The size in whole pixels (at least 1 x 1) of the small copy of a picture: never larger than the picture. */
export function thumbnailSize({ width, height }: Size): Size {
	const factor = Math.min(
		1,
		Math.max(COVERED.width / width, COVERED.height / height),
		MOST_PX / Math.max(width, height)
	);
	return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** A small copy as a file; null if the browser gives no canvas. */
export async function makeThumbnail(picture: HTMLCanvasElement): Promise<Blob | null> {
	const { width, height } = thumbnailSize(picture);
	const canvas = new OffscreenCanvas(width, height);
	const context = canvas.getContext('2d');
	if (context === null) return null;
	context.imageSmoothingQuality = 'high';
	context.drawImage(picture, 0, 0, width, height);
	const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 });
	// Safari cannot write WebP, and returns a PNG ten times as large.
	return blob.type === 'image/webp' ? blob : canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
}
