import { describe, expect, it } from 'vitest';
import { chooseFrames, frameAt } from '../../../../src/lib/sources/film/choose-frames';

const times = (count: number, fps: number, fromS = 0) =>
	Array.from({ length: count }, (_, index) => fromS + index / fps);
const ALL = { fromS: 0, toS: Infinity, perSecond: null, afterS: null };

describe('the analysed frames of a film', () => {
	it('are all, or those of a range: from its start, without the one at its end', () => {
		expect([...chooseFrames(times(5, 25), ALL)]).toEqual([0, 1, 2, 3, 4]);
		expect([...chooseFrames(times(50, 25), { ...ALL, fromS: 0.4, toS: 0.56 })]).toEqual([10, 11, 12, 13]);
		expect([...chooseFrames(times(50, 25), { ...ALL, fromS: 0.41, toS: 0.5 })]).toEqual([11, 12]);
	});

	it('are those on screen at every tenth of a second', () => {
		expect([...chooseFrames(times(11, 25), { ...ALL, toS: 0.44, perSecond: 10 })]).toEqual([0, 2, 5, 7, 10]);
		expect(chooseFrames(times(1500, 25), { ...ALL, toS: 60, perSecond: 10 })).toHaveLength(600);
	});

	it('come once each if a frame lasts longer, or more are asked for than exist', () => {
		const variable = [0, 0.1, 1.5, 1.52, 1.6];
		expect([...chooseFrames(variable, { ...ALL, toS: 1.7, perSecond: 10 })]).toEqual([0, 1, 2, 4]);
		expect(chooseFrames(times(10, 5), { ...ALL, toS: 2, perSecond: 25 })).toHaveLength(10);
	});

	it('include the last of several frames with the same time, which would otherwise end the film there', () => {
		expect([...chooseFrames([0, 0.1, 0.1, 0.1, 0.2], ALL)]).toEqual([0, 3, 4]);
		expect([...chooseFrames([0, 0.1, 0.1, 0.2], { ...ALL, afterS: 0.1 })]).toEqual([3]);
	});

	it('start with the first frame of a film that does not begin at 0', () => {
		expect([...chooseFrames(times(5, 10, 1.4), { ...ALL, toS: 9, perSecond: 10 })]).toEqual([0, 1, 2, 3, 4]);
	});

	it('are the same after a break', () => {
		const whole = chooseFrames(times(100, 25), { ...ALL, toS: 4, perSecond: 10 });
		const seen = whole[12] ?? 0;
		const rest = chooseFrames(times(100, 25), { ...ALL, toS: 4, perSecond: 10, afterS: seen / 25 });
		expect([...rest]).toEqual([...whole].slice(13));
		expect([...chooseFrames(times(5, 25), { ...ALL, afterS: 0.08 })]).toEqual([3, 4]);
	});

	it('are found by time, which containers round', () => {
		const film = times(5, 29.97);
		expect(film.map((timeS) => frameAt(film, Number(timeS.toFixed(4))))).toEqual([0, 1, 2, 3, 4]);
		expect(frameAt(film, -1)).toBe(-1);
	});
});
