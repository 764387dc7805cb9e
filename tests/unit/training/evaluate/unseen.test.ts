import { describe, expect, it } from 'vitest';
import { parseReport, type Report } from '../../../../src/lib/report';
import type { FolderFigures } from '../../../../training/evaluate/folder-figures';
import { unseenReport, withUnseen } from '../../../../training/evaluate/unseen';

const LABELS = ['angry', 'happy', 'neutral'];
const FIGURES: FolderFigures = {
	model: 'small',
	n: 20,
	accuracy: 0.75,
	interval: { low: 0.5, high: 0.9 },
	groups: 4,
	macroF1: 0.7,
	meanRecall: 0.75,
	recall: { angry: 0.5, happy: 1 },
	recallIntervals: { angry: { low: 0.2, high: 0.8 }, happy: { low: 1, high: 1 } },
	confusion: [
		[5, 1, 4],
		[0, 10, 0],
		[0, 0, 0]
	],
	notFound: 0,
	unreadable: 0
};
const FIGURE = { n: 1, accuracy: 1, macroF1: 1, calibrationError: 0, calibration: [], coverage: [] };
const PER_LABEL = LABELS.map(() => ({ precision: 1, recall: 1, f1: 1, support: 1 }));
const SPLIT = { ...FIGURE, perLabel: PER_LABEL, confusion: LABELS.map(() => [1, 0, 0]) };
const REPORT: Report = {
	schema: 1,
	model: 'small',
	labels: LABELS,
	temperature: 1,
	mirrored: { temperature: 1 },
	splits: [{ id: 'public', title: 'PublicTest', single: SPLIT, mirrored: SPLIT }],
	history: [],
	corruptions: []
};

describe('the report on unseen people', () => {
	const unseen = unseenReport('posed', LABELS, FIGURES);

	it('gives figures label by label, with what their pictures are called instead', () => {
		expect(unseen).toMatchObject({ id: 'posed', n: 20, people: 4, accuracy: { share: 0.75, low: 0.5, high: 0.9 } });
		expect(unseen.labels).toEqual([
			{ label: 'angry', share: 0.5, low: 0.2, high: 0.8, saidMost: { label: 'neutral', share: 0.4 } },
			{ label: 'happy', share: 1, low: 1, high: 1, saidMost: null }
		]);
	});

	it('is readable by the page, with one entry per folder', () => {
		const other = { ...unseen, id: 'at-rest' };
		const once = withUnseen(withUnseen(REPORT, unseen), other);
		const newer = { ...unseen, n: 21 };
		const report = parseReport(JSON.parse(JSON.stringify(withUnseen(once, newer))));
		expect(report.unseen).toEqual([other, newer]);
	});
});
