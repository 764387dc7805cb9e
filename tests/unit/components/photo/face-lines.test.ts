import { describe, expect, it } from 'vitest';
import { faceLines, sortLines } from '../../../../src/lib/components/photo/face-lines';
import type { ListedPhoto } from '../../../../src/lib/components/photo/listed-photo';
import type { FrameResult } from '../../../../src/lib/core/types';

const MODEL = { id: 'mien', labels: ['happy', 'sad'], unsureBelow: 0.6 };

function photo(id: number, name: string, shares: readonly number[]): ListedPhoto & { id: number } {
	const faces = shares.map((happy, index) => {
		const scores = [happy, 1 - happy];
		return { id: index + 1, readings: { mien: { scores, smoothed: scores, top: happy >= 0.5 ? 0 : 1 } } };
	});
	return { id, name, thumbnail: null, state: { kind: 'done', result: { faces } as unknown as FrameResult } };
}

const PHOTOS = [
	photo(1, 'b10.jpg', [0.9, 0.55]),
	photo(2, 'b9.jpg', []),
	{
		id: 3,
		name: 'a.txt',
		thumbnail: null,
		state: { kind: 'failed' as const, error: { code: 'picture-empty' as const } }
	},
	photo(4, 'c.jpg', [0.2])
];

describe('the table of photos', () => {
	const lines = faceLines(PHOTOS, MODEL);

	it('has a line for each face and for each picture without one, and no label if a face is unsure', () => {
		expect(lines.map(({ photoId, face, label, share, note }) => [photoId, face, label, share, note])).toEqual([
			[1, 1, 'happy', 0.9, null],
			[1, 2, null, null, null],
			[2, null, null, null, 'No face'],
			[3, null, null, null, 'Not readable'],
			[4, 1, 'sad', 0.8, null]
		]);
	});

	it.each([
		['file', false, [3, 2, 1, 1, 4]],
		['share', true, [1, 4, 1, 2, 3]],
		['share', false, [4, 1, 1, 2, 3]],
		['label', false, [1, 4, 1, 2, 3]]
	] as const)('is sorted by %s, descending: %s, with empty cells last', (column, descending, ids) => {
		expect(sortLines(lines, column, descending).map(({ photoId }) => photoId)).toEqual(ids);
	});
});
