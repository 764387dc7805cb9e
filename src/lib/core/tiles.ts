/**
 * Finds faces that one look at the whole frame misses, because they are too small for the detector's few pixels, in
 * tiles of the frame. The far detector proposes, as it sees faces half as large in its input; the near one looks
 * closely and locates the face, as the classifiers were fitted to its boxes.
 */
import { blendFaces, groupCandidates, isSameFace } from './blazeface';
import { boxCentre, shareInside } from './geometry';
import type { Box, DetectedFace, FaceDetector, Frame } from './types';

/**
 * A tile is searched for faces from this share of its side on: 13 of the far detector's 192 pixels. Of 36 heads (six
 * people) of 28 to 40 pixels it then proposed 36, all with more than 0.2; from 0.06 on, 34.
 */
export const SMALLEST_SHARE = 0.069;
/** The tile sides of one level are at most this many times those of the next. */
const MOST_LEVEL_RATIO = 4;
/**
 * Neighbouring tiles overlap by this many times the side of the largest face that the level above may miss: more than
 * 1, as a detected box is larger than its face.
 */
const OVERLAP = 1.25;
/**
 * Many looks find many things that are not faces, so what a tile shows with this confidence is only a candidate, which
 * three close looks must confirm. With 0.2, eight of 189 heads of 28 and 40 pixels in filmed scenes were lost.
 */
export const CANDIDATE_CONFIDENCE = 0.15;
/** The near detector looks closely twice: at squares in which the face takes up these shares of the side. */
export const CLOSE_SHARES = [0.3, 0.4] as const;
/** The mean confidence of both looks must exceed the limit by this share of the gap between the limit and 1. */
const CLOSE_RIGOUR = 0.3;
/**
 * Then the far one, which proposed the face when it was small, looks once, and its confidence must exceed the limit by
 * a share of its own. This keeps 221 of 223 heads of 24 to 40 pixels that the near looks confirmed, and one of 11
 * things in 42 scenes without faces.
 */
export const FAR_CLOSE_SHARE = 0.25;
const FAR_RIGOUR = 0.2;
/**
 * Anything that one look at the whole picture finds with less confidence than this is doubted. In four of 49 scenes
 * without faces, one look found something with 0.53 to 0.71; in 71 pictures without people (animals, drawings, streets,
 * fruit), seven things with 0.51 to 0.60.
 */
export const SURE_CONFIDENCE = 0.8;
/** A close look with less confidence than this counts as showing nothing. */
export const LEAST_CONFIDENCE = 0.1;
/**
 * A face closer to a tile's border than this share of its size counts as cut off there; a neighbouring tile shows it
 * whole.
 */
const BORDER_SHARE = 0.05;
/** A face of which this share lies inside a larger one is a part of it. */
const PART_SHARE = 0.7;

/** Limits for still pictures. */
export const STILL_LIMITS: TileLimits = { smallestFacePx: 16, maxFaces: 100 };

export interface TileLimits {
	/** Height of the smallest faces to find, in frame pixels. */
	readonly smallestFacePx: number;
	/** At most this many faces are returned. */
	readonly maxFaces: number;
}

/** BlazeFace short range and full range, which complement each other. */
export interface Detectors {
	/** The classifiers' crops were fitted to its boxes. */
	readonly near: FaceDetector;
	/** Sees smaller faces in a region; its boxes are less exact. */
	readonly far: FaceDetector;
}

/**
 * Where to look: the frame, then levels of tiles, each smaller by the same ratio, until faces of `smallestFacePx` are
 * large enough in them (`smallestShare` of the side). The tiles of a level cover the frame evenly and overlap enough
 * that each face that the level above may miss lies entirely in one of them.
 */
export function planTiles(
	width: number,
	height: number,
	smallestFacePx: number,
	smallestShare: number = SMALLEST_SHARE
): Box[] {
	const tiles = [{ x: 0, y: 0, width, height }];
	for (const { sidePx, largestPx } of planLevels(width, height, smallestFacePx, smallestShare)) {
		const stepPx = sidePx - OVERLAP * largestPx;
		for (const y of tileStarts(height, sidePx, stepPx)) {
			for (const x of tileStarts(width, sidePx, stepPx)) tiles.push({ x, y, width: sidePx, height: sidePx });
		}
	}
	return tiles;
}

/** Tiles of one size. */
export interface Level {
	readonly sidePx: number;
	/** Heights of the smallest faces they show, and of the largest that the level above may miss. */
	readonly smallestPx: number;
	readonly largestPx: number;
}

