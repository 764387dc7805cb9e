/**
 * Faces that the detector misses in one look at the whole frame: those too small for its 128 pixels, found in tiles of
 * the frame, and those that fill the frame, found with a border around it.
 */
import { blendFaces, groupCandidates } from './blazeface';
import { boxCentre, shareInside } from './geometry';
import type { Box, DetectedFace, FaceDetector, Frame } from './types';

/**
 * Faces from this share of a tile's side on are found in it, if only with little confidence: 15 of the detector's 128
 * pixels. One photo at 18 angles, mirrorings and brightnesses: 81 % of the faces of 14 pixels, 100 % of those of 16.
 */
export const SMALLEST_SHARE = 15 / 128;
/** Sides of the tiles of one level, relative to those of the next. */
const LEVEL_RATIO = 2;
/** Neighbours share this much of their side: the largest face that the level above may miss, and a little around it. */
const OVERLAP = SMALLEST_SHARE * LEVEL_RATIO + 0.03;
/** The frame with a border: relative to the frame. A face that fills the frame fills half of this. */
const WIDE = 2;

/**
 * Many looks find many things that are no faces. So what a tile finds with this confidence is only a candidate, looked at
 * closely twice, with the face at these shares of the side, and taken where the mean confidence of both looks lies above
 * the limit by this part of what is left to 1. Of 141 true candidates that leaves 134 (one look at the plain limit: 137),
 * of 94 false ones in a photo at four sizes none (23).
 */
const CANDIDATE_CONFIDENCE = 0.3;
const CLOSE_SHARES = [0.3, 0.4] as const;
const CLOSE_RIGOUR = 0.3;
/** Less than this is nothing, in a close look. */
const LEAST_CONFIDENCE = 0.1;
/** A face is cut by a tile's border, and whole in a neighbour, where it comes closer than this share of its size. */
const BORDER_SHARE = 0.05;
/** A face that lies in a larger one by this share is a part of it. */
const PART_SHARE = 0.7;

/**
 * What pictures are searched with. Measured on scenes of 1920 x 1280 with 30 faces: of those 24 pixels high, a portrait
 * pasted with hair and shoulders, all are found, and three quarters of bare FER2013 faces; one look finds none.
 */
export const STILL_LIMITS: TileLimits = { smallestFacePx: 16, maxFaces: 100 };

/** Where the caller names no limit. */
const DEFAULT_CONFIDENCE = 0.5;

export interface TileLimits {
	/** Height of the smallest faces to be found, in pixels of the frame. */
	readonly smallestFacePx: number;
	/** Most faces returned. */
	readonly maxFaces: number;
}

/**
 * Where to look: the frame, the frame with a border, then tiles of half the side each time until faces of
 * `smallestFacePx` are large enough in them. Tiles of a level cover the frame evenly and overlap so far that each face
 * lies whole in one of them.
 */
export function planTiles(width: number, height: number, smallestFacePx: number): Box[] {
	const tiles = [{ x: 0, y: 0, width, height }, wideTile(width, height)];
	const finestPx = smallestFacePx / SMALLEST_SHARE;
	let sidePx = Math.max(width, height);
	while (sidePx > finestPx) {
		sidePx = Math.max(sidePx / LEVEL_RATIO, finestPx);
		for (const y of tileStarts(height, sidePx)) {
			for (const x of tileStarts(width, sidePx)) tiles.push({ x, y, width: sidePx, height: sidePx });
		}
	}
	return tiles;
}

function wideTile(width: number, height: number): Box {
	const around = (WIDE - 1) / 2;
	return { x: -around * width, y: -around * height, width: WIDE * width, height: WIDE * height };
}

/** Where the tiles of one axis begin; a single one where the frame is smaller than a tile, which then reaches beyond. */
function tileStarts(lengthPx: number, sidePx: number): number[] {
	if (lengthPx <= sidePx) return [(lengthPx - sidePx) / 2];
	const count = Math.ceil((lengthPx - sidePx) / (sidePx * (1 - OVERLAP))) + 1;
	return Array.from({ length: count }, (_, index) => (index * (lengthPx - sidePx)) / (count - 1));
}

