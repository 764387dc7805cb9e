import { expect, it } from 'vitest';
import { concealedArea, LiveConcealment } from '../../../src/lib/overlay/conceal';
import type { FaceResult } from '../../../src/lib/core/types';

const PICTURE = { width: 640, height: 480 };

it('hides more than the box, and stays inside the picture', () => {
	expect(concealedArea({ x: 200, y: 200, width: 100, height: 100 }, PICTURE)).toEqual({
		x: 165,
		y: 165,
		width: 170,
		height: 170
	});
	expect(concealedArea({ x: -20, y: 440, width: 100, height: 100 }, PICTURE)).toEqual({
		x: 0,
		y: 405,
		width: 115,
		height: 75
	});
	expect(concealedArea({ x: 900, y: 0, width: 50, height: 50 }, PICTURE)).toBeNull();
});

const face = (id: number, x: number) => ({ id, box: { x, y: 0, width: 10, height: 10 } }) as FaceResult;

it('hides the whole picture until it has been searched, and then every face', () => {
	const concealment = new LiveConcealment();
	const look = (timeMs: number, ...faces: FaceResult[]) => concealment.boxes({ faces, timeMs, ...PICTURE });
	const whole = [{ x: 0, y: 0, ...PICTURE }];
	for (let frame = 0; frame < 15; frame++) expect(look(frame * 100, face(1, 5))).toEqual(whole);
	expect(look(1500, face(1, 5), face(2, 50)).map(({ x }) => x)).toEqual([5, 50]);
	expect(look(1600)).toHaveLength(2);
});

it('keeps hiding a face that was missed for a moment, but no longer', () => {
	const concealment = new LiveConcealment();
	const look = (timeMs: number, ...faces: FaceResult[]) =>
		concealment.boxes({ faces, timeMs, ...PICTURE }).map(({ x }) => x);
	for (let frame = 0; frame < 15; frame++) look(0);
	expect(look(1000, face(1, 5), face(2, 50))).toEqual([5, 50]);
	expect(look(2400, face(1, 6)).toSorted()).toEqual([50, 6]);
	expect(look(2600)).toEqual([6]);
	expect(look(4000)).toEqual([]);
});
