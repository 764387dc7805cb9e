import { describe, expect, it } from 'vitest';
import { columnsOf, parseRow, splitFields, usageOf } from '../../../src/lib/core/fer2013';
import { createLineSplitter } from '../../../src/lib/core/lines';

const PIXELS = Array.from({ length: 48 * 48 }, (_, index) => index % 256);

describe('splitFields', () => {
	it('strips quotes, with commas and doubled quotes inside', () => {
		expect(splitFields('3,1 2 3,Training')).toEqual(['3', '1 2 3', 'Training']);
		expect(splitFields('3,"1 2 3",Training')).toEqual(['3', '1 2 3', 'Training']);
		expect(splitFields(',"1 2 3",Training')).toEqual(['', '1 2 3', 'Training']);
		expect(splitFields('3,Training,"1 2 3"')).toEqual(['3', 'Training', '1 2 3']);
		expect(splitFields('"a,b","say ""so""",')).toEqual(['a,b', 'say "so"', '']);
		expect(splitFields("'3','1,2''3',it's")).toEqual(['3', "1,2'3", "it's"]);
		expect(splitFields('“3”,`1,2`,“a')).toEqual(['3', '1,2', '“a']);
		expect(splitFields('"3,""1,2"",Training"')).toEqual(['3', '1,2', 'Training']);
	});
});

describe('columnsOf', () => {
	it('finds the columns in any order, case and spacing, and without usage', () => {
		const found = (line: string) => {
			const { emotion, pixels, usage, isSpread } = columnsOf(line.split(','));
			expect(isSpread).toBe(false);
			return [emotion, pixels, usage];
		};
		expect(found('emotion,pixels,Usage')).toEqual([0, 1, 2]);
		expect(found('\uFEFFemotion, Usage, pixels')).toEqual([0, 2, 1]);
		expect(found('Usage,pixels,emotion')).toEqual([2, 1, 0]);
		expect(found('pixels,emotion')).toEqual([1, 0, null]);
	});

	it.each(['label,name', 'emotion,name', 'name,pixels', 'constructor,__proto__'])(
		'says which columns are required if they are %s',
		(line) => {
			expect(() => columnsOf(line.split(','))).toThrow(`columns emotion and pixels, but it is "${line}"`);
		}
	);
});

describe('parseRow', () => {
	const columns = { emotion: 0, pixels: 1, usage: 2, isSpread: false, count: 3 };
	const row = (emotion: string, pixels: string) => parseRow([emotion, pixels, ' PublicTest'], columns);

	it('gives the label by name and the pixels in order', () => {
		const { label, pixels } = row(' 3 ', ` ${PIXELS.join(' ')}  `);
		expect(label).toBe('happy');
		expect([...pixels]).toEqual(PIXELS);
		expect(usageOf(['3', '', ' PublicTest '], columns)).toBe('PublicTest');
		expect(usageOf(['3', ''], { ...columns, usage: null })).toBeNull();
	});

	it.each([
		['7', PIXELS.join(' '), 'a whole number from 0 to 6, but it is "7"'],
		['', PIXELS.join(' '), 'but it is ""'],
		['1.5', PIXELS.join(' '), 'but it is "1.5"'],
		['1', PIXELS.slice(1).join(' '), '2304 pixels were expected, but there are 2303'],
		['1', `${PIXELS.join(' ')} 1`, 'but there are 2305'],
		['1', PIXELS.with(4, 256).join(' '), 'Pixel 5 is greater than 255'],
		['1', PIXELS.with(4, -1).join(' '), 'Pixel 5 is not a whole number from 0 to 255: "-1'],
		['1', PIXELS.join(';'), 'Pixel 1 is not a whole number from 0 to 255: "0;1'],
		['1', PIXELS.with(4, 0.25).join(' '), 'Pixel 5 is not a whole number from 0 to 255: "0.25'],
		['1', '[0 1 2 ... 253 254 255]', 'left most pixels out'],
		['1', '', 'but there are 0']
	])('says what is wrong (%s)', (emotion, pixels, message) => {
		expect(() => row(emotion, pixels)).toThrow(message);
	});
});

describe('createLineSplitter', () => {
	it('joins pieces and recognises every line break, even one cut in two', () => {
		const { push, end } = createLineSplitter();
		expect(push('a\nb')).toEqual(['a']);
		expect(push('c\r')).toEqual([]);
		expect(push('\nd\r\ne')).toEqual(['bc', 'd']);
		expect(end()).toEqual(['e']);
		expect(end()).toEqual([]);
		expect(push('f\rg\r\rh\r')).toEqual(['f', 'g', '']);
		expect(end()).toEqual(['h']);
	});

	it('rejects input without lines before it has read much of it', () => {
		const { push } = createLineSplitter();
		expect(push('1'.repeat(60_000))).toEqual([]);
		expect(() => push('1'.repeat(60_000))).toThrow('not a table');
		expect(() => createLineSplitter().push(`${'1'.repeat(70_000)}\n2`)).toThrow('not a table');
	});
});
