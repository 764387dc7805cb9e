/** Figures of a set of answers. */
import { confusionMatrix, expectedCalibrationError, summarise } from '../../src/lib/core/metrics';
import type { Scores } from '../../src/lib/core/types';
import type { CoveragePoint, Figures } from '../../src/lib/report';

const BINS = 15;
const THRESHOLDS = Array.from({ length: 20 }, (_, i) => i * 0.05);

/** All figures of one set of pictures; `scores` calibrated, and shifted if the page's answers are measured. */
export function figuresOf(scores: readonly Scores[], truth: readonly number[]): Figures {
	const confusion = confusionMatrix(scores, truth, scores[0]?.length ?? 0);
	const { n, accuracy, macroF1 } = summarise(confusion);
	const predicted = confusion.map((_, label) => confusion.reduce((sum, row) => sum + (row[label] ?? 0), 0));
	const answers = answersOf(scores, truth);
	return {
		n,
		accuracy,
		macroF1,
		perLabel: confusion.map((row, label) => {
			const support = row.reduce((a, b) => a + b, 0);
			const hits = row[label] ?? 0;
			const all = support + (predicted[label] ?? 0);
			return {
				precision: hits / Math.max(1, predicted[label] ?? 0),
				recall: hits / Math.max(1, support),
				f1: all === 0 ? 0 : (2 * hits) / all,
				support
			};
		}),
		confusion,
		calibrationError: expectedCalibrationError(scores, truth),
		calibration: Array.from({ length: BINS }, (_, bin) => {
			const part = answers.filter(({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS)) === bin);
			return { n: part.length, confidence: mean(part.map(({ confidence }) => confidence)), accuracy: rightOf(part) };
		}).filter((bin) => bin.n > 0),
		coverage: THRESHOLDS.map((threshold) => coverageAt(answers, threshold)).filter(({ coverage }) => coverage > 0)
	};
}

/** The most likely label's probability, and whether it is the true one. */
interface Answer {
	readonly confidence: number;
	readonly isRight: boolean;
}

export function answersOf(scores: readonly Scores[], truth: readonly number[]): Answer[] {
	return scores.map((row, index) => {
		const confidence = Math.max(...row);
		return { confidence, isRight: row.indexOf(confidence) === truth[index] };
	});
}

function mean(values: readonly number[]): number {
	return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}

function rightOf(answers: readonly Answer[]): number {
	return mean(answers.map(({ isRight }) => (isRight ? 1 : 0)));
}

export function coverageAt(answers: readonly Answer[], threshold: number): CoveragePoint {
	const part = answers.filter(({ confidence }) => confidence >= threshold);
	return { threshold, coverage: part.length / answers.length, accuracy: rightOf(part) };
}

/**
 * The smallest threshold in whole percent at which at least `wanted` of the remaining answers are right, and the
 * figures there; undefined if there is none. `scores` as for `figuresOf`.
 */
export function findUnsure(
	scores: readonly Scores[],
	truth: readonly number[],
	wanted: number
): CoveragePoint | undefined {
	const answers = answersOf(scores, truth);
	return Array.from({ length: 100 }, (_, percent) => coverageAt(answers, percent / 100)).find(
		({ coverage, accuracy }) => coverage > 0 && accuracy >= wanted
	);
}
