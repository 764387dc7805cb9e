import { describe, expect, it } from 'vitest';
import { curvesOf, expressionOf, pathOf } from '../../../src/lib/overlay/expressions';

const LABELS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];

describe('expressionOf', () => {
	it('draws every class of FER2013 differently, each in its own colour', () => {
		const looks = LABELS.map((label) => expressionOf(label));
		expect(new Set(looks.map(({ drawing }) => pathOf(drawing))).size).toBe(LABELS.length);
		expect(looks.map(({ colour }) => colour)).toEqual(LABELS);
	});

	it('has a look for a label it does not know, and for none', () => {
		expect(expressionOf('contempt').colour).toBe('other');
		expect(expressionOf(undefined)).toBe(expressionOf('contempt'));
	});
});

describe('curvesOf', () => {
	it('stays in its square and is symmetric', () => {
		for (const label of LABELS) {
			const [left, right] = curvesOf(expressionOf(label).drawing);
			for (const value of curvesOf(expressionOf(label).drawing).flat()) {
				expect(value).toBeGreaterThanOrEqual(2);
				expect(value).toBeLessThanOrEqual(46);
			}
			expect([48 - right[6], right[7]]).toEqual([left[0], left[1]]);
		}
	});
});
