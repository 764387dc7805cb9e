/** Reports for the comparison page, made up from plain formulas, so that a test knows every figure. */
import type { BrowserContext } from 'playwright-core';
import { type Figures, parseReport, type Report } from '../../src/lib/report';

const SUPPORT = 100;

/** Each label is right in `right` of 100 pictures, less its index; the rest is spread over the labels that follow. */
function figuresOf(labels: readonly string[], right: number): Figures {
	const size = labels.length;
	const confusion = labels.map((_, row) => {
		const counts = labels.map(() => 0);
		counts[row] = right - row;
		for (let rest = SUPPORT - right + row, step = 1; rest > 0; step++) {
			const column = (row + 1 + (step % (size - 1))) % size;
			const share = Math.min(rest, 5);
			counts[column] = (counts[column] ?? 0) + share;
			rest -= share;
		}
		return counts;
	});
	const recalls = labels.map((_, row) => (right - row) / SUPPORT);
	const accuracy = recalls.reduce((sum, recall) => sum + recall, 0) / size;
	return {
		n: SUPPORT * size,
		accuracy,
		macroF1: accuracy - 0.01,
		perLabel: recalls.map((recall) => ({ precision: recall, recall, f1: recall, support: SUPPORT })),
		confusion,
		calibrationError: 0.04,
		calibration: Array.from({ length: 15 }, (_, bin) => ({
			n: bin < 3 ? 0 : 10 * bin,
			confidence: (bin + 0.5) / 15,
			accuracy: Math.max(0, (bin + 0.5) / 15 - 0.04)
		})),
		coverage: Array.from({ length: 20 }, (_, step) => ({
			threshold: step / 20,
			coverage: 1 - step / 20,
			accuracy: accuracy + ((1 - accuracy) * step) / 25
		}))
	};
}

/** A whole report. `right`: pictures in 100 that are right; two more are right with the mirror image. */
export function reportOf(model: string, labels: readonly string[], right: number): Report {
	const split = (id: string, title: string, better: number) => ({
		id,
		title,
		single: figuresOf(labels, right + better),
		mirrored: figuresOf(labels, right + better + 2)
	});
	return parseReport({
		schema: 1,
		model,
		labels,
		temperature: 1,
		mirrored: { temperature: 1 },
		unsure: {
			wanted: 0.8,
			public: { threshold: 0.57, coverage: 0.66, accuracy: 0.8 },
			private: { threshold: 0.57, coverage: 0.64, accuracy: 0.79 }
		},
		splits: [
			split('public', 'PublicTest, labels of FER2013', 0),
			split('private', 'PrivateTest, labels of FER2013', 1),
			split('paper', 'Both test sets, as the paper tests', 0),
			split('ferplus-private', 'PrivateTest, labels of FER+', 15)
		],
		history: Array.from({ length: 24 }, (_, epoch) => ({
			epoch: epoch + 1,
			size: 48,
			learningRate: 0.1,
			train: { loss: 1.9 - 0.04 * epoch, accuracy: 0.25 + 0.016 * epoch },
			validation: { loss: 1.7 - 0.03 * epoch, accuracy: 0.3 + 0.014 * epoch }
		})),
		corruptions: [
			{ id: 'blur', title: 'Blur', accuracy: [0.6, 0.5, 0.35] },
			{ id: 'noise', title: 'Noise', accuracy: [0.58, 0.44, 0.3] }
		]
	});
}

/** Has the site offer these reports and no others. */
export async function offerReports(context: BrowserContext, reports: readonly Report[]): Promise<void> {
	await context.route('**/models/*/report.json', (route) => {
		const report = reports.find(({ model }) => route.request().url().endsWith(`/${model}/report.json`));
		return report === undefined ? route.fulfill({ status: 404 }) : route.fulfill({ json: report });
	});
}
