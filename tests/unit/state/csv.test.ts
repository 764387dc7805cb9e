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
		).toBe('a,"b ""c"""\r\n"1,5",\r\ntrue,-2\r\n');
	});

	it.each(['=HYPERLINK("x")', '+1', '-1', '@SUM(A1)', '\t=1'])('defuses text that would be a formula: %s', (text) => {
		const [, line = ''] = toCsv(['name'], [[text]]).split('\r\n');
		expect(line.replace(/^"/, '').startsWith(`'${text.charAt(0)}`)).toBe(true);
	});

	it.each(['a=1', 'day-1', 'me@home'])('leaves text as it is that has such a sign within: %s', (text) => {
		expect(toCsv(['name'], [[text]])).toBe(`name\r\n${text}\r\n`);
	});
});
