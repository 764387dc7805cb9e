import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PAPER_CURVES } from '../../../../src/lib/components/compare/paper-curves';
import { parseReport } from '../../../../src/lib/report';
import type { EpochLog } from '../../../../training/loop/checkpoint';
import { distanceToPaper, withReproduction } from '../../../../training/studies/paper-curves';

/** A run with this test accuracy in each epoch. */
const run = (accuracies: readonly number[]): EpochLog[] =>
	accuracies.map((accuracy, epoch) => ({
		epoch,
		step: 225 * (epoch + 1),
		size: 48,
		learningRate: 0.002,
		train: { loss: 1, accuracy },
		validation: { loss: 1.2, accuracy },
		imagesPerSecond: 100,
		seconds: 290
	}));

it("a run's distance is measured from the points of the paper's plots that the page draws", () => {
	const accuracies = Array.from({ length: 32 }, () => 0.4);
	for (const [epoch, value] of PAPER_CURVES.test.accuracy) accuracies[epoch - 1] = value;
	expect(distanceToPaper(run(accuracies))).toBeCloseTo(0, 12);
	expect(distanceToPaper(run(accuracies.map((value) => value + 0.03)))).toBeCloseTo(0.03, 12);
	// If it ends before the paper's, only its own epochs count.
	expect(distanceToPaper(run(accuracies.slice(0, 20).map((value) => value - 0.1)))).toBeCloseTo(0.1, 12);
});

it('the curves go into a report that the page can read', () => {
	const report = parseReport(JSON.parse(readFileSync('static/models/cnn/report.json', 'utf8')));
	const history = run([0.25, 0.4, 0.5]);
	const written: unknown = JSON.parse(JSON.stringify(withReproduction(report, { recipe: 'paper', history })));
	const { reproduction } = parseReport(written);
	expect(reproduction?.recipe).toBe('paper');
	expect(reproduction?.history.map(({ validation }) => validation.accuracy)).toEqual([0.25, 0.4, 0.5]);
});
