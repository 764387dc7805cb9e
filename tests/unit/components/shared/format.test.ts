import { describe, expect, it } from 'vitest';
import {
	counted,
	exactPercent,
	fileSize,
	grouped,
	listed,
	milliseconds,
	percent,
	shortCount,
	timeSpan,
	weights
} from '../../../../src/lib/components/shared/format';

it('says in words which odds are multiplied', () => {
	expect(weights(['happy', 'neutral'], [1, 2])).toBe('neutral\u00a0×\u00a02');
	expect(weights(['happy', 'sad', 'neutral'], [1.5, 1, 2])).toBe('happy\u00a0×\u00a01.5 and neutral\u00a0×\u00a02');
	expect(weights(['happy', 'neutral'], [1, 1])).toBe('');
	expect(weights(['happy', 'neutral'], [])).toBe('');
});

it('lists words and groups digits as Intl does, which is slow to start', () => {
	for (const parts of [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']])
		expect(listed(parts)).toBe(new Intl.ListFormat('en').format(parts));
	for (const n of [0, 7, 999, 1000, 28_709, 123_456, 1_234_567]) expect(grouped(n)).toBe(n.toLocaleString('en'));
});

it('counts in words', () => {
	expect([0, 1, 2, 1200].map((n) => counted(n, 'more face'))).toEqual([
		'0 more faces',
		'1 more face',
		'2 more faces',
		'1,200 more faces'
	]);
});

describe.each<[name: string, format: (value: number) => string, cases: readonly (readonly [number, string])[]]>([
	[
		'a percentage',
		percent,
		[
			[0, '0 %'],
			[0.924, '92 %'],
			[1, '100 %']
		]
	],
	[
		'a percentage with one decimal',
		exactPercent,
		[
			[0.6634, '66.3 %'],
			[1, '100.0 %']
		]
	],
	[
		'milliseconds',
		milliseconds,
		[
			[0.04, '0.0 ms'],
			[9.94, '9.9 ms'],
			[9.96, '10 ms'],
			[999.4, '999 ms'],
			[999.6, '1.0 s'],
			[43_210, '43 s']
		]
	],
	[
		'bytes',
		fileSize,
		[
			[1499, '1 kB'],
			[999_400, '999 kB'],
			[999_500, '1.0 MB'],
			[22_386_119, '22.4 MB']
		]
	],
	[
		'a count',
		shortCount,
		[
			[602_400, '602 k'],
			[999_499, '999 k'],
			[999_500, '1.0 M'],
			[1_760_000, '1.8 M']
		]
	],
	[
		'a span of time',
		timeSpan,
		[
			[400, '0 s'],
			[59_499, '59 s'],
			[59_500, '1 min 00 s'],
			[260_000, '4 min 20 s'],
			[3_599_499, '59 min 59 s'],
			[3_599_500, '1 h 00 min'],
			[7_500_000, '2 h 05 min']
		]
	]
])('%s', (_, format, cases) => {
	it.each(cases)('of %d reads %s', (value, text) => {
		expect(format(value)).toBe(text);
	});
});
