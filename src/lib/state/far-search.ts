/**
 * When to search a live source, or a film, for faces that one look at a frame misses: from the first frame on, as nothing is known
 * then, but not if all faces found are near, as a search costs time; if a group is far away; and once no face was in
 * view for a while.
 */
import type { FrameResult } from '../core/types';

/** `begun`: at the first frame, until faces are seen; `searched`: for as long as the source runs. */
export type FarSearch = 'unknown' | 'not-yet' | 'begun' | 'searched' | 'impossible';

/** Height of the smallest faces that are searched for, in pixels of the analysed frame. */
export const SEARCHED_PX = 24;

const SEARCH_AFTER_MS = 1000;
/** Faces of this share of the picture's longer side are seen without a search; people in groups are seldom so near. */
const NEAR_SHARE = 0.15;

/** If this many faces are in view and all far away, one look misses others. */
const GROUP = 3;

/** The state after a frame; `missedMs`: time since a face was in view, or since the source was opened. */
export function farSearchAfter(
	before: FarSearch,
	{ width, height, faces }: Pick<FrameResult, 'width' | 'height' | 'faces'>,
	missedMs: number
): FarSearch {
	if (before === 'impossible' || before === 'searched') return before;
	if (missedMs > SEARCH_AFTER_MS) return 'searched';
	if (faces.length === 0) return before === 'not-yet' ? before : 'begun';
	const isNear = ({ box }: (typeof faces)[number]): boolean => box.height >= NEAR_SHARE * Math.max(width, height);
	if (before === 'begun') return faces.every(isNear) ? 'not-yet' : 'searched';
	return faces.length >= GROUP && !faces.some(isNear) ? 'searched' : 'not-yet';
}

export function isSearched(far: FarSearch): boolean {
	return far === 'begun' || far === 'searched';
}
