import type { Scores } from './types';

/** Index of the greatest score, the first one of equals; -1 without scores. */
export function indexOfGreatest(scores: Scores): number {
	return scores.indexOf(Math.max(...scores));
}

/** The mean of some rows of scores, label by label. */
export function meanScores(rows: readonly Scores[]): number[] {
	const [first = []] = rows;
	return first.map((_, label) => rows.reduce((sum, row) => sum + (row[label] ?? 0), 0) / rows.length);
}
