/** Makes faces unrecognisable, for screens that others can see. */
import type { Box, FrameResult } from '../core/types';

/** A face that the detector misses for a moment stays hidden for this long. */
const HOLD_MS = 1500;
/** The box spans brows to chin, but hair and ears also identify a person. */
const GROW = 1.7;
/** Squares across a face: too few to tell people apart. */
const SQUARES = 6;

/** Looks until a picture has been searched for far faces once, part by part. */
const SEARCH_LOOKS = 15;

interface HeldBox {
	readonly box: Box;
	readonly seenMs: number;
}

/** What to hide of one camera's pictures, result by result. */
export class LiveConcealment {
	#looks = 0;
	#held: readonly (readonly [id: number, HeldBox])[] = [];

	/**
	 * Every face of this frame, and those of the last second and a half where they were last seen; the whole frame, in
	 * its pixels, until it has been searched for far faces.
	 */
	boxes({ faces, timeMs, width, height }: Pick<FrameResult, 'faces' | 'timeMs' | 'width' | 'height'>): readonly Box[] {
		const found = new Map(faces.map(({ id, box }) => [id, { box, seenMs: timeMs }] as const));
		const missed = this.#held.filter(
			([id, { seenMs }]) => !found.has(id) && timeMs - seenMs <= HOLD_MS && timeMs >= seenMs
		);
		this.#held = [...missed, ...found];
		this.#looks++;
		if (this.#looks <= SEARCH_LOOKS) return [{ x: 0, y: 0, width, height }];
		return this.#held.map(([, { box }]) => box);
	}
}

/** The part of a `width` x `height` picture to hide for a face, in whole pixels; null if none of it is inside. */
export function concealedArea(box: Box, picture: { readonly width: number; readonly height: number }): Box | null {
	const side = Math.max(box.width, box.height) * GROW;
	const left = Math.max(0, Math.floor(box.x + box.width / 2 - side / 2));
	const top = Math.max(0, Math.floor(box.y + box.height / 2 - side / 2));
	const right = Math.min(picture.width, Math.ceil(box.x + box.width / 2 + side / 2));
	const bottom = Math.min(picture.height, Math.ceil(box.y + box.height / 2 + side / 2));
	return right <= left || bottom <= top ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** Draws `picture` with these boxes in coarse squares. `small` is a scratch canvas. */
export function drawConcealed(
	context: CanvasRenderingContext2D,
	picture: HTMLCanvasElement,
	boxes: Iterable<Box>,
	small: CanvasRenderingContext2D
): void {
	context.canvas.width = picture.width;
	context.canvas.height = picture.height;
	if (picture.width === 0) return;
	context.drawImage(picture, 0, 0);
	for (const box of boxes) {
		const area = concealedArea(box, picture);
		if (area === null) continue;
		const { x, y, width, height } = area;
		small.canvas.width = SQUARES;
		small.canvas.height = SQUARES;
		small.imageSmoothingEnabled = true;
		small.imageSmoothingQuality = 'high';
		small.drawImage(picture, x, y, width, height, 0, 0, SQUARES, SQUARES);
		context.imageSmoothingEnabled = false;
		context.drawImage(small.canvas, 0, 0, SQUARES, SQUARES, x, y, width, height);
	}
}
