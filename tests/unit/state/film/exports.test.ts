import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { toBoris, toElan, toWebVtt } from '../../../../src/lib/state/film/annotations';
import { parseCodes, readRows } from '../../../../src/lib/state/film/codes';
import { csvHeader, csvParts } from '../../../../src/lib/state/film/columns';
import { filmToCsv, filmToJson, type ExportedFilm } from '../../../../src/lib/state/film/export';
import { groupFaces, hide, NO_EDITS, rename } from '../../../../src/lib/state/film/people';
import { DEFAULT_OPTIONS } from '../../../../src/lib/state/film/record';
import { faceWith, filmOf, INFO, stretch, TOLD } from './film-table';

const TABLE = filmOf([[faceWith(1, 0.9), faceWith(2, 0.55, 500)], [], ...stretch(2, 0.2)], 0.04);
const PLAIN = { told: [TOLD], epochMs: null, personOf: null, isExcluded: () => false };

function film(change: Partial<ExportedFilm> = {}): ExportedFilm {
	return {
		stamp: { name: 'a "film".mp4', bytes: 12, lastModified: 0 },
		sha256: 'ab'.repeat(32),
		info: {
			...INFO,
			size: { width: 640, height: 360 },
			analysedSize: { width: 640, height: 360 },
			startS: 0.04,
			endS: 0.44,
			frameCount: 12,
			codec: 'avc1'
		},
		reading: {
			options: DEFAULT_OPTIONS,
			rules: { prior: 'everyday', minConfidence: 0.5, smoothingMs: 300, maxFaces: 12 },
			models: [{ ...TOLD, title: 'Mien', priorRatio: [1, 3], networks: [] }],
			detectors: [],
			engine: { name: 'wasm', threads: 1 },
			application: 'mien 0.0.0',
			beganMs: 0
		},
		notes: { people: NO_EDITS, markers: [{ id: 1, timeS: 0.2, text: 'now' }], excluded: [], epochMs: null },
		table: TABLE,
		people: groupFaces(TABLE, NO_EDITS),
		told: [TOLD],
		ended: 'whole',
		exportedMs: 0,
		...change
	};
}

const records = (text: string) => parse<Record<string, string>>(text, { bom: true, columns: true });

describe('the table of a film', () => {
	it('has a row for each face, and one if there is none', () => {
		const rows = records([...csvParts(TABLE, PLAIN)].join(''));
		expect(rows.map(({ frame, timestamp, face_id, success }) => [frame, timestamp, face_id, success])).toEqual([
			['0', '0.04', '1', '1'],
			['0', '0.04', '2', '1'],
			['3', '0.14', '', '0'],
			['6', '0.24', '1', '1'],
			['9', '0.34', '1', '1']
		]);
		expect(rows[0]).toMatchObject({
			mien_label: 'happy',
			mien_unsure: '0',
			mien_happy: '0.9',
			mien_happy_raw: '0.9'
		});
		expect(rows[1]).toMatchObject({ mien_label: 'happy', mien_unsure: '1', box_width: String(rows[0]?.['box_width']) });
		expect(rows[2]).toMatchObject({ mien_label: '', confidence: '', left_ear_y: '' });
	});

	it('has as many cells in each row as column names', async () => {
		const lines = [...csvParts(TABLE, PLAIN)].join('').trimEnd().split('\r\n');
		expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([csvHeader(PLAIN).split(',').length]));
		const text = await filmToCsv(film()).text();
		expect(
			new Set(
				text
					.trimEnd()
					.split('\r\n')
					.map((line) => line.split(',').length)
			).size
		).toBe(1);
	});

	it('has clock time if the start of the recording is known', () => {
		const [row] = records([...csvParts(TABLE, { ...PLAIN, epochMs: Date.UTC(2026, 4, 4, 10) })].join(''));
		expect(row?.['datetime']).toBe('2026-05-04T10:00:00.040Z');
	});

	it('leaves out hidden persons and excluded ranges', async () => {
		const people = groupFaces(TABLE, NO_EDITS);
		const [, second] = people;
		if (second === undefined) throw new Error('one person');
		const hidden = groupFaces(TABLE, hide(NO_EDITS, second, true));
		const excluded = [{ id: 1, fromS: 0.1, toS: 0.3 }];
		const text = await filmToCsv(film({ people: hidden, notes: { ...film().notes, excluded } })).text();
		expect(records(text).map(({ frame, face_id }) => [frame, face_id])).toEqual([
			['0', '1'],
			['9', '1']
		]);
	});

	it('defuses a name that a spreadsheet would run', async () => {
		const people = groupFaces(TABLE, rename(NO_EDITS, groupFaces(TABLE, NO_EDITS)[0] as never, '=1+1'));
		expect(records(await filmToCsv(film({ people })).text())[0]?.['person']).toBe("'=1+1");
	});
});

