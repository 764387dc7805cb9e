import { describe, expect, it } from 'vitest';
import { labelRuns, rulerTimes, singlePath, stackedPaths } from '../../../src/lib/overlay/lanes';
import { timelineSvg } from '../../../src/lib/overlay/timeline-picture';

const step = (label: string | null, ...scores: number[]) => ({ face: scores.length > 0 ? 1 : 0, label, scores });
const STEPS = [step('happy', 0.75, 0.25), step('happy', 1, 0), step(null), null, step('sad', 0.25, 0.75)];

describe('shapes of a lane', () => {
	it('are stacked areas, with a gap where there is no face', () => {
		expect(stackedPaths(STEPS, 2, 100)).toEqual([
			'M0 25.0H1L1 0.0H2L2 100.0H1L1 100.0H0ZM4 75.0H5L5 100.0H4Z',
			'M0 0.0H1L1 0.0H2L2 0.0H1L1 25.0H0ZM4 0.0H5L5 75.0H4Z'
		]);
		expect(singlePath(STEPS, 1, 100)).toBe('M0 75.0H1L1 100.0H2L2 100.0H1L1 100.0H0ZM4 25.0H5L5 100.0H4Z');
	});

	it('include runs of one label each', () => {
		expect(labelRuns(STEPS)).toEqual([
			{ from: 0, to: 2, label: 'happy' },
			{ from: 4, to: 5, label: 'sad' }
		]);
	});

	it('have a ruler of usual steps, not too many', () => {
		expect(rulerTimes(0, 6, 12)).toHaveLength(13);
		expect(rulerTimes(0.9, 7200, 10)).toEqual([900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]);
		expect(rulerTimes(10, 10.1, 6)).toEqual([10, 10.04, 10.08].map((value) => expect.closeTo(value) as number));
	});
});

describe('the picture of a timeline', () => {
	const svg = timelineSvg({
		title: 'a & <b>',
		lanes: [{ name: 'Ada "A"', steps: STEPS }],
		labels: ['happy', 'sad'],
		only: null,
		fromS: 0,
		toS: 5,
		markers: [
			{ timeS: 2, text: 'now' },
			{ timeS: 5, text: 'end' },
			{ timeS: 9, text: 'outside' }
		],
		excluded: [{ fromS: 4, toS: 9 }],
		timeText: String,
		colourOf: (colour) => `colour-of-${colour}`
	});

	it('stands alone and escapes user text', () => {
		expect(svg).toContain('a &amp; &lt;b&gt;');
		expect(svg).toContain('Ada &quot;A&quot;');
		expect(svg).not.toMatch(/<script|href=|url\(/);
	});

	it('has the curves, the markers in range, and what is excluded', () => {
		expect(svg.match(/<path /g)).toHaveLength(2);
		expect(svg).toContain('fill="colour-of-sad"');
		expect(svg).toContain('text-anchor="start">now<');
		expect(svg).toContain('text-anchor="end">end<');
		expect(svg).not.toContain('outside');
		expect(svg.match(/fill-opacity/g)).toHaveLength(1);
	});
});
