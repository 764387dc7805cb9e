/** The worker that src/first.js started before the page's own code was there. */
import type { FromWorker } from '../protocol';

/** As src/first.js leaves it. */
export interface EarlyWorker {
	readonly worker: Worker;
	/** Messages that came before anybody listened, in their order. */
	readonly said: readonly FromWorker[];
	/** Whether its code could not be loaded. */
	readonly failed: boolean;
}

declare global {
	var mienWorker: EarlyWorker | undefined;
}

/** The worker that was started early and told to start, once; null where there is none, or where it failed. */
export function takeEarlyWorker(): EarlyWorker | null {
	const early = globalThis.mienWorker;
	globalThis.mienWorker = undefined;
	if (early === undefined) return null;
	if (!early.failed) return early;
	early.worker.terminate();
	return null;
}
