import { describe, expect, it } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { farSearchAfter, isSearched, type FarSearch } from '../../../src/lib/state/far-search';

/** A frame of 640 x 480 with faces of these heights. */
function frameWith(...heights: readonly number[]): Pick<FrameResult, 'width' | 'height' | 'faces'> {
	const faces = heights.map((height) => ({ box: { x: 0, y: 0, width: height, height } }));
	return { width: 640, height: 480, faces: faces as unknown as FrameResult['faces'] };
}

describe('farSearchAfter', () => {
	it.each<[what: string, before: FarSearch, heights: number[], missedMs: number, after: FarSearch]>([
		['begins where the first frame shows nobody', 'unknown', [], 30, 'begun'],
		['does not begin where it shows someone', 'unknown', [200], 0, 'not-yet'],
		['nor where it shows two who stand far', 'unknown', [60, 70], 0, 'not-yet'],
		['begins where it shows three of a group', 'unknown', [60, 70, 80], 0, 'searched'],
		['begins where a group comes later', 'not-yet', [60, 70, 80], 0, 'searched'],
		['does not begin where one of three stands near', 'not-yet', [60, 70, 120], 0, 'not-yet'],
		['goes on while nobody is found', 'begun', [], 500, 'begun'],
		['ends where all are near: the first frames were dark', 'begun', [200, 96], 0, 'not-yet'],
		['stays where it found someone who is far', 'begun', [200, 95], 0, 'searched'],
		['stays where nobody came for a second', 'begun', [], 1001, 'searched'],
		['waits for a second once those in view have left', 'not-yet', [], 900, 'not-yet'],
		['begins after that', 'not-yet', [], 1001, 'searched'],
		['does not end with those who come near later', 'searched', [200], 0, 'searched'],
		['is left where the detector cannot be had', 'impossible', [], 5000, 'impossible']
	])('%s', (_, before, heights, missedMs, after) => {
		expect(farSearchAfter(before, frameWith(...heights), missedMs)).toBe(after);
	});

	it('marks the search as running from its first frame on', () => {
		expect((['unknown', 'not-yet', 'begun', 'searched', 'impossible'] as const).filter(isSearched)).toEqual([
			'begun',
			'searched'
		]);
	});
});
