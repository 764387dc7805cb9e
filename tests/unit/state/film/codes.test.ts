import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/lib/errors';
import { labelOfCode, parseCodes, readRows, readText } from '../../../../src/lib/state/film/codes';
import { compareCodes, kappaOf } from '../../../../src/lib/state/film/compare-codes';

const LABELS = ['angry', 'happy', 'sad', 'neutral'];
const tableOf = async (text: string, endS = 60) => parseCodes(await readRows(text), endS);
const codesOf = async (text: string, endS = 60) => (await tableOf(text, endS)).codes;
const bytes = (text: string, encoding: BufferEncoding = 'utf8') => Uint8Array.from(Buffer.from(text, encoding));
/** The message for a rejected table. */
const saidOf = (table: Promise<unknown>): Promise<string | null> =>
	table.then(
		() => 'no error',
		(thrown: unknown) => (thrown as AppError).said
	);

describe('human codes of a film', () => {
	it.each([
		['commas', 'start,stop,label\n0,1.5,happy\n1.5,2,sad\n'],
		['semicolons and decimal commas', 'Start;Stop;Label\r\n0;1,5;happy\r\n1,5;2;sad\r\n'],
		['clock times', 'onset,offset,code\n0:00,00:00:01.500,happy\n0:01.5,0:02,sad\n'],
		['milliseconds by the name of the column', 'start_ms,end_ms,emotion\n0,1500,happy\n1500,2000,sad\n'],
		[
			'a duration instead of the end, and a byte order mark',
			'\uFEFFbegin,duration,"label"\n0,1.5,"happy"\n1.5,0.5,sad\n'
		],
		['rows in any order', 'label,stop,start\nsad,2,1.5\nhappy,1.5,0\n'],
		['a title', 'Session 4\nstart;stop;label\n0;1,5;happy\n1,5;2;sad\n'],
		['decimal commas and no names', '0,0;1,5;happy\n1,5;2,0;sad\n'],
		['milliseconds beside a duration in seconds', 'onset_msec,duration (s),label\n0,1.5,happy\n1500,0.5,sad\n'],
		['frames beside seconds', 'start_frame,end_frame,start_s,end_s,label\n0,45,0,1.5,happy\n45,60,1.5,2,sad\n'],
		['bars and decimal commas', 'start|stop|label\n0|1,5|happy\n1,5|2|sad\n'],
		['numbers without a leading or trailing zero', 'start,stop,label\n.0,1.5,happy\n1.5,2.,sad\n'],
		[
			'times of a recorder, which count frames, beside seconds',
			'Begin Time - hh:mm:ss:ff,Begin Time - ss.msec,End Time - hh:mm:ss:ff,End Time - ss.msec,Code\n00:00:00:00,0,00:00:01:12,1.5,happy\n00:00:01:12,1.5,00:00:02:00,2,sad\n'
		]
	])('are read from a table with %s', async (_, text) => {
		expect(await codesOf(text)).toEqual([
			{ fromS: 0, toS: 1.5, label: 'happy', subject: null },
			{ fromS: 1.5, toS: 2, label: 'sad', subject: null }
		]);
	});

	it('are read from ELAN exports, with and without column names', async () => {
		const expected = [{ fromS: 1, toS: 2.5, label: 'happy', subject: 'Coder A' }];
		const header =
			'Tier\tBegin Time - hh:mm:ss.ms\tBegin Time - ss.msec\tBegin Time - msec\tEnd Time - hh:mm:ss.ms\tEnd Time - ss.msec\tEnd Time - msec\tAnnotation\n';
		const row = 'Coder A\t00:00:01.000\t1.0\t1000\t00:00:02.500\t2.5\t2500\thappy\n';
		expect(await codesOf(header + row)).toEqual(expected);
		expect(await codesOf('Coder A\t\t00:00:01.000\t00:00:02.500\t00:00:01.500\thappy\n')).toEqual(expected);
		expect(await codesOf('Coder A\t\t1000\t2500\t1500\thappy\n')).toEqual(expected);
	});

	it('are read from BORIS exports: aggregated, and event by event', async () => {
		const expected = [{ fromS: 1, toS: 2.5, label: 'happy', subject: 'child' }];
		expect(
			await codesOf(
				'Observation id,Subject,Behavior,Behavioral category,Start (s),Stop (s),Duration (s)\no,child,happy,,1,2.5,1.5\n'
			)
		).toEqual(expected);
		const events =
			'Observation id\tx\nTime\tMedia file path\tSubject\tBehavior\tStatus\n1\ta\tchild\thappy\tSTART\n2\ta\tchild\tsad\tPOINT\n2.5\ta\tchild\thappy\tSTOP\n';
		expect(await codesOf(events)).toEqual(expected);
	});

	it('count as milliseconds if no column says so but the film is far too short for seconds, with a note', async () => {
		const expected = [
			{ fromS: 0.4, toS: 1.5, label: 'happy', subject: null },
			{ fromS: 1.5, toS: 2, label: 'sad', subject: null }
		];
		for (const names of ['onset,offset,code01', 'face.onset,face.offset,face.code01']) {
			const table = await tableOf(`${names}\n400,1500,happy\n1500,2000,sad\n`);
			expect(table).toEqual({ codes: expected, leftOut: 0, late: 0, isGuessedMs: true });
		}
		expect(await tableOf('start,stop,label\n4,15,happy\n')).toMatchObject({
			codes: [{ fromS: 4, toS: 15 }],
			isGuessedMs: false
		});
	});

	it('that cannot be compared are counted: rows without times, states without an end, those after the film', async () => {
		expect(await tableOf('start,stop,label\n0,1,happy\nx,2,sad\n2,3,\n4,4,sad\n61,62,sad\n')).toMatchObject({
			codes: [{ fromS: 0 }, { fromS: 61 }],
			leftOut: 3,
			late: 1
		});
		const events = 'Time,Behavior,Status\n1,happy,START\n2,happy,STOP\n2,sad,POINT\n3,sad,START\n';
		expect(await tableOf(events)).toMatchObject({ codes: [{ fromS: 1, toS: 2 }], leftOut: 2 });
	});

	it('on another clock or in frames are rejected by name', async () => {
		const clock = tableOf('start,stop,label\n10:30:05,10:30:07,happy\n');
		expect(await saidOf(clock)).toMatch(/begin at 10:30:05, and the film ends at 1:00.*seconds from the beginning/);
		expect(await saidOf(tableOf('start_frame,end_frame,label\n0,45,happy\n'))).toMatch(/frame numbers/);
		expect(await saidOf(tableOf('start,stop,label\n00:00:00:12,00:00:01:03,happy\n'))).toMatch(/frame numbers/);
	});

	it.each([
		['UTF-16', Uint8Array.from([0xff, 0xfe, ...bytes('start\tstop\tlabel\n0\t1\tÄrger\n', 'utf16le')])],
		['Windows letters', bytes('start;stop;label\n0;1;Ärger\n', 'latin1')],
		['UTF-8', bytes('start;stop;label\n0;1;Ärger\n')]
	])('are read in %s', async (_, file) => {
		expect(await codesOf(readText(file))).toMatchObject([{ label: 'Ärger' }]);
	});

	it.each([
		['spreadsheet', 'PK\x03\x04[Content_Types].xml'],
		['ELAN', '<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT AUTHOR="">'],
		['BORIS', '{"time_format": "hh:mm:ss", "project_format_version": "7.0"}'],
		['subtitles', 'WEBVTT\n\n00:01.000 --> 00:02.000\nhappy'],
		['subtitles', '\uFEFF1\r\n00:00:01,000 --> 00:00:02,000\r\nhappy']
	])("in another program's own file are rejected with advice: %s", async (kind, text) => {
		expect(await saidOf(Promise.resolve(bytes(text)).then(readText))).toContain(kind);
	});

	it.each([['nothing'], ['a,b\n1,2\n'], ['start,stop,label\n2,1,happy\n'], ['start,stop,label\nx,y,happy\n']])(
		'are rejected with a reason if there are none: %j',
		async (text) => {
			await expect(codesOf(text)).rejects.toThrow(AppError);
		}
	);

	it("are matched to the model's labels by the names of other schemes too", () => {
		const read = (...codes: string[]) => codes.map((code) => labelOfCode(code, LABELS));
		expect(read('Happiness', 'JOY', ' anger', 'sadness', 'smirk')).toEqual(['happy', 'happy', 'angry', 'sad', null]);
		expect(read('Ärger', 'freude', '悲伤', 'triste', 'smile', 'rest')).toEqual([
			'angry',
			'happy',
			'sad',
			'sad',
			'happy',
			'neutral'
		]);
		expect(read('not happy', 'happy or sad', 'disgust', 'hapy')).toEqual([null, null, null, null]);
	});
});

