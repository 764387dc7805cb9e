import { describe, expect, it } from 'vitest';
import { fitWithin } from '../../../src/lib/sources/scale';

describe('fitWithin', () => {
	it('keeps what fits', () => {
		expect(fitWithin({ width: 640, height: 480 }, 1280)).toEqual({ width: 640, height: 480 });
	});

	it('brings the longer side down and keeps the aspect ratio', () => {
		expect(fitWithin({ width: 6000, height: 4000 }, 1920)).toEqual({ width: 1920, height: 1280 });
		expect(fitWithin({ width: 4000, height: 6000 }, 1920)).toEqual({ width: 1280, height: 1920 });
	});

	it('never goes below one pixel', () => {
		expect(fitWithin({ width: 10_000, height: 1 }, 100)).toEqual({ width: 100, height: 1 });
	});
});
