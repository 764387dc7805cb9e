import { describe, expect, it } from 'vitest';
import { endOfScale, scaleTitle } from '../../../../src/lib/components/kiosk/time-scale';

describe('a time axis', () => {
	it.each([
		[1, 2000],
		[2000, 2000],
		[2001, 4000],
		[31_000, 60_000],
		[61_000, 120_000],
		[25 * 60_000, 30 * 60_000],
		[31 * 60_000, 3_600_000],
		[5 * 3_600_000, 10 * 3_600_000],
		[101 * 3_600_000, 200 * 3_600_000]
	])('up to %i ms ends at %i ms, with a round label at its half too', (greatest, end) => {
		expect(endOfScale(greatest)).toBe(end);
		for (const value of [end, end / 2]) expect(scaleTitle(value)).toMatch(/^\d+ (s|min|h)$/);
	});

	it('has no length without data', () => {
		expect(endOfScale(0)).toBe(0);
		expect(scaleTitle(0)).toBe('0');
	});
});
