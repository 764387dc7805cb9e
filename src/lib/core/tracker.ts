/** Matches the faces of a frame with those of earlier frames: ids stay the same and are never reused. */
import { boxCentre } from './geometry';
import { followMotion, predictPlace, shownFace, startMotion, type Motion, type Place } from './motion';
import type { Box, DetectedFace, TrackedFace } from './types';

/** A face not seen for this long is gone; if it comes back, it counts as a new one. */
export const FORGET_AFTER_MS = 1000;
/**
 * A face that the very last frame showed is kept for this long, so that ids stay on machines with less than a frame a
 * second.
 */
export const FORGET_LAST_FRAME_AFTER_MS = 3000;

/**
 * A face may be this far from where it is expected, in face sizes, and this much farther for each second since its
 * last detection.
 */
const REACH = 0.5;
const REACH_PER_SECOND = 2;
/** A face may become larger or smaller by this factor between two detections. */
const MOST_RESIZING = 2;
/** A size off by a small fraction counts against a match as much as a distance of this many times that fraction. */
const RESIZING_WEIGHT = 2;

interface Track {
	readonly id: number;
	/** Time of its last detection. */
	readonly seenMs: number;
	readonly motion: Motion;
}

export interface TrackerState {
	readonly nextId: number;
	/** Time of the last frame. */
	readonly timeMs: number;
	/** Faces that may still be matched. */
	readonly tracks: readonly Track[];
}

/** The state every source starts with. */
export const NO_TRACKS: TrackerState = { nextId: 1, timeMs: -Infinity, tracks: [] };

/**
 * The detections, in order, with ids and smoothed boxes and landmarks. `timeMs`: of the frame; if it runs backwards (a
 * video is rewound), all faces are new.
 */
export function trackFaces(
	state: TrackerState,
	detections: readonly DetectedFace[],
	timeMs: number
): [TrackerState, TrackedFace[]] {
	const rewound = timeMs < state.timeMs;
	const known = rewound ? [] : state.tracks.filter((track) => isKept(track, state.timeMs, timeMs));
	const matches = matchTracks(known, detections, timeMs);
	let { nextId } = state;
	const matched = new Set(matches.values());
	const tracks = known.filter((track) => !matched.has(track));
	const faces: TrackedFace[] = [];
	for (const [index, face] of detections.entries()) {
		const before = matches.get(index);
		const id = before ? before.id : nextId++;
		const motion = before ? followMotion(before.motion, face, timeMs - before.seenMs) : startMotion(face);
		tracks.push({ id, seenMs: timeMs, motion });
		faces.push({ id, ...shownFace(motion, face.confidence) });
	}
	return [{ nextId, timeMs, tracks }, faces];
}

function isKept({ seenMs }: Track, lastFrameMs: number, timeMs: number): boolean {
	return timeMs - seenMs <= (seenMs === lastFrameMs ? FORGET_LAST_FRAME_AFTER_MS : FORGET_AFTER_MS);
}

/**
 * The track of each detection (by index) that has one, best pairs first. In simulated crowds (six people crossing, with
 * occlusions and misses) the assignment of least total cost swapped as many ids at 30 frames a second and a fifth more
 * at 5 to 12: it gives up a certain pair to allow two doubtful ones. Without prediction twice as many were swapped.
 */
function matchTracks(
	tracks: readonly Track[],
	detections: readonly DetectedFace[],
	timeMs: number
): Map<number, Track> {
	const pairs = tracks.flatMap((track) => {
		const unseenMs = timeMs - track.seenMs;
		const expected = predictPlace(track.motion, unseenMs);
		return detections
			.map(({ box }, index) => ({ track, index, cost: mismatch(expected, unseenMs, box) }))
			.filter(({ cost }) => cost < Infinity);
	});
	pairs.sort((a, b) => a.cost - b.cost);
	const matches = new Map<number, Track>();
	const taken = new Set<Track>();
	for (const { track, index } of pairs) {
		if (taken.has(track) || matches.has(index)) continue;
		taken.add(track);
		matches.set(index, track);
	}
	return matches;
}

/**
 * How badly a box fits a face expected there: the distance in face sizes plus the weighted log ratio of the sizes. 0 is
 * perfect, infinite if it cannot be the same face.
 */
function mismatch(expected: Place, unseenMs: number, box: Box): number {
	const sizePx = (box.width + box.height) / 2;
	const centre = boxCentre(box);
	const distancePx = Math.hypot(centre.x - expected.centre.x, centre.y - expected.centre.y);
	const distance = distancePx / ((sizePx + expected.sizePx) / 2);
	const resizing = Math.abs(Math.log(sizePx / expected.sizePx));
	const reach = REACH + (REACH_PER_SECOND * unseenMs) / 1000;
	if (distance > reach || resizing > Math.log(MOST_RESIZING)) return Infinity;
	return distance + RESIZING_WEIGHT * resizing;
}
