/**
 * Far faces in a live picture, at two rates: the frame as a whole and the faces that are known are looked at in every
 * frame, the rest in turn, a tile a frame. A frame so costs two looks and one for each far face, however large it is, and
 * one for most candidates, three for a new face. Nothing is shown that only one look takes for a face, unless it is sure.
 */
import { boxCentre, intersectionOverUnion } from './geometry';
import { CANDIDATE_CONFIDENCE, closeLook, isCut, lookClosely, mergeFaces, planTiles, type Detectors } from './tiles';
import type { DetectedFace, FaceDetector, Frame } from './types';

/** A known face takes this share of the side of the square in which it is looked for: it may move by its own size. */
const FOLLOW_SHARE = 0.35;
/** It is the same where its centre moved by less than this share of its size. */
const FOLLOW_REACH = 0.8;
/** A face not seen in this many frames is left to the search again. */
const MOST_MISSED = 5;
/** Most candidates that are looked at closely in one frame, the doubtful ones of the whole first, then the most confident. */
const MOST_CANDIDATES = 3;
/**
 * What one look at the frame shows with less confidence than this, and was not known, is a candidate too. In four of 49
 * scenes without faces one look was sure of something with 0.53 to 0.71. Of 14 faces it was sure of 12 with 0.8 or more,
 * and closer looks confirmed the others.
 */
const SURE_CONFIDENCE = 0.8;
/** Two boxes that overlap so much are one face. */
const SAME_OVERLAP = 0.3;

type FrameSize = Pick<Frame, 'width' | 'height'>;

interface KnownFace {
	readonly face: DetectedFace;
	/** Frames since it was seen. */
	readonly missed: number;
}

export interface SearchState {
	/** Counts the frames: whose turn it is. */
	readonly turn: number;
	readonly known: readonly KnownFace[];
}

/** Where every source starts. */
export const NOTHING_KNOWN: SearchState = { turn: 0, known: [] };

export interface SearchSettings {
	/** Height of the smallest faces to be found, in pixels of the frame. */
	readonly smallestFacePx: number;
	/** Most faces followed, the largest: each may cost a look in every frame. */
	readonly maxFaces: number;
	/** What a tile shows is a face where closer looks are more confident than this, and a little more. */
	readonly minConfidence: number;
}

/** Frames until every place has been looked at. */
export function framesOfRound({ width, height }: FrameSize, smallestFacePx: number): number {
	return planTiles(width, height, smallestFacePx).length;
}

/**
 * The faces of a frame, most confident first. Every place is looked at once in as many frames as `framesOfRound`
 * says. Looks: at most `maxFaces` + 7 with the near detector, 4 with the far one. Changes no argument.
 */
export async function searchFrame(
	frame: Frame,
	{ near, far }: Detectors,
	{ smallestFacePx, maxFaces, minConfidence }: SearchSettings,
	{ turn, known }: SearchState
): Promise<[SearchState, DetectedFace[]]> {
	const before = known.map(({ face }) => face);
	const [seen, doubtful]: [DetectedFace[], DetectedFace[]] = [[], []];
	for (const face of await near.detect(frame))
		(face.confidence >= SURE_CONFIDENCE || isAmong(face, before) ? seen : doubtful).push(face);
	const lost: KnownFace[] = [];
	for (const { face, missed } of known) {
		if (isAmong(face, seen)) continue;
		const again = await follow(near, frame, face);
		if (again !== null) seen.push(again);
		else if (missed < MOST_MISSED) lost.push({ face, missed: missed + 1 });
	}
	const tiles = planTiles(frame.width, frame.height, smallestFacePx);
	const [tile] = tiles.slice(turn % tiles.length);
	const proposed = await far.detect(frame, { region: tile, minConfidence: CANDIDATE_CONFIDENCE });
	const whole = proposed.filter((face) => tile === undefined || !isCut(face, tile, frame));
	const candidates = [...doubtful, ...whole].filter((face) => !isAmong(face, seen));
	for (const candidate of candidates.slice(0, MOST_CANDIDATES)) {
		const face = await lookClosely({ near, far }, frame, candidate, minConfidence);
		if (face !== null) seen.push(face);
	}
	const faces = mergeFaces(seen, Infinity);
	const unseen = lost.filter(({ face }) => !isAmong(face, faces));
	const area = ({ face: { box } }: KnownFace): number => box.width * box.height;
	const all = [...faces.map((face) => ({ face, missed: 0 })), ...unseen].sort((a, b) => area(b) - area(a));
	return [{ turn: turn + 1, known: all.slice(0, maxFaces) }, faces];
}

function isAmong({ box }: DetectedFace, faces: readonly DetectedFace[]): boolean {
	return faces.some((other) => intersectionOverUnion(box, other.box) >= SAME_OVERLAP);
}

/** The face where it was in the frame before, or near to it; null where it is not to be seen. */
async function follow(near: FaceDetector, frame: Frame, face: DetectedFace): Promise<DetectedFace | null> {
	const before = boxCentre(face.box);
	const reachPx = FOLLOW_REACH * Math.max(face.box.width, face.box.height);
	const found = (await near.detect(frame, { region: closeLook(face, FOLLOW_SHARE) }))
		.map((other) => {
			const { x, y } = boxCentre(other.box);
			return { other, distancePx: Math.hypot(x - before.x, y - before.y) };
		})
		.filter(({ distancePx }) => distancePx < reachPx)
		.sort((a, b) => a.distancePx - b.distancePx);
	return found[0]?.other ?? null;
}
