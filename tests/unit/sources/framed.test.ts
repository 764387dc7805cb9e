import { expect, it } from 'vitest';
import { framedSize } from '../../../src/lib/sources/framed';

const PICTURE = { width: 1280, height: 720 };

it('takes the whole picture, a part of it, or either turned', () => {
	expect(framedSize(PICTURE, { region: null, rotate: 0 })).toEqual({
		...{ left: 0, top: 0, cutWidth: 1280, cutHeight: 720 },
		...PICTURE
	});
	const region = { x: 0.25, y: 0.5, width: 0.5, height: 0.5 };
	expect(framedSize(PICTURE, { region, rotate: 270 })).toEqual({
		...{ left: 320, top: 360, cutWidth: 640, cutHeight: 360 },
		...{ width: 360, height: 640 }
	});
	expect(framedSize(PICTURE, { region: null, rotate: 90 })).toMatchObject({ width: 720, height: 1280 });
	expect(framedSize(PICTURE, { region: null, rotate: 180 })).toMatchObject(PICTURE);
});

it('never reaches outside, and is never empty', () => {
	for (const x of [0, 0.333, 0.999, 1]) {
		const beside = framedSize(PICTURE, { region: { x, y: 0, width: 1 - x, height: 1 }, rotate: 0 });
		expect(beside.cutWidth).toBeGreaterThanOrEqual(1);
		expect(beside.left + beside.cutWidth).toBe(1280);
		const below = framedSize(PICTURE, { region: { x: 0, y: x, width: 1, height: 1 - x }, rotate: 0 });
		expect(below.cutHeight).toBeGreaterThanOrEqual(1);
		expect(below.top + below.cutHeight).toBe(720);
	}
});
