import { clamp } from '../../core/geometry';
import type { Box, FaceResult } from '../../core/types';

/** Width / height of a thumbnail; the picture covers it and is cropped. */
export const THUMBNAIL_ASPECT = 4 / 3;

/** Faces, and the size of the picture whose pixels their boxes use. */
interface Framed {
	readonly width: number;
	readonly height: number;
	readonly faces: readonly Pick<FaceResult, 'box'>[];
}

/**
 * The `object-position`, in percent per axis, that brings the faces into a thumbnail: all of them if they fit, else the
 * largest. Null if there are none.
 */
export function thumbnailPosition({ width, height, faces }: Framed): { x: number; y: number } | null {
	const boxes = faces.map(({ box }) => box);
	const [first, ...others] = boxes;
	if (first === undefined) return null;
	const seen = {
		width: Math.min(width, height * THUMBNAIL_ASPECT),
		height: Math.min(height, width / THUMBNAIL_ASPECT)
	};
	const all = others.reduce(around, first);
	const fits = all.width <= seen.width && all.height <= seen.height;
	const { x, y, width: across, height: down } = fits ? all : boxes.reduce(larger);
	return { x: shareBefore(x + across / 2, seen.width, width), y: shareBefore(y + down / 2, seen.height, height) };
}

/** The percentage of the hidden part of an axis that lies before the visible part centred on `middle`, 0..100. */
function shareBefore(middle: number, seen: number, whole: number): number {
	if (whole <= seen) return 50;
	return 100 * clamp((middle - seen / 2) / (whole - seen), 0, 1);
}

function around(a: Box, b: Box): Box {
	const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
	return {
		x,
		y,
		width: Math.max(a.x + a.width, b.x + b.width) - x,
		height: Math.max(a.y + a.height, b.y + b.height) - y
	};
}

function larger(a: Box, b: Box): Box {
	return b.width * b.height > a.width * a.height ? b : a;
}
