import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/lib/errors';
import { labelOfCode, parseCodes, readRows } from '../../../../src/lib/state/film/codes';
import { compareCodes, kappaOf } from '../../../../src/lib/state/film/compare-codes';

const LABELS = ['angry', 'happy', 'sad', 'neutral'];
const codesOf = async (text: string, endS = 60) => parseCodes(await readRows(text), endS);

describe('codes of people', () => {
	it.each([
		['commas', 'start,stop,label\n0,1.5,happy\n1.5,2,sad\n'],
		['semicolons and decimal commas', 'Start;Stop;Label\r\n0;1,5;happy\r\n1,5;2;sad\r\n'],
		['clock times', 'onset,offset,code\n0:00,00:00:01.500,happy\n0:01.5,0:02,sad\n'],
		['milliseconds by the name of the column', 'start_ms,end_ms,emotion\n0,1500,happy\n1500,2000,sad\n'],
		[
			'a duration in place of the end, and a mark of UTF-8',
			'\uFEFFbegin,duration,"label"\n0,1.5,"happy"\n1.5,0.5,sad\n'
		],
		['rows in any order', 'label,stop,start\nsad,2,1.5\nhappy,1.5,0\n']
	])('are read from a table with %s', async (_, text) => {
		expect(await codesOf(text)).toEqual([
			{ fromS: 0, toS: 1.5, label: 'happy', subject: null },
			{ fromS: 1.5, toS: 2, label: 'sad', subject: null }
		]);
	});

	it('are read from what ELAN exports, with and without names of columns', async () => {
		const expected = [{ fromS: 1, toS: 2.5, label: 'happy', subject: 'Coder A' }];
		const header =
			'Tier\tBegin Time - hh:mm:ss.ms\tBegin Time - ss.msec\tBegin Time - msec\tEnd Time - hh:mm:ss.ms\tEnd Time - ss.msec\tEnd Time - msec\tAnnotation\n';
		const row = 'Coder A\t00:00:01.000\t1.0\t1000\t00:00:02.500\t2.5\t2500\thappy\n';
		expect(await codesOf(header + row)).toEqual(expected);
		expect(await codesOf('Coder A\t\t00:00:01.000\t00:00:02.500\t00:00:01.500\thappy\n')).toEqual(expected);
		expect(await codesOf('Coder A\t\t1000\t2500\t1500\thappy\n')).toEqual(expected);
	});

	it('are read from what BORIS exports: aggregated, and event by event', async () => {
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

	it.each([['nothing'], ['a,b\n1,2\n'], ['start,stop,label\n2,1,happy\n'], ['start,stop,label\nx,y,happy\n']])(
		'are refused with a reason where there are none: %j',
		async (text) => {
			await expect(codesOf(text)).rejects.toThrow(AppError);
		}
	);

	it('mean the labels of the model by the names of other schemes, too', () => {
		expect(['Happiness', 'JOY', ' anger', 'sadness', 'smirk'].map((code) => labelOfCode(code, LABELS))).toEqual([
			'happy',
			'happy',
			'angry',
			'sad',
			null
		]);
	});
});

const EPISODES = [
	{ fromS: 0, toS: 4, label: 'happy' },
	{ fromS: 4, toS: 5, label: 'unsure' },
	{ fromS: 5, toS: 6, label: null },
	{ fromS: 6, toS: 10, label: 'sad' }
];
const code = (fromS: number, toS: number, label: string) => ({ fromS, toS, label, subject: null });

describe('agreement with people', () => {
	it('weighs by time, and counts what the model did not say apart', () => {
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

	it('takes no short shift of a beginning for a difference', () => {
		expect(compareCodes(EPISODES, [code(0, 4.1, 'happy')], LABELS).differences).toEqual([]);
	});

	it('has a kappa of 1 where all is the same, 0 by chance, and none where chance is certain', () => {
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
