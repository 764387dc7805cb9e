import { expect, it } from 'vitest';
import { parseReport, REPORT_SCHEMA, type Figures, type Report } from '../../src/lib/report';

const FIGURES: Figures = {
	n: 4,
	accuracy: 0.75,
	macroF1: 0.7,
	perLabel: [
		{ precision: 1, recall: 0.5, f1: 0.67, support: 2 },
		{ precision: 0.67, recall: 1, f1: 0.8, support: 2 }
	],
	confusion: [
		[1, 1],
		[0, 2]
	],
	calibrationError: 0.1,
	calibration: [{ n: 4, confidence: 0.8, accuracy: 0.75 }],
	coverage: [{ threshold: 0.5, coverage: 1, accuracy: 0.75 }]
};

const REPORT: Report = {
	schema: REPORT_SCHEMA,
	model: 'small',
	labels: ['happy', 'sad'],
	temperature: 1.1,
	mirrored: { temperature: 0.9, biases: [0, 0.1] },
	splits: [{ id: 'private', title: 'PrivateTest', single: FIGURES, mirrored: FIGURES }],
	history: [
		{ epoch: 0, size: 48, learningRate: 0.1, train: { loss: 1, accuracy: 0.5 }, validation: { loss: 1, accuracy: 0.5 } }
	],
	corruptions: [{ id: 'blur', title: 'Blur', accuracy: [0.7, 0.6, 0.5] }]
};

it('reads what evaluation writes', () => {
	expect(parseReport(JSON.parse(JSON.stringify(REPORT)))).toEqual(REPORT);
});

it('names the place of a fault', () => {
	expect(() => parseReport({ ...REPORT, temperature: 0 })).toThrow(/temperature/);
});

it('refuses figures that leave out a label', () => {
	const short = { ...FIGURES, perLabel: FIGURES.perLabel.slice(1) };
	const report = { ...REPORT, splits: [{ id: 'private', title: 'PrivateTest', single: short, mirrored: FIGURES }] };
	expect(() => parseReport(report)).toThrow(/each label/);
	expect(() => parseReport({ ...REPORT, biases: [0.1] })).toThrow(/each label/);
});
