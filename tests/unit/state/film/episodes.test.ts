import { describe, expect, it } from 'vitest';
import { episodesOf, frameRange, isLost, sections, without } from '../../../../src/lib/state/film/episodes';
import { figuresOf } from '../../../../src/lib/state/film/figures';
import { figuresToCsv } from '../../../../src/lib/state/film/figures-csv';
import { binLane } from '../../../../src/lib/state/film/lanes';
import { EVERYTHING, faceWith, filmOf, stretch, TOLD } from './film-table';

const PERSON = { faceIds: [1, 2] };
const SCOPE = { range: EVERYTHING, excluded: [], endS: 3 };
/** A second happy, half a second unsure, half without a face, a second sad. */
const FILM = filmOf([...stretch(10, 0.9), ...stretch(5, 0.55), ...stretch(5, null), ...stretch(10, 0.1)]);

const rounded = (episodes: readonly { fromS: number; toS: number; label: string | null }[]) =>
	episodes.map(({ fromS, toS, label }) => [Number(fromS.toFixed(3)), Number(toS.toFixed(3)), label]);

describe('episodes of a film', () => {
	it('follow each other without gaps, with unsure parts and those without a face kept apart', () => {
		expect(rounded(episodesOf(FILM, PERSON, TOLD, SCOPE))).toEqual([
			[0, 1, 'happy'],
			[1, 1.5, 'unsure'],
			[1.5, 2, null],
			[2, 3, 'sad']
		]);
	});

	it('are cut at the ends of a range, and by what is excluded', () => {
		const scope = { ...SCOPE, range: { fromS: 0.25, toS: 2.5 }, excluded: [{ fromS: 0.5, toS: 0.75 }] };
		expect(rounded(episodesOf(FILM, PERSON, TOLD, scope))).toEqual([
			[0.25, 0.5, 'happy'],
			[0.75, 1, 'happy'],
			[1, 1.5, 'unsure'],
			[1.5, 2, null],
			[2, 2.5, 'sad']
		]);
	});

	it('use the larger of two faces that are one person', () => {
		const large = faceWith(2, 0.1);
		const film = filmOf([[faceWith(1, 0.9), { ...large, box: { ...large.box, width: 80, height: 80 } }]]);
		expect(episodesOf(film, PERSON, TOLD, SCOPE).map(({ label }) => label)).toEqual(['sad']);
	});

	it('give each frame the time up to the next, and the last one the usual step, up to the end', () => {
		expect(frameRange(FILM, 29, 3).toS).toBeCloseTo(3);
		expect(frameRange(FILM, 29, 2.95).toS).toBeCloseTo(2.95);
		expect(frameRange(filmOf(stretch(1, 0.9)), 0, 7)).toEqual({ fromS: 0, toS: 7 });
	});

	it('cover nothing of a range that is entirely excluded', () => {
		expect(without({ fromS: 1, toS: 2 }, [{ fromS: 0, toS: 3 }])).toEqual([]);
		expect(
			without({ fromS: 0, toS: 4 }, [
				{ fromS: 1, toS: 2 },
				{ fromS: 3, toS: 9 }
			])
		).toEqual([
			{ fromS: 0, toS: 1 },
			{ fromS: 2, toS: 3 }
		]);
	});

	it('are divided into sections by markers, whose texts are the titles', () => {
		const markers = [
			{ timeS: 2, text: '' },
			{ timeS: 1, text: 'Joke' },
			{ timeS: 9, text: 'outside' }
		];
		expect(sections({ fromS: 0, toS: 3 }, markers)).toEqual([
			{ fromS: 0, toS: 1, title: 'Beginning' },
			{ fromS: 1, toS: 2, title: 'Joke' },
			{ fromS: 2, toS: 3, title: 'Marker 2' }
		]);
		expect(sections({ fromS: 0, toS: 3 }, [])).toEqual([]);
		expect(sections({ fromS: 0, toS: 3 }, [{ timeS: 3, text: 'end' }])).toEqual([]);
	});

	it('are titled by a marker at the very start, or before the range that was read', () => {
		const task = { timeS: 2, text: 'Task' };
		for (const timeS of [0, 1])
			expect(sections({ fromS: 1, toS: 3 }, [{ timeS, text: 'Baseline' }, task])).toEqual([
				{ fromS: 1, toS: 2, title: 'Baseline' },
				{ fromS: 2, toS: 3, title: 'Task' }
			]);
	});
});