describe('the JSON of a film', () => {
	it('says where its numbers come from, and gives each frame once', async () => {
		const read = JSON.parse(await filmToJson(film()).text()) as {
			film: Record<string, unknown>;
			reading: Record<string, unknown>;
			models: { unsureBelow: number }[];
			markers: unknown[];
			columns: string[];
			frames: { frame: number; timestamp: number; faces: { face: number; person: string; values: unknown[] }[] }[];
		};
		expect(read.film).toMatchObject({ file: 'a "film".mp4', bytes: 12, sha256: 'ab'.repeat(32), frames: 12 });
		expect(read.reading).toMatchObject({
			framesPerSecond: 10,
			framesAnalysed: 4,
			framesPresent: 12,
			prior: 'everyday'
		});
		expect(read.models[0]?.unsureBelow).toBe(0.6);
		expect(read.markers).toEqual([{ seconds: 0.2, text: 'now' }]);
		expect(read.frames.map(({ frame, faces }) => [frame, faces.length])).toEqual([
			[0, 2],
			[3, 0],
			[6, 1],
			[9, 1]
		]);
		expect(read.frames[0]?.faces[0]?.values).toHaveLength(read.columns.length);
		expect(read.frames[0]?.faces[0]?.values[read.columns.indexOf('mien.label')]).toBe('happy');
	});
});

const EPISODES = [
	{
		name: 'Ada\tL.',
		episodes: [
			{ fromS: 0, toS: 1.5, label: 'happy' },
			{ fromS: 1.5, toS: 2, label: null },
			{ fromS: 2, toS: 3661.0404, label: 'unsure' }
		]
	},
	{ name: 'B <b>', episodes: [{ fromS: 0.5, toS: 1, label: 'sad' }] }
];
const SOURCE = { file: 'film.mp4', endS: 4000, fps: 25, recordedMs: Date.UTC(2026, 4, 4, 10), model: 'Mien' };

describe('files for annotation programs:', () => {
	it('ELAN gets a line per episode, without those that have no face, exact to the millisecond', async () => {
		const { codes } = parseCodes(await readRows(toElan(EPISODES)), 4000);
		expect(codes).toEqual([
			{ fromS: 0, toS: 1.5, label: 'happy', subject: 'Ada L.' },
			{ fromS: 0.5, toS: 1, label: 'sad', subject: 'B <b>' },
			{ fromS: 2, toS: 3661.04, label: 'unsure', subject: 'Ada L.' }
		]);
	});

	it('BORIS gets state events in order of time, each row as long as the header', () => {
		const rows = parse(toBoris(EPISODES, SOURCE), { delimiter: '\t', columns: true });
		expect(rows).toHaveLength(3);
		expect(rows[1]).toMatchObject({
			Subject: 'B <b>',
			Behavior: 'sad',
			'Behavior type': 'STATE',
			'Start (s)': '0.500',
			'Stop (s)': '1.000',
			'Duration (s)': '0.500',
			'FPS (frame/s)': '25.000',
			'Observation date': '2026-05-04 10:00:00'
		});
	});

	it("WebVTT gets cues after a blank line, escaped markup, and speakers' names if there are several", () => {
		const text = toWebVtt(EPISODES, 'film --> 1');
		const [head, note, ...cues] = text.trimEnd().split('\n\n');
		expect(head).toBe('WEBVTT');
		expect(note).toBe('NOTE film -> 1');
		expect(cues[0]).toBe('1\n00:00:00.000 --> 00:00:01.500\n<v Ada L >Ada L.: happy</v>');
		expect(cues[1]).toBe('2\n00:00:00.500 --> 00:00:01.000\n<v B &lt;b&gt;>B &lt;b&gt;: sad</v>');
		expect(cues[2]).toContain('00:00:02.000 --> 01:01:01.040');
		expect(toWebVtt(EPISODES.slice(1), 'x')).toContain('\nsad\n');
	});
});
