import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../../src/lib/core/verdict';

const LABELS = ['happy', 'sad'];
const reading = (smoothed: number[], top: number) => ({ scores: smoothed, smoothed, top });

describe('verdictOf', () => {
	it.each([
		[0.39, true],
		[0.4, false],
		[0.9, false]
	])('of %f is unsure: %s', (share, unsure) => {
		expect(verdictOf(reading([share, 0], 0), LABELS, 0.4)).toEqual({ label: 'happy', share, unsure });
	});

	it('is never unsure at a threshold of 0', () => {
		expect(verdictOf(reading([0, 0], 1), LABELS, 0)).toEqual({ label: 'sad', share: 0, unsure: false });
	});

	it('is nothing without a reading, or with a label that the model has not', () => {
		expect(verdictOf(undefined, LABELS, 0.4)).toBeNull();
		expect(verdictOf(reading([0.5, 0.5, 0], 2), LABELS, 0.4)).toBeNull();
	});
});