/** The levels below the whole frame, largest tiles first. */
export function planLevels(width: number, height: number, smallestFacePx: number, smallestShare: number): Level[] {
	const wholePx = Math.max(width, height);
	const reduction = (wholePx * smallestShare) / smallestFacePx;
	const count = Math.ceil(Math.log(Math.max(reduction, 1)) / Math.log(MOST_LEVEL_RATIO));
	const ratio = reduction ** (1 / count);
	return Array.from({ length: count }, (_, index) => {
		const sidePx = wholePx / ratio ** (index + 1);
		return { sidePx, smallestPx: smallestShare * sidePx, largestPx: smallestShare * sidePx * ratio };
	});
}

/** Where the tiles of one axis start; if the frame is smaller than a tile, a single one that reaches beyond it. */
function tileStarts(lengthPx: number, sidePx: number, stepPx: number): number[] {
	if (lengthPx <= sidePx) return [(lengthPx - sidePx) / 2];
	const count = Math.ceil((lengthPx - sidePx) / stepPx) + 1;
	return Array.from({ length: count }, (_, index) => (index * (lengthPx - sidePx)) / (count - 1));
}

/** Whether a face found in `tile` may continue beyond its border, inside the frame: then a neighbour shows it whole. */
export function isCut({ box }: DetectedFace, tile: Box, frame: { width: number; height: number }): boolean {
	const marginPx = BORDER_SHARE * Math.max(box.width, box.height);
	return (
		(tile.x > 0 && box.x - tile.x < marginPx) ||
		(tile.y > 0 && box.y - tile.y < marginPx) ||
		(tile.x + tile.width < frame.width && tile.x + tile.width - box.x - box.width < marginPx) ||
		(tile.y + tile.height < frame.height && tile.y + tile.height - box.y - box.height < marginPx)
	);
}

/**
 * The faces that several looks at a frame found, each once: weighted non-max suppression, then faces that are part of a
 * larger one are dropped. Most confident first. Changes no argument.
 */
export function mergeFaces(faces: readonly DetectedFace[], maxFaces: number): DetectedFace[] {
	const merged = blendSame(faces);
	const area = ({ width, height }: Box): number => width * height;
	const isPart = ({ box }: DetectedFace): boolean =>
		merged.some((other) => area(other.box) > area(box) && shareInside(box, other.box) >= PART_SHARE);
	return merged.filter((face) => !isPart(face)).slice(0, maxFaces);
}

/** Each face once, after weighted non-max suppression; most confident first. */
export function blendSame(faces: readonly DetectedFace[]): DetectedFace[] {
	const ranked = faces.toSorted((a, b) => b.confidence - a.confidence);
	return groupCandidates(ranked, Infinity).map(blendFaces);
}

/** The square around a face in which it takes up `share` of the side. */
export function closeLook({ box }: DetectedFace, share: number): Box {
	const side = Math.max(box.width, box.height) / share;
	const { x, y } = boxCentre(box);
	return { x: x - side / 2, y: y - side / 2, width: side, height: side };
}

/**
 * The candidate as closer looks show it, with the mean of the near detector's confidences; null if a look does not see
 * it or either detector is not sure enough. Looks: at most two near and one far; one near look for most of what is not
 * a face.
 */
export async function lookClosely(
	{ near, far }: Detectors,
	frame: Frame,
	candidate: DetectedFace,
	minConfidence: number
): Promise<DetectedFace | null> {
	const above = (rigour: number): number => minConfidence + rigour * (1 - minConfidence);
	const limit = above(CLOSE_RIGOUR);
	// With less in one look, the mean of two cannot reach the limit.
	const least = Math.max(2 * limit - 1, LEAST_CONFIDENCE);
	const look = async (detector: FaceDetector, share: number, minimum: number): Promise<DetectedFace | undefined> => {
		const region = closeLook(candidate, share);
		const faces = await detector.detect(frame, { region, minConfidence: minimum });
		return faces.find((face) => isSameFace(candidate, face));
	};
	const seen: DetectedFace[] = [];
	for (const share of CLOSE_SHARES) {
		const face = await look(near, share, least);
		if (face === undefined) return null;
		seen.push(face);
	}
	const confidence = seen.reduce((sum, face) => sum + face.confidence, 0) / seen.length;
	if (confidence < limit || (await look(far, FAR_CLOSE_SHARE, above(FAR_RIGOUR))) === undefined) return null;
	return { ...blendFaces(seen), confidence };
}

/**
 * A fast detector: what one look at the whole picture is sure of, shown until `thoroughDetector` (still.ts) is done.
 */
export function glanceDetector(near: FaceDetector): FaceDetector {
	return {
		detect: async (frame, options) =>
			(await near.detect(frame, options)).filter(({ confidence }) => confidence >= SURE_CONFIDENCE)
	};
}
