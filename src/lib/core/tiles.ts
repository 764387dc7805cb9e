/**
 * Faces that one look at the whole frame misses: those too small for the detector's few pixels, found in tiles of the
 * frame, and those that fill the frame, found with a border around it. The far detector proposes, for it sees faces half
 * as large in its input; the near one looks closely and says where the face is, as what reads faces was fitted to its boxes.
 */
import { blendFaces, groupCandidates, isSameFace } from './blazeface';
import { detailOf } from './detail';
import { boxCentre, shareInside } from './geometry';
import { lookInMosaic, type LookAtEach } from './mosaic';
import type { Box, DetectedFace, FaceDetector, Frame } from './types';

/**
 * A tile is searched for faces from this share of its side on: 13 of the far detector's 192 pixels. Of 36 heads of 28 to
 * 40 pixels, six people's, it then proposed 36, all with more than 0.2; from 0.06 on, 34.
 */
export const SMALLEST_SHARE = 0.069;
/** The sides of the tiles of one level are at most this many times those of the next. */
const MOST_LEVEL_RATIO = 4;
/**
 * Neighbours of a level overlap by this many times the side of the largest face that the level above may miss: more than
 * once, as a detected box is larger than its face.
 */
const OVERLAP = 1.25;
/** The frame with a border: relative to the frame. A face that fills the frame fills half of this. */
const WIDE = 2;

/**
 * Many looks find many things that are no faces, so what a tile shows with this confidence is only a candidate, which three
 * close looks have to confirm. With 0.2 eight of 189 heads of 28 and 40 pixels in filmed scenes were lost.
 */
export const CANDIDATE_CONFIDENCE = 0.15;
/** The near detector looks closely twice: at squares of whose side the face takes these shares. */
const CLOSE_SHARES = [0.3, 0.4] as const;
/** The mean confidence of both looks has to exceed the limit by this part of what the limit leaves to 1. */
const CLOSE_RIGOUR = 0.3;
/**
 * Then the far one, which proposed the face small, looks once, and its confidence has to exceed the limit by a part of its
 * own. Of 223 heads of 24 to 40 pixels that the near looks confirmed that leaves 221, of 11 things in 42 scenes without
 * faces one.
 */
const FAR_CLOSE_SHARE = 0.25;
const FAR_RIGOUR = 0.2;
/**
 * What one look at the whole picture shows with less confidence than this is doubted. In four of 49 scenes without faces one
 * look was sure of something with 0.53 to 0.71; in 71 pictures without people (animals, drawings, streets, fruit) of seven
 * things with 0.51 to 0.60.
 */
export const SURE_CONFIDENCE = 0.8;
/** A close look that is less confident than this shows nothing. */
const LEAST_CONFIDENCE = 0.1;
/**
 * A face that comes closer to a tile's border than this share of its size counts as cut there; a neighbour shows it
 * whole.
 */
const BORDER_SHARE = 0.05;
/** A face that lies in a larger one by this share is a part of it. */
const PART_SHARE = 0.7;

/**
 * Still pictures are searched from this share on, fewer and larger tiles, and with less confidence: all of 145 faces of 16 to
 * 50 pixels that the figures above found were candidates again, in two thirds of the looks.
 */
export const STILL_SHARE = 0.054;
const STILL_CONFIDENCE = 0.08;
/**
 * Four candidates at once, each taking half of its square, show the near detector which ones need the closer looks: of 222
 * faces it saw all with 0.51 or more, of 1,434 things that are none 8 % with this.
 */
const MOSAIC_SHARE = 0.5;
const MOSAIC_CONFIDENCE = 0.25;

/** With this share a candidate is a part for certain, whatever box a closer look would give it. */
const SURE_PART_SHARE = 0.9;
const WHOLLY_INSIDE = 0.999;

/** What still pictures are searched with. */
export const STILL_LIMITS: TileLimits = { smallestFacePx: 16, maxFaces: 100 };

/** Where the caller names no limit. */
const DEFAULT_CONFIDENCE = 0.5;

