import type { Scores } from './types';

/** Index of the greatest score, the first one of equals; -1 without scores. */
export function indexOfGreatest(scores: Scores): number {
	return scores.indexOf(Math.max(...scores));
}
