/** The figures in README.md are those of the shipped files. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/lib/manifest';
import { parseReport, type Figures } from '../../../src/lib/report';
import { classifiersOf } from '../../../src/lib/state/classifiers';

const README = readFileSync('README.md', 'utf8').split('\n');
const manifest = parseManifest(JSON.parse(readFileSync('static/models/index.json', 'utf8')));
const report = parseReport(JSON.parse(readFileSync(`static/models/${manifest.default}/report.json`, 'utf8')));

/** Cells of the table whose first heading is `heading`, below its headings. */
function tableOf(heading: string): string[][] {
	const start = README.findIndex((line) => line.startsWith(`| ${heading} `));
	expect(start, `a table of "${heading}"`).toBeGreaterThan(0);
	const below = README.slice(start + 2);
	return below.slice(0, below.indexOf('')).map((line) =>
		line
			.split('|')
			.slice(1, -1)
			.map((cell) => cell.trim())
	);
}

const percent = (part: number | undefined): string => `${(100 * (part ?? NaN)).toFixed(1)} %`;

describe('the table of classifiers', () => {
	const rows = new Map(tableOf('classifier').map((row) => [/\(`(.+)`\)/.exec(row[0] ?? '')?.[1], row]));
	const classifiers = classifiersOf(manifest);

	it('has each that is shipped', () => {
		expect([...rows.keys()].sort()).toEqual(classifiers.map(({ id }) => id).sort());
	});

	it.each(classifiers)('says of $id what the manifest says', ({ id, metrics, parameters, bytes, multiplyAdds }) => {
		const [, test, paper, , macroF1, weights, download, work] = rows.get(id) ?? [];
		expect([test, paper, macroF1]).toEqual([
			percent(metrics['private']?.accuracy),
			percent(metrics['paper']?.accuracy),
			metrics['private']?.macroF1.toFixed(3)
		]);
		expect([weights, download, work]).toEqual([
			parameters.toLocaleString('en'),
			`${(bytes / 1e6).toFixed(1)} MB`,
			`${String(Math.round(multiplyAdds / 1e6))} M`
		]);
	});
});

describe('the tables of the default model', () => {
	const splits = ['private', 'public', 'paper', 'paper-distinct', 'ferplus-private', 'ferplus-private-live'];
	const figuresOf = ({ n, accuracy, macroF1, calibrationError }: Figures, mirrored: Figures): string[] => [
		n.toLocaleString('en'),
		...[accuracy, mirrored.accuracy].map(percent),
		...[macroF1, calibrationError].map((figure) => figure.toFixed(3))
	];

	it('have its figures by set of pictures', () => {
		const expected = splits.map((id) => {
			const split = report.splits.find((each) => each.id === id);
			if (split === undefined) throw new Error(`There is no ${id} in the report.`);
			return figuresOf(split.single, split.mirrored);
		});
		expect(tableOf('test pictures').map(([, ...figures]) => figures)).toEqual(expected);
	});

	it('have its accuracy under each corruption', () => {
		expect(tableOf('change')).toEqual(
			report.corruptions.map(({ title, accuracy }) => [title, ...accuracy.map(percent)])
		);
	});

	it('are followed by what it says with labels as live, and by what it answers', () => {
		const text = README.join(' ').replace(/\s+/g, ' ');
		const single = (id: string) => report.splits.find((split) => split.id === id)?.single;
		const said =
			/agree with ([\d.]+ %) of the people's, and with ([\d.]+ %) of FER2013's .*? calibration error of ([\d.]+);/;
		expect(said.exec(text)?.slice(1)).toEqual([
			percent(single('ferplus-private-live')?.accuracy),
			percent(single('private-live')?.accuracy),
			single('private-live')?.calibrationError.toFixed(3)
		]);
		const neutral = report.labels.indexOf('neutral');
		const called = (id: string) => (100 * (single(id)?.perLabel[neutral]?.recall ?? NaN)).toFixed(0);
		const people =
			/Of PrivateTest's ([\d,]+) faces +that most people call neutral, .*? calls (\d+) % so, and (\d+) of .*? calls (\d+) % neutral/;
		expect(people.exec(text)?.slice(1)).toEqual([
			single('ferplus-private')?.perLabel[neutral]?.support.toLocaleString('en'),
			called('ferplus-private'),
			String(single('ferplus-private')?.confusion[neutral]?.[report.labels.indexOf('sad')]),
			called('ferplus-private-live')
		]);
		const { threshold, coverage, accuracy } = report.unsure?.private ?? { threshold: 0, coverage: 0, accuracy: 0 };
		const answered = /With answers under ([\d.]+) withheld .*? (\d+) % of the faces are answered, ([\d.]+ %) of them/;
		expect(answered.exec(text)?.slice(1)).toEqual([
			threshold.toFixed(2),
			(100 * coverage).toFixed(0),
			percent(accuracy)
		]);
	});
});
