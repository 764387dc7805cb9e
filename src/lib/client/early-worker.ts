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
	if (early?.failed === false) return early;
	early?.worker.terminate();
	// What the page asked for ahead may stand still; whoever asks for it again would share that answer.
	for (const link of document.querySelectorAll('link[rel=preload]')) link.remove();
	return null;
}
