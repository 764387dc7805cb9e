import { expect, it } from 'vitest';
import { concealedArea, holdBoxes } from '../../../src/lib/overlay/conceal';
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

it('keeps hiding a face that was missed for a moment, and no longer', () => {
	const face = (id: number, x: number) => ({ id, box: { x, y: 0, width: 10, height: 10 } }) as FaceResult;
	const first = holdBoxes(new Map(), { faces: [face(1, 5), face(2, 50)], timeMs: 1000 });
	const second = holdBoxes(first, { faces: [face(1, 6)], timeMs: 2400 });
	expect([...second].map(([id, { box }]) => [id, box.x])).toEqual([
		[1, 6],
		[2, 50]
	]);
	expect([...holdBoxes(second, { faces: [], timeMs: 2600 }).keys()]).toEqual([1]);
	expect(holdBoxes(second, { faces: [], timeMs: 4000 }).size).toBe(0);
});
