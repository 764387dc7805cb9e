/** Which epoch of a run is kept, and when a run ends early. */
import type { EpochLog } from './checkpoint';
import type { Recipe } from '../models/recipe';

type Measure = Recipe['keep'];

/** The best epoch on the selecting rows by `measure` (the first of equal ones), or the last one. */
export function bestEpoch(history: readonly EpochLog[], measure: Measure): EpochLog | undefined {
	let best: EpochLog | undefined;
	for (const log of history) if (!best || isBetter(log, best, measure)) best = log;
	return best;
}

function isBetter({ validation: a }: EpochLog, { validation: b }: EpochLog, measure: Measure): boolean {
	switch (measure) {
		case 'accuracy':
			return a.accuracy > b.accuracy;
		case 'loss':
			return a.loss < b.loss;
		case 'last':
			return true;
	}
}

/** Whether early stopping ends the run after the epochs of `history`. */
export function hasStoppedEarly(history: readonly EpochLog[], { earlyStopping }: Recipe): boolean {
	if (!earlyStopping) return false;
	const best = bestEpoch(history, earlyStopping.by);
	return best !== undefined && history.length - 1 - best.epoch >= earlyStopping.patience;
}