/** Whether a face found in `tile` may go on beyond its border, inside the frame: then a neighbour shows it whole. */
function isCut({ box }: DetectedFace, tile: Box, frame: { width: number; height: number }): boolean {
	const marginPx = BORDER_SHARE * Math.max(box.width, box.height);
	return (
		(tile.x > 0 && box.x - tile.x < marginPx) ||
		(tile.y > 0 && box.y - tile.y < marginPx) ||
		(tile.x + tile.width < frame.width && tile.x + tile.width - box.x - box.width < marginPx) ||
		(tile.y + tile.height < frame.height && tile.y + tile.height - box.y - box.height < marginPx)
	);
}

/**
 * The faces that several looks at a frame found, each once: weighted non-max suppression, then what is a part of a larger
 * face goes. Most confident first. Changes no argument.
 */
export function mergeFaces(faces: readonly DetectedFace[], maxFaces: number): DetectedFace[] {
	const merged = blendSame(faces);
	const area = ({ width, height }: Box): number => width * height;
	const isPart = ({ box }: DetectedFace): boolean =>
		merged.some((other) => area(other.box) > area(box) && shareInside(box, other.box) >= PART_SHARE);
	return merged.filter((face) => !isPart(face)).slice(0, maxFaces);
}

function blendSame(faces: readonly DetectedFace[]): DetectedFace[] {
	const ranked = faces.toSorted((a, b) => b.confidence - a.confidence);
	return groupCandidates(ranked, Infinity).map(blendFaces);
}

/** All that the detector finds in the tiles, whole faces only, as often as it finds them. */
async function lookAtTiles(
	detector: FaceDetector,
	frame: Frame,
	tiles: readonly Box[],
	minConfidence?: number
): Promise<DetectedFace[]> {
	const found: DetectedFace[] = [];
	for (const region of tiles) {
		const faces = await detector.detect(frame, { region, minConfidence });
		found.push(...faces.filter((face) => !isCut(face, region, frame)));
	}
	return found;
}

/** The faces that the detector finds in the tiles, whole ones only, each once. */
export async function detectInTiles(
	detector: FaceDetector,
	frame: Frame,
	tiles: readonly Box[],
	{ minConfidence, maxFaces }: { minConfidence?: number; maxFaces: number }
): Promise<DetectedFace[]> {
	return mergeFaces(await lookAtTiles(detector, frame, tiles, minConfidence), maxFaces);
}

/** The square around a face in which it takes `share` of the side. */
function closeLook({ box }: DetectedFace, share: number): Box {
	const side = Math.max(box.width, box.height) / share;
	const { x, y } = boxCentre(box);
	return { x: x - side / 2, y: y - side / 2, width: side, height: side };
}

/** The candidate as closer looks show it, with the mean of their confidences; null where one does not see it. */
async function lookClosely(
	detector: FaceDetector,
	frame: Frame,
	candidate: DetectedFace
): Promise<DetectedFace | null> {
	const seen: DetectedFace[] = [];
	for (const share of CLOSE_SHARES) {
		const region = closeLook(candidate, share);
		const faces = await detector.detect(frame, { region, minConfidence: LEAST_CONFIDENCE });
		const same = faces.find((face) => groupCandidates([candidate, face], Infinity).length === 1);
		if (same === undefined) return null;
		seen.push(same);
	}
	const confidence = seen.reduce((sum, face) => sum + face.confidence, 0) / seen.length;
	return { ...blendFaces(seen), confidence };
}

/**
 * A detector that finds small and large faces alike: what one look at the frame finds and, looking everywhere for
 * candidates and then closely at each, what that misses. For pictures that stand alone; a live frame has no time for it.
 */
export function thoroughDetector(detector: FaceDetector, { smallestFacePx, maxFaces }: TileLimits): FaceDetector {
	return {
		async detect(frame, { region, minConfidence = DEFAULT_CONFIDENCE } = {}) {
			if (region !== undefined) return detector.detect(frame, { region, minConfidence });
			const found = await detector.detect(frame, { minConfidence });
			const tiles = planTiles(frame.width, frame.height, smallestFacePx);
			// A large candidate that is no face would swallow the small faces in it: parts go after the closer looks alone.
			const candidates = blendSame(await lookAtTiles(detector, frame, tiles, CANDIDATE_CONFIDENCE));
			const limit = minConfidence + CLOSE_RIGOUR * (1 - minConfidence);
			for (const candidate of candidates) {
				const face = await lookClosely(detector, frame, candidate);
				if (face !== null && face.confidence >= limit) found.push(face);
			}
			return mergeFaces(found, maxFaces);
		}
	};
}
