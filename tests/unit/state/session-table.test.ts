import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { SessionTable } from '../../../src/lib/state/session-table';
import { face, frame, MODEL } from './results';

const rowsOf = async (table: SessionTable, unsureBelow = 0.4) =>
	parse<Record<string, string>>(await (await table.toCsv(() => unsureBelow)).text(), { columns: true });

describe('the table of a live session', () => {
	it('has the columns of a film, with clock time, and a row if there is no face', async () => {
		const table = new SessionTable();
		const before = Date.now();
		for (const [index, happy] of [0.2, 0.55, 0.9].entries()) {
			table.record(frame([face(1, [happy, 1 - happy])], 1000 + 500 * index), [MODEL]);
		}
		table.record(frame([], 2500), [MODEL]);
		const rows = await rowsOf(table, 0.6);
		expect(
			rows.map(({ frame: number, timestamp, face_id, success, mien_label, mien_unsure }) => [
				...[number, timestamp, face_id, success, mien_label, mien_unsure]
			])
		).toEqual([
			['0', '0', '1', '1', 'sad', '0'],
			['1', '0.5', '1', '1', 'happy', '1'],
			['2', '1', '1', '1', 'happy', '0'],
			['3', '1.5', '', '0', '', '']
		]);
		const clock = rows.map(({ datetime = '' }) => Date.parse(datetime));
		expect(Math.abs((clock[0] ?? 0) - before)).toBeLessThan(60_000);
		expect((clock[3] ?? 0) - (clock[0] ?? 0)).toBe(1500);
	});

	it('keeps everything, though the page holds only the last frames in memory', async () => {
		const table = new SessionTable(100);
		const frames = 1050;
		for (let index = 0; index < frames; index++) table.record(frame([face(1, [1, 0])], index * 100), [MODEL]);
		expect(table.frameCount).toBe(frames);
		const text = await (await table.toCsv(() => 0)).text();
		const lines = text.trimEnd().split('\r\n').slice(1);
		expect(lines).toHaveLength(frames);
		for (const index of [0, 99, 100, 1049]) {
			expect(lines[index]?.startsWith(`${index},${Math.round(index * 100) / 1000},`)).toBe(true);
		}
	});

	it('keeps what was read before a model was added, in one table', async () => {
		const table = new SessionTable();
		const other = { ...MODEL, id: 'other' };
		table.record(frame([face(1, [1, 0])], 0), [MODEL]);
		const both = face(1, [0, 1]);
		const readings = { ...both.readings, other: { scores: [0.5, 0.5], smoothed: [0.5, 0.5], top: 0 } };
		table.record(frame([{ ...both, readings }], 100), [MODEL, other]);
		const rows = await rowsOf(table);
		expect(rows.map(({ mien_label, other_label }) => [mien_label, other_label])).toEqual([
			['happy', ''],
			['sad', 'happy']
		]);
	});

	it('starts over if labels count differently, and when cleared', async () => {
		const table = new SessionTable();
		table.record(frame([face(1, [1, 0])], 0), [MODEL]);
		table.record(frame([face(1, [1, 0])], 100), [{ ...MODEL, priorRatio: null }]);
		expect(await rowsOf(table)).toHaveLength(1);
		table.clear();
		expect(await rowsOf(table)).toHaveLength(0);
	});

	it('gives JSON that says which models read it', async () => {
		const table = new SessionTable(100);
		for (let index = 0; index < 250; index++) table.record(frame([face(1, [1, 0])], index * 40), [MODEL]);
		const json = JSON.parse(await (await table.toJson(() => 0.5)).text()) as {
			started: string;
			models: unknown[];
			columns: string[];
			frames: { frame: number; timestamp: number; faces: { face: number; values: unknown[] }[] }[];
		};
		expect(json.models).toEqual([
			{ id: 'mien', title: 'Mien', labels: ['happy', 'sad'], priorRatio: [1, 3], unsureBelow: 0.5 }
		]);
		expect(json.frames).toHaveLength(250);
		expect(json.frames.at(-1)).toMatchObject({ frame: 249, timestamp: 9.96 });
		expect(json.frames[0]?.faces[0]?.values).toHaveLength(json.columns.length);
		expect(Number.isNaN(Date.parse(json.started))).toBe(false);
	});
});
