/** The figures in README.md and in the README of the compare page match the shipped files. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../../src/lib/core/interval';
import { parseManifest } from '../../../src/lib/manifest';
import { parseReport, type Figures } from '../../../src/lib/report';
import { REFERENCES } from '../../../src/lib/state/references';

const README = readFileSync('README.md', 'utf8').split('\n');
const DETAILS = readFileSync('src/routes/compare/README.md', 'utf8').split('\n');
const manifest = parseManifest(JSON.parse(readFileSync('static/models/index.json', 'utf8')));
const report = parseReport(JSON.parse(readFileSync(`static/models/${manifest.default}/report.json`, 'utf8')));

/** Cells of the table in `lines` whose first heading is `heading`, without its headings. */
function tableOf(lines: readonly string[], heading: string): string[][] {
	const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
	expect(start, `a table of "${heading}"`).toBeGreaterThan(0);
	const below = lines.slice(start + 2);
	return below.slice(0, below.indexOf('')).map((line) =>
		line
			.split('|')
			.slice(1, -1)
			.map((cell) => cell.trim())
	);
}

const percent = (part: number | undefined): string => `${(100 * (part ?? NaN)).toFixed(1)} %`;

describe('the table of classifiers in README.md', () => {
	const rows = new Map(tableOf(README, 'classifier').map((row) => [/\(`(.+)`\)/.exec(row[0] ?? '')?.[1], row]));
	const { models } = manifest;

	it('lists each one that ships', () => {
		expect([...rows.keys()].sort()).toEqual(models.map(({ id }) => id).sort());
	});

	it.each(models)('gives the figures of the manifest for $id', ({ id, metrics, mirrored, parameters, bytes }) => {
		const [, test, averaged, paper, published, macroF1, weights, download] = rows.get(id) ?? [];
		const { accuracy = NaN, n = 0 } = metrics['private'] ?? {};
		const { low, high } = wilsonInterval(accuracy, n);
		const interval = `(${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
		const reference = REFERENCES.find(({ model }) => model === id);
		expect([test, averaged, paper, macroF1]).toEqual([
			`${percent(accuracy)} ${interval}`,
			percent(mirrored?.metrics['private']?.accuracy),
			percent(metrics['paper']?.accuracy),
			metrics['private']?.macroF1.toFixed(3)
		]);
		expect(published).toBe(reference === undefined ? '' : percent(reference.accuracy));
		expect([weights, download]).toEqual([parameters.toLocaleString('en'), `${(bytes / 1e6).toFixed(1)} MB`]);
	});
});

describe('the tables of the default model in the README of the compare page', () => {
	const splits = ['private', 'public', 'paper', 'paper-distinct', 'ferplus-private', 'ferplus-private-live'];
	const figuresOf = ({ n, accuracy, macroF1, calibrationError }: Figures, mirrored: Figures): string[] => [
		n.toLocaleString('en'),
		...[accuracy, mirrored.accuracy].map(percent),
		...[macroF1, calibrationError].map((figure) => figure.toFixed(3))
	];

	it('give its figures by set of pictures', () => {
		const expected = splits.map((id) => {
			const split = report.splits.find((each) => each.id === id);
			if (split === undefined) throw new Error(`There is no ${id} in the report.`);
			return figuresOf(split.single, split.mirrored);
		});
		expect(tableOf(DETAILS, 'test pictures').map(([, ...figures]) => figures)).toEqual(expected);
	});

	it('give its accuracy under each corruption', () => {
		expect(tableOf(DETAILS, 'change')).toEqual(
			report.corruptions.map(({ title, accuracy }) => [title, ...accuracy.map(percent)])
		);
	});

	it('are followed by its agreement with labels as live, and by how much it answers', () => {
		const text = DETAILS.join(' ').replace(/\s+/g, ' ');
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

describe('README.md', () => {
	it('is short enough to be read', () => {
		expect(README.length).toBeLessThanOrEqual(200);
	});

	it.each(['README.md', 'src/routes/compare/README.md', 'src/routes/photo/README.md', 'src/routes/kiosk/README.md'])(
		'%s links only to files and headings that exist',
		(file) => {
			const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
			expect(links.length).toBeGreaterThan(0);
			for (const [, path = '', anchor] of links) {
				const target = path === '' ? file : join(dirname(file), path);
				expect(existsSync(target), target).toBe(true);
				if (anchor !== undefined) expect(anchorsOf(target), target).toContain(anchor);
			}
		}
	);
});

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(file: string): string[] {
	const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
	return [...headings].map(([, title = '']) =>
		title
			.toLowerCase()
			.replace(/[^\w -]/g, '')
			.replaceAll(' ', '-')
	);
}
