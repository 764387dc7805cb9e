import { describe, expect, it } from 'vitest';
import { overlaps, placePills, type Size, type Worded } from '../../../src/lib/overlay/pills';

const VIEW = { width: 400, height: 300 };
const GAP = 6;
const WORDS: Size = { width: 100, height: 24 };
const NUMBER: Size = { width: 30, height: 24 };

const face = (x: number, y: number, side: number): Worded => ({
	box: { x, y, width: side, height: side },
	sizes: [WORDS, NUMBER]
});

describe('placePills', () => {
	it('puts the words above the face', () => {
		expect(placePills([face(100, 100, 80)], VIEW, GAP)).toEqual([{ x: 100, y: 70, ...WORDS, size: 0 }]);
	});

	it('puts them below if there is no room above, and inside the view at its right edge', () => {
		expect(placePills([face(340, 10, 60)], VIEW, GAP)).toEqual([{ x: 300, y: 76, ...WORDS, size: 0 }]);
	});

	it('lets the largest face choose first', () => {
		const [small, large] = placePills([face(130, 100, 60), face(190, 96, 90)], VIEW, GAP);
		expect(large).toMatchObject({ x: 190, y: 66 });
		expect(small).toMatchObject({ x: 90, y: 70 });
	});

	it('keeps clear of buttons', () => {
		const button = { x: 90, y: 60, width: 40, height: 40 };
		const [pill] = placePills([face(100, 100, 80)], VIEW, GAP, [button]);
		expect(pill?.size).toBe(0);
		expect(pill && overlaps(pill, button)).toBe(false);
	});

	it('takes the shorter form if the longer one does not fit, and none if neither fits', () => {
		const tall = { ...face(0, 0, 0), box: { x: 0, y: 0, width: 360, height: 300 } };
		expect(placePills([tall], VIEW, GAP)).toEqual([{ x: 366, y: 0, ...NUMBER, size: 1 }]);
		expect(placePills([face(0, 0, 300)], { width: 300, height: 300 }, GAP)).toEqual([null]);
	});

	it.each([4, 12, 40])('covers none of %i faces and no other pill', (count) => {
		let seed = count;
		const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
		const faces = Array.from({ length: count }, () => face(random() * 360, random() * 260, 16 + random() * 60));
		const pills = placePills(faces, VIEW, GAP).filter((pill) => pill !== null);
		expect(pills.length).toBeGreaterThan(0);
		for (const [index, pill] of pills.entries()) {
			expect(faces.filter(({ box }) => overlaps(box, pill))).toEqual([]);
			expect(pills.filter((other, at) => at !== index && overlaps(other, pill))).toEqual([]);
		}
	});
});
