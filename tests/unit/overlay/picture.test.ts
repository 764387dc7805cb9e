import { describe, expect, it } from 'vitest';
import { drawnSize } from '../../../src/lib/overlay/picture';

describe('a picture with its overlay', () => {
	it('has the size of the picture, up to 1920 pixels', () => {
		expect(drawnSize({ width: 640, height: 480 })).toEqual({ width: 640, height: 480 });
		expect(drawnSize({ width: 3840, height: 2160 })).toEqual({ width: 1920, height: 1080 });
	});

	// A canvas without pixels cannot be written, and took the whole archive with it.
	it.each([
		[
			{ width: 1, height: 5000 },
			{ width: 1, height: 1920 }
		],
		[
			{ width: 12000, height: 2 },
			{ width: 1920, height: 1 }
		]
	])('has at least one pixel in each direction: %o', (size, drawn) => {
		expect(drawnSize(size)).toEqual(drawn);
	});
});
