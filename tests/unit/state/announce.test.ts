import { describe, expect, it } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { announce, describeFaces, SILENT } from '../../../src/lib/state/announce';

/** What is read out, and when, for sentences seen every 100 ms. */
function listen(sentences: readonly string[]): { atMs: number; spoken: string }[] {
	let state = SILENT;
	const heard: { atMs: number; spoken: string }[] = [];
	for (const [index, sentence] of sentences.entries()) {
		const next = announce(state, sentence, index * 100);
		if (next.spoken !== state.spoken) heard.push({ atMs: index * 100, spoken: next.spoken });
		state = next;
	}
	return heard;
}

const repeat = (sentence: string, count: number) => Array.from({ length: count }, () => sentence);

describe('announce', () => {
	it('reads what has stayed, once', () => {
		expect(listen(repeat('happy', 100))).toEqual([{ atMs: 1200, spoken: 'happy' }]);
	});

	it('says nothing about what flickers', () => {
		expect(listen(Array.from({ length: 100 }, (_, index) => (index % 10 < 5 ? 'happy' : 'sad')))).toEqual([]);
	});

	it('needs no pause for a sentence that was read long ago and is still true', () => {
		const heard = listen([...repeat('happy', 60), ...repeat('sad', 20)]);
		expect(heard.at(-1)).toEqual({ atMs: 7200, spoken: 'sad' });
	});

	it('pauses between two sentences', () => {
		const heard = listen([...repeat('happy', 14), ...repeat('sad', 50)]);
		expect(heard).toEqual([
			{ atMs: 1200, spoken: 'happy' },
			{ atMs: 3700, spoken: 'sad' }
		]);
	});
});

describe('the spoken description of faces', () => {
	const model = { id: 'mien', labels: ['happy', 'sad'], unsureBelow: 0.4 };
	const result = (faces: { id: number; smoothed?: number[]; top?: number }[]) =>
		({
			faces: faces.map(({ id, top, smoothed }) => ({ id, readings: smoothed ? { mien: { top, smoothed } } : {} }))
		}) as unknown as FrameResult;

	it('names each face in order of id', () => {
		const faces = [{ id: 4, top: 1, smoothed: [0.1, 0.9] }, { id: 2, top: 0, smoothed: [0.8, 0.2] }, { id: 9 }];
		expect(describeFaces(result(faces), model)).toBe('Face 2: happy, face 4: sad, face 9: not read.');
	});

	it('counts the labels of many faces, most frequent first', () => {
		const faces = Array.from({ length: 12 }, (_, index) => ({
			id: index,
			top: index < 4 ? 0 : 1,
			smoothed: index === 11 ? [0.3, 0.3] : [0.6, 0.6]
		}));
		expect(describeFaces(result(faces), model)).toBe('12 faces: 7 sad, 4 happy, 1 unsure.');
	});

	it('says unsure instead of a label that is not likely enough', () => {
		const faces = [{ id: 1, top: 0, smoothed: [0.39, 0.3] }];
		expect(describeFaces(result(faces), model)).toBe('Face 1: unsure.');
		expect(describeFaces(result(faces), { ...model, unsureBelow: 0.3 })).toBe('Face 1: happy.');
	});

	it('says so if there is no face', () => {
		expect(describeFaces(result([]), model)).toBe('No face in view.');
	});
});
