import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../src/lib/core/calibration';
import {
	confusionMatrix,
	expectedCalibrationError,
	fitCalibration,
	logLoss,
	summarise
} from '../../../src/lib/core/metrics';
import { createRandom } from '../../../training/lib/random';

describe('summarise', () => {
	it('gives accuracy, macro-F1 and recall of a matrix worked out by hand', () => {
		const scores = [
			[0.9, 0.1, 0],
			[0.2, 0.8, 0],
			[0.3, 0.6, 0.1],
			[0.1, 0.7, 0.2]
		];
		const matrix = confusionMatrix(scores, [0, 0, 1, 1], 3);
		expect(matrix).toEqual([
			[1, 1, 0],
			[0, 2, 0],
			[0, 0, 0]
		]);
		const { n, accuracy, macroF1, perClass } = summarise(matrix);
		expect(n).toBe(4);
		expect(accuracy).toBe(0.75);
		// F1 of the labels: 2/3 and 4/5; none for one that no picture has.
		expect(macroF1).toBeCloseTo((2 / 3 + 4 / 5) / 2, 12);
		expect(perClass).toEqual([0.5, 1, 0]);
	});

	it('rejects a label outside the matrix', () => {
		expect(() => confusionMatrix([[1, 0]], [2], 2)).toThrow(RangeError);
	});
});

describe('calibration', () => {
	/** Rows whose stated probabilities are right on average, over three labels. */
	function calibrated(count: number): { scores: number[][]; truth: number[] } {
		const random = createRandom(11);
		const scores = Array.from({ length: count }, () => {
			const logits = [2 * random(), 2 * random(), 3 * random()];
			const powers = logits.map(Math.exp);
			const sum = powers.reduce((a, b) => a + b, 0);
			return powers.map((power) => power / sum);
		});
		const truth = scores.map(([first = 0, second = 0]) => {
			const draw = random();
			return draw < first ? 0 : draw < first + second ? 1 : 2;
		});
		return { scores, truth };
	}

	it('recovers the temperature that was applied', () => {
		const { scores, truth } = calibrated(4000);
		const overconfident = scores.map((row) => calibrate(row, { temperature: 0.5 }));
		const { temperature } = fitCalibration(scores, truth);
		expect(temperature).toBeCloseTo(1, 0);
		expect(fitCalibration(overconfident, truth).temperature / temperature).toBeCloseTo(2, 1);
	});

	it('recovers the biases that were applied', () => {
		const { scores, truth } = calibrated(4000);
		const plain = fitCalibration(scores, truth);
		const skewed = scores.map((row) => calibrate(row, { temperature: 1, biases: [0.5, 0, -0.5] }));
		const found = fitCalibration(skewed, truth);
		for (const [row, probabilities] of skewed.slice(0, 20).entries())
			for (const [label, p] of calibrate(probabilities, found).entries())
				expect(p).toBeCloseTo(calibrate(scores[row] ?? [], plain)[label] ?? NaN, 2);
		expect((found.biases[2] ?? NaN) - (plain.biases[2] ?? NaN)).toBeGreaterThan(0.4);
		expect(found.biases.reduce((a, b) => a + b)).toBeCloseTo(0, 9);
	});

	it('expects each label as often as it is true, and hardly ever one that never is', () => {
		const { scores, truth } = calibrated(1000);
		const withoutLast = truth.map((label) => label % 2);
		const calibration = fitCalibration(scores, withoutLast);
		const expected = scores.map((row) => calibrate(row, calibration));
		for (const label of [0, 1, 2]) {
			const share = expected.reduce((sum, row) => sum + (row[label] ?? 0), 0) / truth.length;
			expect(share).toBeCloseTo(withoutLast.filter((other) => other === label).length / truth.length, 3);
		}
	});

	it('measures no error when confidence is right, and the gap when it is not', () => {
		const { scores, truth } = calibrated(4000);
		expect(expectedCalibrationError(scores, truth)).toBeLessThan(0.04);
		const sure = scores.map((row) => row.map((p) => (p === Math.max(...row) ? 1 : 0)));
		const accuracy = summarise(confusionMatrix(sure, truth, 3)).accuracy;
		expect(expectedCalibrationError(sure, truth)).toBeCloseTo(1 - accuracy, 10);
	});

	it('has the log-loss of a fair coin', () => {
		expect(logLoss([[0.5, 0.5]], [1])).toBeCloseTo(Math.LN2, 12);
	});
});
