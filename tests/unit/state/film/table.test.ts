import { describe, expect, it } from 'vitest';
import { FilmTable, frameResult, rowLength } from '../../../../src/lib/state/film/table';
import { face } from '../results';
import { faceWith, filmOf, stretch } from './film-table';

const MODELS = [
	{ id: 'a', title: 'A', labels: ['happy', 'sad'] },
	{ id: 'b', title: 'B', labels: ['happy', 'sad', 'neutral'] }
];

describe('a film table', () => {
	it('returns each face as it was read, in pixels of the film', () => {
		const table = new FilmTable(MODELS);
		const made = {
			...face(7, [0.25, 0.75]),
			readings: {
				a: { scores: [0.25, 0.75], smoothed: [0.5, 0.5], top: 1 },
				b: { scores: [0.125, 0.25, 0.625], smoothed: [0.25, 0.25, 0.5], top: 2 }
			}
		};
		table.add(3, 0.125, [made], 2);
		const back = table.faceAt(0);
		expect(back).toMatchObject({ faceId: 7, readings: made.readings });
		expect(back.confidence).toBeCloseTo(made.confidence);
		expect(back.box.x).toBeCloseTo(2 * made.box.x);
		expect(back.box.width).toBeCloseTo(2 * made.box.width);
		expect(back.landmarks.leftEar.y).toBeCloseTo(2 * made.landmarks.leftEar.y);
		expect(back.landmarks.rightEye.x).toBeCloseTo(2 * made.landmarks.rightEye.x);
		expect(table.smoothedAt(0, 'b', 2)).toBe(0.5);
		expect(table.topAt(0, 'a')).toBe(1);
	});

	it('treats a model that has not read a face as silent, not as zero', () => {
		const table = new FilmTable(MODELS);
		table.add(0, 0, [face(1, [0.5, 0.5])], 1);
		expect(table.readingAt(0, 'b').scores.every(Number.isNaN)).toBe(true);
	});

	it('keeps times to the microsecond over many blocks, and frames without a face', () => {
		const table = new FilmTable(MODELS);
		for (let index = 0; index < 10_000; index++) {
			table.add(index, index / 29.97, index % 3 === 0 ? [] : [face(index, [1, 0])], 1);
		}
		expect(table.frameCount).toBe(10_000);
		expect(table.timeAt(9999)).toBe(9999 / 29.97);
		expect(table.rowsOf(9998)).toEqual([6665, 6666]);
		expect(table.rowsOf(9999)).toEqual([6666, 6666]);
		expect(table.faceIdAt(6665)).toBe(9998);
		expect(table.frameAt(9998)).toBe(9998);
	});

	it('finds the frame for a time', () => {
		const table = filmOf(stretch(3, 0.9), 5);
		expect([4.9, 5, 5.05, 5.1, 9].map((timeS) => table.indexAt(timeS))).toEqual([-1, 0, 0, 1, 2]);
	});

	it('rejects a frame that is not later than the one before', () => {
		const table = filmOf(stretch(2, 0.9));
		expect(() => table.add(9, 0.1, [], 1)).toThrow(RangeError);
	});

	it('is the same after being stored in chunks and restored', () => {
		const whole = filmOf([[], ...stretch(3, 0.9), [faceWith(1, 0.2), faceWith(4, 0.7)], []]);
		const part = filmOf([[], ...stretch(3, 0.9)]);
		const again = new FilmTable(whole.models);
		again.addChunk(part.chunk(0));
		again.addChunk(whole.chunk(4));
		expect(again.frameCount).toBe(6);
		expect(again.chunk(0)).toEqual(whole.chunk(0));
		expect(again.spanOf(1)).toEqual({ first: 1, last: 4, rows: 4 });
		expect(again.faceIds).toEqual([1, 4]);
	});

	it('rejects a chunk of a film that other models read', () => {
		const chunk = filmOf(stretch(2, 0.9)).chunk(0);
		expect(() => new FilmTable(MODELS).addChunk(chunk)).toThrow(RangeError);
		expect(rowLength(MODELS)).toBeGreaterThan(rowLength(MODELS.slice(0, 1)));
	});

	it("shows a frame with the page's face numbers, without hidden faces", () => {
		const table = filmOf([[faceWith(1, 0.9), faceWith(2, 0.2)]]);
		const result = frameResult(table, 0, { width: 640, height: 360 }, (id) => (id === 1 ? null : 5));
		expect(result).toMatchObject({ width: 640, height: 360, timeMs: 0 });
		expect(result.faces.map(({ id }) => id)).toEqual([5]);
		expect(result.faces[0]?.readings['mien']?.top).toBe(1);
	});

	it('shows the larger of two faces that are one person, once', () => {
		const large = faceWith(2, 0.2);
		const both = [faceWith(1, 0.9), { ...large, box: { ...large.box, width: 80, height: 80 } }];
		const film = filmOf([both, [faceWith(1, 0.9), faceWith(2, 0.9)]]);
		const shown = [0, 1].map((index) => frameResult(film, index, { width: 640, height: 360 }, () => 1).faces);
		expect(shown.map((faces) => faces.map(({ id }) => id))).toEqual([[1], [1]]);
		expect(shown[0]?.[0]?.readings['mien']?.top).toBe(1);
	});
});
