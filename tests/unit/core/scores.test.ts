import { describe, expect, it } from 'vitest';
import { meanScores } from '../../../src/lib/core/scores';

describe('meanScores', () => {
	it('takes the mean label by label', () => {
		expect(
			meanScores([
				[0.25, 0.75],
				[0.75, 0.25],
				[0.5, 0.5]
			])
		).toEqual([0.5, 0.5]);
	});

	it('keeps one row as it is', () => {
		expect(meanScores([[0.1, 0.2, 0.7]])).toEqual([0.1, 0.2, 0.7]);
	});
});
