/** Photos and frames with faces, for the tests of state. */
import type { FaceResult, FrameResult } from '../../../src/lib/core/types';
import type { AppError } from '../../../src/lib/errors';
import type { Photo, PhotoState } from '../../../src/lib/state/photos.svelte';
import type { ShownModel } from '../../../src/lib/state/session.svelte';
import { faceAt } from '../core/faces';

export const MODEL: ShownModel = {
	id: 'mien',
	title: 'Mien',
	place: 0,
	labels: ['happy', 'sad'],
	inputSize: 48,
	priorRatio: [1, 3],
	unsureBelow: 0.4
};

export function face(id: number, scores: readonly number[]): FaceResult {
	const top = scores.indexOf(Math.max(...scores));
	return {
		...faceAt(100, 50, 40),
		id,
		square: { centre: { x: 100, y: 50 }, side: 40, angle: 0 },
		input: new Uint8Array(0),
		readings: { mien: { scores, smoothed: scores, top } }
	};
}

export function frame(faces: readonly FaceResult[], timeMs = 0): FrameResult {
	return { width: 200, height: 100, timeMs, faces, times: { read: 0, detect: 0, crop: 0, classify: {}, total: 0 } };
}

export function photo(id: number, name: string, state: PhotoState): Photo {
	return { id, name, file: new Blob(), thumbnail: null, state };
}

export function done(...faces: FaceResult[]): PhotoState {
	return { kind: 'done', result: frame(faces), size: { width: 1000, height: 500 } };
}

export function failed(error: AppError): PhotoState {
	return { kind: 'failed', error };
}
