/**
 * Far faces in a live picture, at two rates: every frame is looked at as a whole and around the known faces; the rest
 * takes turns, one tile every other frame. Whatever its size, a frame costs one look at the whole, one for every four
 * known far faces, every other frame one at a tile, and one to three for each candidate. What only one look takes for a
 * face is not shown, unless that look is sure. If a tile shows a group, its candidates wait for their looks.
 */
import { isSameFace } from './blazeface';
import { boxCentre } from './geometry';
import { lookInMosaic, type LookAtEach } from './mosaic';
import {
	CANDIDATE_CONFIDENCE,
	closeLook,
	isCut,
	lookClosely,
	mergeFaces,
	planTiles,
	SURE_CONFIDENCE,
	type Detectors
} from './tiles';
import type { DetectedFace, Frame, Point } from './types';

/** Frames from one tile's turn to the next: a look of the far detector costs as much as three of the near one. */
const TILE_EVERY = 2;
/**
 * A known face takes up this share of the side of the square that is searched for it: it may move by half its size more
 * or less than it did before. Of 104 heads of each height, 0.42 found 81 % of those of 40 pixels again, 0.5 found 95 %.
 */
const FOLLOW_SHARE = 0.5;
/**
 * A known face is found again with this share of the confidence that a new one needs, and then counts as just as sure:
 * this raises the 95 % to 99.
 */
const FOLLOW_RIGOUR = 0.6;
/** A face found is the known one if its centre is within this share of its size from where it was expected. */
const FOLLOW_REACH = 0.8;
/** A face not seen in this many frames is left to the search again. */
const MOST_MISSED = 5;
/** A face doubted in this many frames must be confirmed like a new one: it may have turned into something else. */
const MOST_DOUBTED = 10;
/**
 * At most this many candidates get a close look in one frame: the doubtful ones of the whole frame first, then those
 * waiting, then the tile's.
 */
const MOST_CANDIDATES = 3;
/** At most this many candidates wait for their close look: one tile shows all faces of a group at once. */
const MOST_WAITING = 12;
const AT_REST: Point = { x: 0, y: 0 };

type FrameSize = Pick<Frame, 'width' | 'height'>;

interface KnownFace {
	readonly face: DetectedFace;
	/** How far its centre moved since the previous frame, in pixels. */
	readonly step: Point;
	/** Frames since it was seen. */
	readonly missed: number;
	/** Consecutive frames in which it was seen with less confidence than a new face needs. */
	readonly doubted: number;
}

export interface SearchState {
	/** Counts the frames, to tell which tile's turn it is. */
	readonly turn: number;
	readonly known: readonly KnownFace[];
	/** Candidates of tiles that no frame had a look left for, longest waiting first. */
	readonly waiting: readonly DetectedFace[];
}

/** The state every source starts with. */
export const NOTHING_KNOWN: SearchState = { turn: 0, known: [], waiting: [] };

export interface SearchSettings {
	/** Height of the smallest faces to find, in frame pixels. */
	readonly smallestFacePx: number;
	/** At most this many faces are followed, the largest: every four may cost a look in each frame. */
	readonly maxFaces: number;
	/** Confidence, 0..1, at which known faces count; for new ones `lookClosely` asks for more. */
	readonly minConfidence: number;
}

/** Frames until every place has been looked at. */
export function framesOfRound({ width, height }: FrameSize, smallestFacePx: number): number {
	return TILE_EVERY * planTiles(width, height, smallestFacePx).length;
}

/**
 * The faces of a frame, most confident first. Every place is looked at once in as many frames as `framesOfRound` says.
 * Looks: at most 7 plus one per four of `maxFaces` with the near detector, 4 with the far one. Changes no argument.
 */
