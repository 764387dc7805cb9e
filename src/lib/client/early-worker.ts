/** The worker that src/first.js started before the page's own code was loaded. */
import type { FromWorker } from '../protocol';

/** As src/first.js leaves it. */
export interface EarlyWorker {
	readonly worker: Worker;
	/** Messages that came before anyone listened, in order. */
	readonly said: readonly FromWorker[];
	/** Whether its code could not be loaded. */
	readonly failed: boolean;
}

declare global {
	var mienWorker: EarlyWorker | undefined;
}

/** Returns, once, the worker that was started early; null if there is none, or if it failed. */
export function takeEarlyWorker(): EarlyWorker | null {
	const early = globalThis.mienWorker;
	globalThis.mienWorker = undefined;
	if (early?.failed === false) return early;
	early?.worker.terminate();
	// Preloads may have stalled, and a new request for the same file would share their response.
	for (const link of document.querySelectorAll('link[rel=preload]')) link.remove();
	return null;
}
