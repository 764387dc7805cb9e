import { describe, expect, it } from 'vitest';
import { thumbnailSize } from '../../../src/lib/sources/thumbnail';

describe('thumbnailSize', () => {
	it.each([
		['as wide as the list needs it', 4000, 3000, 240, 180],
		['with enough pixels across a tall picture', 300, 1200, 240, 960],
		['with enough pixels down a wide picture', 1800, 360, 900, 180],
		['no longer than a limit', 8000, 150, 1440, 27],
		['never larger than the picture', 20, 10, 20, 10],
		['at least one pixel', 10_000, 1, 1440, 1]
	])('is %s', (_, width, height, thumbWidth, thumbHeight) => {
		expect(thumbnailSize({ width, height })).toEqual({ width: thumbWidth, height: thumbHeight });
	});
});