export async function searchFrame(
	frame: Frame,
	{ near, far }: Detectors,
	{ smallestFacePx, maxFaces, minConfidence }: SearchSettings,
	{ turn, known, waiting }: SearchState,
	lookAtEach: LookAtEach = lookInMosaic
): Promise<[SearchState, DetectedFace[]]> {
	// The whole frame.
	const before = known.map(({ face }) => face);
	const [seen, candidates]: [DetectedFace[], DetectedFace[]] = [[], []];
	for (const face of await near.detect(frame))
		// One look was sure of 12 of 14 faces; closer looks confirmed the others.
		if (isAmong(face, before)) seen.push(atLeast(face, minConfidence));
		else (face.confidence >= SURE_CONFIDENCE ? seen : candidates).push(face);
	// Known faces that the whole frame did not show.
	const unseen = known.filter(({ face }) => !isAmong(face, seen));
	const regions = unseen.map(({ face, step }) => closeLook(movedBy(face, step), FOLLOW_SHARE));
	const looks = await lookAtEach(near, frame, regions, FOLLOW_RIGOUR * minConfidence);
	const lost: KnownFace[] = [];
	for (const [index, { face, step, missed, doubted }] of unseen.entries()) {
		const again = nearestTo(movedBy(face, step), looks[index] ?? []);
		if (again !== undefined) (doubted < MOST_DOUBTED ? seen : candidates).push(atLeast(again, minConfidence));
		// Assumed to stand still: people who turn away mostly do.
		else if (missed < MOST_MISSED) lost.push({ face, step: AT_REST, missed: missed + 1, doubted });
	}
	// The tile whose turn it is: what it shows is only a candidate.
	const proposed = [...waiting];
	if (turn % TILE_EVERY === 0) {
		const tiles = planTiles(frame.width, frame.height, smallestFacePx);
		const tile = tiles[(turn / TILE_EVERY) % tiles.length];
		const shown = await far.detect(frame, { region: tile, minConfidence: CANDIDATE_CONFIDENCE });
		const whole = shown.filter((face) => tile === undefined || !isCut(face, tile, frame));
		proposed.push(...whole.filter((face) => !isAmong(face, waiting)));
	}
	// Closer looks at the candidates.
	const isFresh = (face: DetectedFace): boolean => !isAmong(face, seen);
	const fresh = [...candidates, ...proposed].filter(isFresh);
	for (const candidate of fresh.slice(0, MOST_CANDIDATES)) {
		const face = await lookClosely({ near, far }, frame, candidate, minConfidence);
		if (face !== null) seen.push(face);
	}
	const left = fresh.slice(MOST_CANDIDATES).filter((face) => proposed.includes(face) && isFresh(face));
	// State for the next frame.
	const faces = mergeFaces(seen, Infinity);
	const missing = lost.filter(({ face }) => !isAmong(face, faces));
	const area = ({ face: { box } }: KnownFace): number => box.width * box.height;
	const followed = faces.map((face) => remember(face, known, minConfidence));
	const all = [...followed, ...missing].sort((a, b) => area(b) - area(a));
	// If no more faces can be followed, none needs to wait.
	const next = all.length < maxFaces ? left.slice(0, MOST_WAITING) : [];
	return [{ turn: turn + 1, known: all.slice(0, maxFaces), waiting: next }, faces];
}

function isAmong(face: DetectedFace, faces: readonly DetectedFace[]): boolean {
	return faces.some((other) => isSameFace(face, other));
}

/** The one of `found` that is nearest to the face, if any is within reach. */
function nearestTo(face: DetectedFace, found: readonly DetectedFace[]): DetectedFace | undefined {
	const reachPx = FOLLOW_REACH * Math.max(face.box.width, face.box.height);
	const distancesPx = found.map((other) => {
		const { x, y } = stepBetween(face, other);
		return Math.hypot(x, y);
	});
	const leastPx = Math.min(...distancesPx);
	return leastPx < reachPx ? found[distancesPx.indexOf(leastPx)] : undefined;
}

/** What the next frame needs to know about a face, from what was known of it before. */
function remember(face: DetectedFace, known: readonly KnownFace[], minConfidence: number): KnownFace {
	const expected = known.map(({ face: last, step }) => movedBy(last, step));
	const nearest = nearestTo(face, expected);
	const last = nearest && known[expected.indexOf(nearest)];
	if (last === undefined) return { face, step: AT_REST, missed: 0, doubted: 0 };
	const { x, y } = stepBetween(last.face, face);
	const frames = last.missed + 1;
	const doubted = face.confidence > minConfidence ? 0 : last.doubted + 1;
	return { face, step: { x: x / frames, y: y / frames }, missed: 0, doubted };
}

/** The face, with at least that confidence. */
function atLeast(face: DetectedFace, confidence: number): DetectedFace {
	return { ...face, confidence: Math.max(face.confidence, confidence) };
}

function stepBetween(from: DetectedFace, to: DetectedFace): Point {
	const [a, b] = [boxCentre(from.box), boxCentre(to.box)];
	return { x: b.x - a.x, y: b.y - a.y };
}

function movedBy(face: DetectedFace, { x, y }: Point): DetectedFace {
	return { ...face, box: { ...face.box, x: face.box.x + x, y: face.box.y + y } };
}
