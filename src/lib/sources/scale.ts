/** Sizes of pictures. */
import type { GrabbedFrame } from '../protocol';

export interface Size {
	readonly width: number;
	readonly height: number;
}

/** The size in whole pixels (at least 1 x 1) with the same aspect ratio whose longer side is at most `maxSidePx`; never larger. */
export function fitWithin({ width, height }: Size, maxSidePx: number): Size {
	const factor = Math.min(1, maxSidePx / Math.max(width, height));
	return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** The size in pixels of a picture as it is shown. */
export function sizeOf(picture: GrabbedFrame): Size {
	return picture instanceof ImageBitmap ? picture : { width: picture.displayWidth, height: picture.displayHeight };
}
