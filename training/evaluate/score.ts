/**
 * The score by which recipes are chosen: the mean of five figures, none of which uses PrivateTest. Labels are weighted
 * as in FER2013.
 */
import { indexOfGreatest } from '../../src/lib/core/scores';
import type { Scores } from '../../src/lib/core/types';
import { createRandom } from '../lib/random';
import { holm, mcnemar, percentiles, type Interval } from './statistics';

/** One answered picture. */
export interface Answered {
	readonly truth: number;
	readonly said: number;
}

/** One network's calibrated answers. All compared networks have lists of the same pictures in the same order. */
export interface ScoreAnswers {
	/** PublicTest, and whether most FER+ voters give each picture FER2013's label. */
	readonly public: readonly (Answered & { readonly clear: boolean })[];
	/** Some of PublicTest's pictures under each of several corruptions. */
	readonly corrupted: readonly (readonly Answered[])[];
	/** Another set of faces, by person. */
	readonly faces: readonly (readonly Answered[])[];
}

/** Fractions of 0..1. */
export interface ScoreFigures {
	readonly score: number;
	readonly accuracy: number;
	readonly meanRecall: number;
	readonly facesMeanRecall: number;
	readonly clearMeanRecall: number;
	readonly corrupted: number;
}

export interface ScoreResult extends ScoreFigures {
	/** 95 %, by bootstrap over pictures of PublicTest and people of the other faces. */
	readonly interval: Interval;
	/** The score minus that of the first network, on the same draws. */
	readonly gain: Interval & { readonly mean: number };
	/**
	 * Chance of so uneven a split with the first network on PublicTest (McNemar), adjusted over all networks (Holm).
	 */
	readonly chance: number;
}

const RESAMPLES = 1000;

export const answered = (scores: Scores, truth: number): Answered => ({ truth, said: indexOfGreatest(scores) });

/** All figures of `answers`, and how far each differs from the first by more than chance. */
export function scoreAll(answers: readonly ScoreAnswers[]): ScoreResult[] {
	const draws = answers.map((own) => {
		const random = createRandom(1);
		const draw = <T>(list: readonly T[]): T[] => list.map(() => list[Math.floor(random() * list.length)] as T);
		return Array.from(
			{ length: RESAMPLES },
			() => scoreOf({ public: draw(own.public), corrupted: own.corrupted.map(draw), faces: draw(own.faces) }).score
		);
	});
	const [first] = answers;
	const chances = holm(answers.slice(1).map((own) => mcnemarOf(own.public, first?.public ?? [])));
	const base = first ? scoreOf(first).score : NaN;
	return answers.map((own, place) => {
		const figures = scoreOf(own);
		const values = draws[place] ?? [];
		const gains = values.map((value, index) => value - (draws[0]?.[index] ?? NaN));
		return {
			...figures,
			interval: percentiles(values),
			gain: { ...percentiles(gains), mean: figures.score - base },
			chance: chances[place - 1] ?? 1
		};
	});
}

function scoreOf({ public: own, corrupted, faces }: ScoreAnswers): ScoreFigures {
	const parts = {
		accuracy: accuracyOf(own),
		meanRecall: meanRecallOf(own),
		facesMeanRecall: meanRecallOf(faces.flat()),
		clearMeanRecall: meanRecallOf(own.filter(({ clear }) => clear)),
		corrupted: meanOf(corrupted.map(accuracyOf))
	};
	return { score: meanOf(Object.values(parts)), ...parts };
}

function mcnemarOf(own: readonly Answered[], others: readonly Answered[]): number {
	const isRight = ({ truth, said }: Answered): boolean => truth === said;
	const only = own.map((answer, place) => Number(isRight(answer)) - Number(isRight(others[place] ?? answer)));
	return mcnemar(only.filter((sign) => sign > 0).length, only.filter((sign) => sign < 0).length);
}

export function accuracyOf(answers: readonly Answered[]): number {
	return answers.filter(({ truth, said }) => truth === said).length / Math.max(1, answers.length);
}

/** Over the labels that occur. */
export function meanRecallOf(answers: readonly Answered[]): number {
	return meanOf(recallsOf(answers).filter((recall) => recall !== undefined));
}

/** By label; undefined for one that no picture has. */
export function recallsOf(answers: readonly Answered[]): (number | undefined)[] {
	const counts: { n: number; hits: number }[] = [];
	for (const { truth, said } of answers) {
		const count = (counts[truth] ??= { n: 0, hits: 0 });
		count.n++;
		if (truth === said) count.hits++;
	}
	return Array.from(counts, (count) => (count as typeof count | undefined) && count.hits / count.n);
}

function meanOf(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
