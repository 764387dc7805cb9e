/** The progress of the start, as one share over all its stages. */
import type { FromWorker } from '../protocol';

export type LoadStage = 'worker' | Extract<FromWorker, { type: 'progress' }>['stage'];

/** The share of each stage that is done, 0..1. */
export type Loading = Readonly<Record<LoadStage, number>>;

export const NOT_LOADED: Loading = { worker: 0, backend: 0, detector: 0, model: 0, compile: 0 };

/** The share of a usual start that each stage takes; together 1. */
const WEIGHTS: Loading = { worker: 0.05, backend: 0.1, detector: 0.2, model: 0.45, compile: 0.2 };
/** Detector and model are compiled one after the other. */
const COMPILED = 2;
/** What must be done before each stage can begin. */
const BEFORE: Readonly<Record<LoadStage, readonly LoadStage[]>> = {
	worker: [],
	backend: ['worker'],
	detector: ['worker'],
	model: ['worker'],
	compile: ['worker', 'backend']
};

/** The state after a message from a stage; `progress`: 0..1, or null if unknown. It never goes back. */
export function advance(loading: Loading, stage: LoadStage, progress: number | null): Loading {
	const done = Object.fromEntries(BEFORE[stage].map((before) => [before, 1]));
	const own =
		stage === 'compile'
			? Math.min(1, loading.compile + (progress === 1 ? 1 / COMPILED : 0))
			: Math.max(loading[stage], progress ?? 0);
	return { ...loading, ...done, [stage]: own };
}

/** The share of the whole start that is done, 0..1. */
export function shareOf(loading: Loading): number {
	return (Object.keys(WEIGHTS) as LoadStage[]).reduce((sum, stage) => sum + WEIGHTS[stage] * loading[stage], 0);
}