const EPISODES = [
	{ fromS: 0, toS: 4, label: 'happy' },
	{ fromS: 4, toS: 5, label: 'unsure' },
	{ fromS: 5, toS: 6, label: null },
	{ fromS: 6, toS: 10, label: 'sad' }
];
const code = (fromS: number, toS: number, label: string) => ({ fromS, toS, label, subject: null });

describe('agreement of a model with people', () => {
	it('is weighted by time, and counts what the model did not say separately', () => {
		const result = compareCodes(
			EPISODES,
			[code(0, 3, 'joy'), code(3, 7, 'sad'), code(7, 9, 'smirk'), code(9, 10, 'sad')],
			LABELS
		);
		expect(result.labels).toEqual(['happy', 'sad']);
		expect(result.confusion).toEqual([
			[3, 0],
			[1, 2]
		]);
		expect(result.unsureS).toEqual([0, 1]);
		expect(result.noFaceS).toEqual([0, 1]);
		expect(result.comparedS).toBe(6);
		expect(result.agreement).toBeCloseTo(5 / 6);
		// Observed 5/6, by chance (3 * 4 + 3 * 2) / 36 = 1/2.
		expect(result.kappa).toBeCloseTo((5 / 6 - 0.5) / 0.5);
		expect(result.unknown).toEqual([{ code: 'smirk', seconds: 2 }]);
		expect(result.differences.map(({ fromS, label }) => [fromS, label])).toEqual([
			[3, 'happy'],
			[4, 'unsure'],
			[5, null]
		]);
	});

	it('counts each of several overlapping codes, and reports for how long they overlap', () => {
		const codes = [code(0, 3, 'happy'), code(1, 2, 'sad'), code(2.5, 4, 'happy'), code(3, 3.5, 'smirk')];
		expect(compareCodes(EPISODES, codes, LABELS)).toMatchObject({ overlapS: 1.5, comparedS: 5.5 });
	});

	it('does not count a short shift at a beginning as a difference', () => {
		expect(compareCodes(EPISODES, [code(0, 4.1, 'happy')], LABELS).differences).toEqual([]);
	});

	it('has a kappa of 1 if all agree, 0 by chance, and none if chance is certain', () => {
		const kappa = (table: number[][]) => kappaOf(table).kappa;
		expect(
			kappa([
				[2, 0],
				[0, 3]
			])
		).toBeCloseTo(1);
		expect(
			kappa([
				[1, 1],
				[1, 1]
			])
		).toBeCloseTo(0);
		expect(
			kappa([
				[0, 1],
				[1, 0]
			])
		).toBeCloseTo(-1);
		expect(
			kappa([
				[5, 0],
				[0, 0]
			])
		).toBeNull();
		expect(kappaOf([])).toEqual({ comparedS: 0, agreement: null, kappa: null });
		// Observed 0.7; by chance 0.5 * 0.6 + 0.3 * 0.3 + 0.2 * 0.1 = 0.41.
		expect(
			kappa([
				[44, 5, 1],
				[7, 20, 3],
				[9, 5, 6]
			])
		).toBeCloseTo((0.7 - 0.41) / 0.59);
	});
});
