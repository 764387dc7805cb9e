import { describe, expect, it } from 'vitest';
import { fromLocalInput, toLocalInput, warnings } from '../../../../src/lib/state/film/describe';
import { Pace } from '../../../../src/lib/state/film/pace';
import { isSameFile } from '../../../../src/lib/state/film/record';
import { parseTime, timeText } from '../../../../src/lib/state/film/time-text';
import { INFO } from './film-table';

describe('times of a film', () => {
	it('are written as people write them', () => {
		expect([0, 9.96, 61, 3723.04].map((seconds) => timeText(seconds))).toEqual(['0:00', '0:10', '1:01', '1:02:03']);
		expect(timeText(3723.0404, 3)).toBe('1:02:03.040');
		expect(timeText(59.9996, 3)).toBe('1:00.000');
	});

	it.each([
		['90', 90],
		['1:30', 90],
		['1:02:03.5', 3723.5],
		['0:01,25', 1.25],
		['.5', 0.5],
		['1.', 1],
		['.', null],
		['', null],
		['1:2:3:4', null],
		['-5', null],
		['soon', null]
	])('are read from %j', (text, seconds) => {
		expect(parseTime(text)).toBe(seconds);
	});

	it('on a clock survive a round trip through the field', () => {
		const ms = Date.UTC(2026, 4, 4, 10, 20, 30, 125);
		expect(fromLocalInput(toLocalInput(ms))).toBe(ms);
		expect([toLocalInput(null), fromLocalInput(''), fromLocalInput('x')]).toEqual(['', null, null]);
	});
});

it('the warnings of a film name everything that limits the reading', () => {
	expect(warnings(INFO)).toEqual([]);
	expect(warnings({ ...INFO, method: 'video', videoTracks: null })).toHaveLength(1);
	expect(warnings({ ...INFO, cutShort: true, videoTracks: 2 })).toEqual([
		expect.stringContaining('missing'),
		expect.stringContaining('2 video tracks')
	]);
});

describe('the reading pace of a film', () => {
	it('is that of the last seconds, and not shown from too few', () => {
		const pace = new Pace();
		pace.add(0, 0);
		pace.add(1000, 5);
		expect(pace.speed).toBeNull();
		for (let second = 2; second <= 60; second++) pace.add(second * 1000, 5 + second * 2);
		expect(pace.speed).toBeCloseTo(2);
	});
});

it('the identity of a film is its name, size and date', () => {
	const stamp = { name: 'a.mp4', bytes: 5, lastModified: 7 };
	expect(isSameFile(stamp, { ...stamp })).toBe(true);
	for (const change of [{ name: 'b.mp4' }, { bytes: 6 }, { lastModified: 8 }]) {
		expect(isSameFile(stamp, { ...stamp, ...change })).toBe(false);
	}
});