export interface TileLimits {
	/** Height of the smallest faces to be found, in pixels of the frame. */
	readonly smallestFacePx: number;
	/** Most faces returned. */
	readonly maxFaces: number;
}

/** BlazeFace's short range and its full range, which complete each other. */
export interface Detectors {
	/** Its boxes are those that classifiers' crops were fitted to. */
	readonly near: FaceDetector;
	/** Sees smaller faces in a region; its boxes are less exact. */
	readonly far: FaceDetector;
}

/**
 * Where to look: the frame, then levels of tiles, smaller each time by the same ratio, until faces of `smallestFacePx`
 * are large enough in them (`smallestShare` of the side). Tiles of a level cover the frame evenly and overlap so far that
 * each face that the level above may miss lies whole in one of them.
 */
export function planTiles(
	width: number,
	height: number,
	smallestFacePx: number,
	smallestShare: number = SMALLEST_SHARE
): Box[] {
	const tiles = [{ x: 0, y: 0, width, height }];
	const wholePx = Math.max(width, height);
	const reduction = (wholePx * smallestShare) / smallestFacePx;
	const levels = Math.ceil(Math.log(Math.max(reduction, 1)) / Math.log(MOST_LEVEL_RATIO));
	const ratio = reduction ** (1 / levels);
	for (let level = 1; level <= levels; level++) {
		const sidePx = wholePx / ratio ** level;
		const stepPx = sidePx * (1 - OVERLAP * smallestShare * ratio);
		for (const y of tileStarts(height, sidePx, stepPx)) {
			for (const x of tileStarts(width, sidePx, stepPx)) tiles.push({ x, y, width: sidePx, height: sidePx });
		}
	}
	return tiles;
}

/** The frame with a border around it. */
function wideTile({ width, height }: Frame): Box {
	const around = (WIDE - 1) / 2;
	return { x: -around * width, y: -around * height, width: WIDE * width, height: WIDE * height };
}

/** Where the tiles of one axis begin; a single one where the frame is smaller than a tile, which then reaches beyond. */
function tileStarts(lengthPx: number, sidePx: number, stepPx: number): number[] {
	if (lengthPx <= sidePx) return [(lengthPx - sidePx) / 2];
	const count = Math.ceil((lengthPx - sidePx) / stepPx) + 1;
	return Array.from({ length: count }, (_, index) => (index * (lengthPx - sidePx)) / (count - 1));
}

/** Whether a face found in `tile` may go on beyond its border, inside the frame: then a neighbour shows it whole. */
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
 * The faces that several looks at a frame found, each once: after weighted non-max suppression those that are a part of a
 * larger one are dropped. Most confident first. Changes no argument.
 */
export function mergeFaces(faces: readonly DetectedFace[], maxFaces: number): DetectedFace[] {
	const merged = blendSame(faces);
	const area = ({ width, height }: Box): number => width * height;
	const isPart = ({ box }: DetectedFace): boolean =>
		merged.some((other) => area(other.box) > area(box) && shareInside(box, other.box) >= PART_SHARE);
	return merged.filter((face) => !isPart(face)).slice(0, maxFaces);
}

/** Whether a candidate is something in a larger face and not that face itself, of which closer looks know more. */
function isSurePart(candidate: DetectedFace, face: DetectedFace): boolean {
	return shareInside(candidate.box, face.box) >= SURE_PART_SHARE && !isSameFace(candidate, face);
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
	minConfidence: number
): Promise<DetectedFace[]> {
	const found: DetectedFace[] = [];
	for (const region of tiles) {
		const faces = await detector.detect(frame, { region, minConfidence });
		found.push(...faces.filter((face) => !isCut(face, region, frame)));
	}
	return found;
}

/** The square around a face in which it takes `share` of the side. */
export function closeLook({ box }: DetectedFace, share: number): Box {
	const side = Math.max(box.width, box.height) / share;
	const { x, y } = boxCentre(box);
	return { x: x - side / 2, y: y - side / 2, width: side, height: side };
}

/**
 * The candidate as closer looks show it, with the mean of the near detector's confidences; null where one does not see it,
 * or where either detector is not sure enough of a face that nothing else shows. Looks: two near ones and a far one at
 * most, one near one for most of what is no face.
 */
