/**
 * Small and large faces of a single picture: what one look finds, plus what it misses, found by looking closely at
 * candidates in every part with detail. A border around the picture helps to find a face that fills it.
 */
import { FULL_RANGE, isSameFace } from './blazeface';
import { coverRegions } from './cover';
import { detailOf } from './detail';
import { grownBy, shareInside } from './geometry';
import { lookInMosaic, type LookAtEach } from './mosaic';
import {
	blendSame,
	CLOSE_SHARES,
	closeLook,
	FAR_CLOSE_SHARE,
	isCut,
	LEAST_CONFIDENCE,
	lookClosely,
	mergeFaces,
	planLevels,
	planTiles,
	SURE_CONFIDENCE,
	type Detectors,
	type TileLimits
} from './tiles';
import type { Box, DetectedFace, FaceDetector, Frame } from './types';

/** Size of the frame with a border, relative to the frame. A face that fills the frame fills half of this. */
const WIDE = 2;

/**
 * Still pictures are searched from this share on, in fewer and larger tiles, and with less confidence: all 145 faces of
 * 16 to 50 pixels found with the values of tiles.ts were candidates again, in two thirds of the looks.
 */
export const STILL_SHARE = 0.054;
/**
 * Tiles overlap and show many faces twice; rectangles show each once, so they must show it larger: of 256 heads of 16
 * to 60 pixels in drawn scenes tiles found 209, rectangles with the same share 197, with 0.06 200, with this 208.
 */
const COVERED_SHARE = 0.066;
/**
 * In pictures full of detail, tiles cover everything as cheaply, and twice where they overlap: at 0.85 three of 82
 * faces in group pictures were lost.
 */
const WORTH_IT = 0.65;
const STILL_CONFIDENCE = 0.08;
/**
 * Four candidates at once, each taking up half of its square, tell which ones need closer looks: the near detector saw
 * all of 222 faces with 0.51 or more, and 8 % of 1,434 things that are not faces with this.
 */
const MOSAIC_SHARE = 0.5;
const MOSAIC_CONFIDENCE = 0.25;

/** With this share inside a face a candidate is certainly part of it, whatever box a closer look would give it. */
const SURE_PART_SHARE = 0.9;
const WHOLLY_INSIDE = 0.999;
/** A face extends this many times its height from any detail in it. */
const REACH = 0.65;

/** Used if the caller gives no limit. */
const DEFAULT_CONFIDENCE = 0.5;

/** A part of the frame to look at; `scale` as in FaceDetector. */
interface Look {
	readonly region: Box;
	readonly scale?: number;
}

/**
 * Where a still picture may hold faces that the look at the whole misses: the tiles with detail or, if the detector
 * takes inputs of any size and that is cheaper, a few rectangles around the detail for each level. `sure`: faces inside
 * which nothing is searched.
 */
function planLooks(
	frame: Frame,
	smallestFacePx: number,
	sure: readonly DetectedFace[],
	anySize: boolean | undefined
): Look[] {
	const { width, height } = frame;
	const mayHoldFaces = detailOf(frame, smallestFacePx);
	const tiles = planTiles(width, height, smallestFacePx, STILL_SHARE)
		.slice(1)
		.filter((tile) => mayHoldFaces(tile) && !sure.some(({ box }) => shareInside(tile, box) > WHOLLY_INSIDE))
		.map((region): Look => ({ region }));
	if (anySize !== true) return tiles;
	const rectangles = planLevels(width, height, smallestFacePx, COVERED_SHARE).flatMap(
		({ sidePx, smallestPx, largestPx }) => {
			const marginPx = REACH * largestPx;
			// Anything deeper than this in a sure face can only be part of it.
			const inner = sure.map(({ box }) => grownBy(box, -marginPx));
			const isWanted = (cell: Box): boolean =>
				mayHoldFaces(cell) && !inner.some((box) => shareInside(cell, box) > WHOLLY_INSIDE);
			const scale = FULL_RANGE.size / sidePx;
			return coverRegions(frame, isWanted, { cellPx: smallestPx, marginPx, scale }).map((region) => ({
				region,
				scale
			}));
		}
	);
	const inputPx = rectangles.reduce((sum, { region, scale }) => sum + region.width * region.height * scale ** 2, 0);
	return inputPx < WORTH_IT * tiles.length * FULL_RANGE.size ** 2 ? rectangles : tiles;
}

/** The frame with a border around it. */
function wideTile({ width, height }: Frame): Box {
	const around = (WIDE - 1) / 2;
	return { x: -around * width, y: -around * height, width: WIDE * width, height: WIDE * height };
}

/**
 * Whether closer looks confirm what one look at the whole picture is not sure of: the mean of both detectors'
 * confidences must reach the limit. None of the seven things mentioned at `SURE_CONFIDENCE` passes, and 158 of 161
 * doubted faces of people (CK+, FER2013, video) do.
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

/** All whole faces that the detector finds in these parts, including duplicates. */
async function lookAtParts(
	detector: FaceDetector,
	frame: Frame,
	looks: readonly Look[],
	minConfidence: number
): Promise<DetectedFace[]> {
	const found: DetectedFace[] = [];
	for (const { region, scale } of looks) {
		const faces = await detector.detect(frame, { region, scale, minConfidence });
		found.push(...faces.filter((face) => !isCut(face, region, frame)));
	}
	return found;
}

/** Whether a candidate is a sure face, or something in it. */
function isKnown(candidate: DetectedFace, face: DetectedFace): boolean {
	return isSameFace(candidate, face) || shareInside(candidate.box, face.box) >= SURE_PART_SHARE;
}

/**
 * A detector for small and large faces: what one look at the frame finds, plus what it misses, found by looking
 * everywhere for candidates and then closely at each. For single pictures; it is too slow for live frames.
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
			// A face inside a larger one does not count, so nothing is searched inside sure ones.
			const sure = found.filter(({ confidence }) => confidence >= SURE_CONFIDENCE);
			const whole = { x: 0, y: 0, width: frame.width, height: frame.height };
			const parts = planLooks(frame, smallestFacePx, sure, far.anySize);
			// Parts of larger faces are dropped only after the closer looks: a large false candidate would swallow
			// small faces.
			const candidates = blendSame([
				...(await lookAtParts(near, frame, [{ region: wideTile(frame) }], STILL_CONFIDENCE)),
				...(await lookAtParts(far, frame, [{ region: whole }, ...parts], STILL_CONFIDENCE))
			]);
			const open = candidates.filter((candidate) => !sure.some((face) => isKnown(candidate, face)));
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
