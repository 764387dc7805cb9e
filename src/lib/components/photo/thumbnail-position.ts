import { clamp } from '../../core/geometry';
import type { Box, FaceResult } from '../../core/types';

/** What a thumbnail shows of its picture, which covers it. */
export const THUMBNAIL_ASPECT = 4 / 3;

/** Faces, and the size of the picture whose pixels their boxes are in. */
interface Framed {
	readonly width: number;
	readonly height: number;
	readonly faces: readonly Pick<FaceResult, 'box'>[];
}

/**
 * The `object-position`, in percent of each axis, that brings the faces into a thumbnail: all of them where it has room
 * for them, else the largest. Null where there is none.
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

/** Of what is not seen of an axis, how much lies before the part that has `middle` in its middle, 0..100. */
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