describe('a film with a gap that nobody could decode', () => {
	/** Happy for a second; damaged for almost a second; sad for a second. */
	const film = filmOf(stretch(10, 0.9));
	film.lose(1, 1.5);
	film.lose(1, 1.9);
	for (const [index, faces] of stretch(10, 0.1).entries()) film.add(null, 1.9 + index / 10, faces, 1);
	const scope = { ...SCOPE, endS: 5 };

	it('has no episode, no time and no transition there, and the last frame has the usual length', () => {
		expect(rounded(episodesOf(film, PERSON, TOLD, scope))).toEqual([
			[0, 1, 'happy'],
			[1.9, 2.9, 'sad']
		]);
		const figures = figuresOf(film, [PERSON], TOLD, scope);
		expect(figures.seconds).toBeCloseTo(2);
		expect(figures.labels[0]?.meanProbability).toBeCloseTo(0.5);
		expect(figures.transitions.flat()).not.toContain(1);
		const again = filmOf(stretch(10, 0.9));
		again.lose(1, 4);
		again.add(null, 4, [faceWith(1, 0.1)], 1);
		expect(frameRange(again, 10, 5).toS).toBeCloseTo(4.1);
	});

	it('has an empty step there in a lane', () => {
		const steps = binLane(film, PERSON, TOLD, { window: { fromS: 0.9, toS: 2 }, steps: 11, endS: 5 });
		expect(steps.map((step) => step?.label ?? null)).toEqual(['happy', ...Array<null>(9).fill(null), 'sad']);
	});

	it('tells that nobody knows what is there', () => {
		expect([0.95, 1, 1.89].map((timeS) => isLost(film, film.indexAt(timeS), timeS))).toEqual([false, true, true]);
		expect(isLost(film, film.indexAt(1.9), 1.9)).toBe(false);
		expect(film.gaps).toEqual([{ fromS: 1, toS: 1.9 }]);
	});
});

describe('figures of a film', () => {
	it('are shares of time, lengths of episodes, mean probabilities and transitions', () => {
		const figures = figuresOf(FILM, [PERSON], TOLD, SCOPE);
		expect(figures.seconds).toBeCloseTo(3);
		expect(figures.faceSeconds).toBeCloseTo(2.5);
		expect(figures.noFaceShare).toBeCloseTo(0.5 / 3);
		expect(figures.unsureShare).toBeCloseTo(0.2);
		const [happy, sad, unsure] = figures.labels;
		expect(happy).toMatchObject({ label: 'happy', episodes: 1 });
		expect(happy?.share).toBeCloseTo(0.4);
		expect(happy?.meanProbability).toBeCloseTo((1 * 0.9 + 0.5 * 0.55 + 1 * 0.1) / 2.5);
		expect(sad?.longestS).toBeCloseTo(1);
		expect(unsure).toMatchObject({ label: 'unsure', meanProbability: null });
		// Happy to unsure; the way to sad leads through a gap.
		expect(figures.transitions).toEqual([
			[0, 0, 1],
			[0, 0, 0],
			[0, 0, 0]
		]);
	});

	it('count several episodes of a label, with mean and median length', () => {
		const film = filmOf([
			...stretch(10, 0.9),
			...stretch(2, 0.1),
			...stretch(2, 0.9),
			...stretch(2, 0.1),
			...stretch(3, 0.9)
		]);
		const [happy, sad] = figuresOf(film, [PERSON], TOLD, { ...SCOPE, endS: 1.9 }).labels;
		expect(happy?.episodes).toBe(3);
		expect(happy?.meanS).toBeCloseTo(0.5);
		expect(happy?.medianS).toBeCloseTo(0.3);
		expect(sad?.medianS).toBeCloseTo(0.2);
	});

	it('are summed over several persons, and zero for nobody', () => {
		const film = filmOf(Array.from({ length: 10 }, () => [faceWith(1, 0.9), faceWith(2, 0.1, 500)]));
		const both = figuresOf(film, [{ faceIds: [1] }, { faceIds: [2] }], TOLD, { ...SCOPE, endS: 1 });
		expect(both.seconds).toBeCloseTo(2);
		expect(both.labels[0]?.share).toBeCloseTo(0.5);
		const none = figuresOf(film, [], TOLD, SCOPE);
		expect(none).toMatchObject({ seconds: 0, noFaceShare: 0, unsureShare: 0 });
	});

	it('are written one line per label', () => {
		const figures = figuresOf(FILM, [PERSON], TOLD, SCOPE);
		const [header = '', first = '', ...rest] = figuresToCsv([{ part: 'Whole film', person: 'Ada', figures }]).split(
			'\r\n'
		);
		expect(header.split(',').slice(-3)).toEqual(['to_happy', 'to_sad', 'to_unsure']);
		expect(first).toBe(
			'Whole film,Ada,3,2.5,0.1667,happy,1,0.4,0.49,1,1,1,1,0,0,1'.replace('0.49', first.split(',')[8] ?? '')
		);
		expect(rest).toHaveLength(3);
	});
});

describe('steps of a lane', () => {
	const bins = (window: { fromS: number; toS: number }, steps: number) =>
		binLane(FILM, PERSON, TOLD, { window, steps, endS: 3 });

	it('show the label shown longest, and mean probabilities over the time with a face', () => {
		const [first, second, third] = bins({ fromS: 0, toS: 3 }, 3);
		expect(first).toMatchObject({ face: 1, label: 'happy' });
		expect(first?.scores[0]).toBeCloseTo(0.9);
		expect(second?.face).toBeCloseTo(0.5);
		expect(second?.label).toBe('unsure');
		expect(second?.scores[0]).toBeCloseTo(0.55);
		expect(third).toMatchObject({ label: 'sad' });
	});

	it('become narrower than a frame when zoomed in, and empty where nothing was read', () => {
		const close = bins({ fromS: 0.95, toS: 1.05 }, 4);
		expect(close.map((bin) => bin?.label)).toEqual(['happy', 'happy', 'unsure', 'unsure']);
		expect(bins({ fromS: 2, toS: 4 }, 2).map((bin) => bin?.label ?? null)).toEqual(['sad', null]);
		expect(bins({ fromS: 2, toS: 4 }, 2)[1]).toBeNull();
	});
});
