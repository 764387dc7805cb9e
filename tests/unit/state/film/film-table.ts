/** Small films for the tests of film analysis: one model, two labels. */
import type { FaceResult } from '../../../../src/lib/core/types';
import type { FilmInfo } from '../../../../src/lib/sources/film/film';
import { FilmTable } from '../../../../src/lib/state/film/table';
import { face } from '../results';

/** A minute of film, whole. */
export const INFO: FilmInfo = {
	size: { width: 640, height: 480 },
	analysedSize: { width: 640, height: 480 },
	startS: 0,
	endS: 60,
	frameCount: 1800,
	container: 'MP4',
	codec: 'avc1.64001f',
	hdr: false,
	recordedAtMs: null,
	method: 'webcodecs',
	cutShort: false,
	videoTracks: 1
};
export const TOLD = { id: 'mien', labels: ['happy', 'sad'], unsureBelow: 0.6 };
export const EVERYTHING = { fromS: -Infinity, toS: Infinity };

/** A face at a place, whose label has this probability. */
export function faceWith(id: number, happy: number, x = 100): FaceResult {
	const made = face(id, [happy, 1 - happy]);
	return { ...made, box: { ...made.box, x: x - made.box.width / 2 } };
}

/** A film of ten frames a second, given frame by frame; the first at `fromS`. */
export function filmOf(frames: readonly (readonly FaceResult[])[], fromS = 0): FilmTable {
	const table = new FilmTable([{ id: 'mien', title: 'Mien', labels: ['happy', 'sad'] }]);
	for (const [index, faces] of frames.entries()) table.add(index * 3, fromS + index / 10, faces, 1);
	return table;
}

/** So many frames with one face of this probability of "happy"; none if it is null. */
export function stretch(count: number, happy: number | null, id = 1): FaceResult[][] {
	return Array.from({ length: count }, () => (happy === null ? [] : [faceWith(id, happy)]));
}
