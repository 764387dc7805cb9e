import { expect, it } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { captionOf } from '../../../src/lib/overlay/framed';

const MODEL = { id: 'mien', labels: ['happy', 'sad', 'fear', 'angry', 'neutral'], unsureBelow: 0.4 };

/** Faces, each with the label at this position as its most likely one. */
function result(tops: readonly number[], share = 0.8): FrameResult {
	const faces = tops.map((top, id) => {
		const smoothed = MODEL.labels.map((_, index) => (index === top ? share : (1 - share) / 4));
		return { id, readings: { mien: { scores: smoothed, smoothed, top } } };
	});
	return { faces } as unknown as FrameResult;
}

it.each([
	[[], 'No face'],
	[[0], '1 face: happy'],
	[[1, 1, 2], '3 faces: 2 sad, fear'],
	[[0, 1, 2, 3, 4], '5 faces']
])('the caption of a shared picture says in a few words what is in it: %o', (tops, caption) => {
	expect(captionOf(result(tops), MODEL)).toBe(caption);
});

it('the caption names no label that the model is unsure of', () => {
	expect(captionOf(result([0], 0.3), MODEL)).toBe('1 face: unsure');
});
