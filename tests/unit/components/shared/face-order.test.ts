import { describe, expect, it } from 'vitest';
import { leftToRight } from '../../../../src/lib/components/shared/face-order';

const face = (id: number, x: number) => ({ id, box: { x, y: 0, width: 40, height: 40 } });
const ids = (faces: readonly { id: number }[]) => faces.map(({ id }) => id);

describe('faces in a list', () => {
	const faces = [face(7, 300), face(2, 10), face(5, 150)];

	it('run from left to right, or the other way round in a mirrored picture', () => {
		expect(ids(leftToRight(faces, false))).toEqual([2, 5, 7]);
		expect(ids(leftToRight(faces, true))).toEqual([7, 5, 2]);
	});

	it('keep their order while side by side, and change it once one has passed the other', () => {
		const close = [face(2, 104), face(5, 100), face(7, 300)];
		expect(ids(leftToRight(close, false, [2, 5, 7]))).toEqual([2, 5, 7]);
		expect(ids(leftToRight([face(2, 120), face(5, 100), face(7, 300)], false, [2, 5, 7]))).toEqual([5, 2, 7]);
	});

	it('are all kept in a crowd of forty', () => {
		const crowd = Array.from({ length: 40 }, (_, index) => face(index, (index * 37) % 400));
		expect(new Set(ids(leftToRight(crowd, true, ids(crowd)))).size).toBe(40);
	});
});