export async function lookClosely(
	{ near, far }: Detectors,
	frame: Frame,
	candidate: DetectedFace,
	minConfidence: number
): Promise<DetectedFace | null> {
	const above = (rigour: number): number => minConfidence + rigour * (1 - minConfidence);
	const limit = above(CLOSE_RIGOUR);
	// Less in one look, and the mean of two cannot reach the limit.
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
 * Whether closer looks bear out what one look at the whole picture is not sure of: the mean of both detectors' confidences has
 * to reach the limit. Of the seven things above that leaves none; of 161 doubted faces of people (CK+, FER2013, video) 158.
 */
async function isBorneOut(
	{ near, far }: Detectors,
	frame: Frame,
	face: DetectedFace,
	minConfidence: number
): Promise<boolean> {
	const look = async (detector: FaceDetector, share: number): Promise<number> => {
		const region = closeLook(face, share);
		const faces = await detector.detect(frame, { region, minConfidence: LEAST_CONFIDENCE });
		return faces.find((each) => isSameFace(face, each))?.confidence ?? 0;
	};
	let sum = 0;
	for (const share of CLOSE_SHARES) sum += await look(near, share);
	return (sum / CLOSE_SHARES.length + (await look(far, FAR_CLOSE_SHARE))) / 2 >= minConfidence;
}

/** A detector that tells at once what one look at the whole picture is sure of: to be shown until `thoroughDetector` is done. */
export function glanceDetector(near: FaceDetector): FaceDetector {
	return {
		detect: async (frame, options) =>
			(await near.detect(frame, options)).filter(({ confidence }) => confidence >= SURE_CONFIDENCE)
	};
}

/**
 * A detector that finds small and large faces alike: what one look at the frame finds and, looking everywhere for
 * candidates and then closely at each, what that misses. For pictures that stand alone; a live frame has no time for it.
 */
export function thoroughDetector(
	{ near, far }: Detectors,
	{ smallestFacePx, maxFaces }: TileLimits,
	lookAtEach: LookAtEach = lookInMosaic
): FaceDetector {
	return {
		async detect(frame, { region, minConfidence = DEFAULT_CONFIDENCE } = {}) {
			if (region !== undefined) return near.detect(frame, { region, minConfidence });
			const found: DetectedFace[] = [];
			for (const face of await near.detect(frame, { minConfidence })) {
				const isSure = face.confidence >= SURE_CONFIDENCE;
				if (isSure || (await isBorneOut({ near, far }, frame, face, minConfidence))) found.push(face);
			}
			// A face that is part of a larger one does not count: inside of sure ones nothing is sought.
			const sure = found.filter(({ confidence }) => confidence >= SURE_CONFIDENCE);
			const mayHoldFaces = detailOf(frame, smallestFacePx);
			const [whole, ...parts] = planTiles(frame.width, frame.height, smallestFacePx, STILL_SHARE);
			const tiles = parts.filter(
				(tile) => mayHoldFaces(tile) && !sure.some(({ box }) => shareInside(tile, box) > WHOLLY_INSIDE)
			);
			if (whole !== undefined) tiles.unshift(whole);
			// A large candidate that is no face would swallow the small faces in it: parts go after the closer looks alone.
			const candidates = blendSame([
				...(await lookAtTiles(near, frame, [wideTile(frame)], STILL_CONFIDENCE)),
				...(await lookAtTiles(far, frame, tiles, STILL_CONFIDENCE))
			]);
			const open = candidates.filter((candidate) => !sure.some((face) => isSurePart(candidate, face)));
			const regions = open.map((candidate) => closeLook(candidate, MOSAIC_SHARE));
			const shown = await lookAtEach(near, frame, regions, MOSAIC_CONFIDENCE);
			for (const [index, candidate] of open.entries()) {
				if (shown[index]?.some((face) => isSameFace(candidate, face)) !== true) continue;
				const face = await lookClosely({ near, far }, frame, candidate, minConfidence);
				if (face !== null) found.push(face);
			}
			return mergeFaces(found, maxFaces);
		}
	};
}
