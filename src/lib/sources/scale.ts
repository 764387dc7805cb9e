/** Sizes of pictures. */
import type { GrabbedFrame } from '../protocol';

export interface Size {
	readonly width: number;
	readonly height: number;
}

/** Scales a size down, in whole pixels (at least 1 x 1), so that its longer side is at most `maxSidePx`; never up. */
export function fitWithin({ width, height }: Size, maxSidePx: number): Size {
	const factor = Math.min(1, maxSidePx / Math.max(width, height));
	return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** The display size of a picture in pixels. */
export function sizeOf(picture: GrabbedFrame): Size {
	return picture instanceof ImageBitmap ? picture : { width: picture.displayWidth, height: picture.displayHeight };
}
