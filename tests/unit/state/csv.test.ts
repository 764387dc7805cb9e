import { describe, expect, it } from 'vitest';
import { toCsv } from '../../../src/lib/state/csv';

describe('toCsv', () => {
	it('quotes what needs it, and leaves null empty', () => {
		expect(
			toCsv(
				['a', 'b "c"'],
				[
					['1,5', null],
					[true, -2]
				]
			)
		).toBe('\uFEFFa,"b ""c"""\r\n"1,5",\r\ntrue,-2\r\n');
	});

	it.each(['=HYPERLINK("x")', '+1', '-1', '@SUM(A1)', '\t=1'])('defuses text that would be a formula: %s', (text) => {
		const [, line = ''] = toCsv(['name'], [[text]]).split('\r\n');
		expect(line.replace(/^"/, '').startsWith(`'${text.charAt(0)}`)).toBe(true);
	});

	it.each([' =1+1', '\u00a0=1', '\u200b=1', '"=1', '＝1+1', '＋1', '－1', '＠x', ' ＝1', '|cmd', '%0A=1'])(
		'defuses what only looks harmless: %j',
		(text) => {
			const [, line = ''] = toCsv(['name'], [[text]]).split('\r\n');
			expect(line.replace(/^"/, '').startsWith("'")).toBe(true);
		}
	);

	it('defuses what begins a cell of its own: after a semicolon, a tab or a line break', () => {
		expect(toCsv(['name'], [['a;=1']])).toBe('\uFEFFname\r\n"a;\'=1"\r\n');
		expect(toCsv(['name'], [['a\n=1']])).toBe('\uFEFFname\r\n"a\n\'=1"\r\n');
		expect(toCsv(['name'], [['a\t+1']])).toBe('\uFEFFname\r\n"a\t\'+1"\r\n');
	});

	it.each(['a=1', 'day-1', 'me@home'])('leaves text alone that has such a sign inside: %s', (text) => {
		expect(toCsv(['name'], [[text]])).toBe(`\uFEFFname\r\n${text}\r\n`);
	});
});
