import type { App } from './app';

declare global {
	interface Window {
		/** For diagnostics: live tensors in the worker and their bytes. */
		mien?: { stats: App['session']['stats'] };
	}
}

/** Loads the models and watches the cameras, until the returned function is called, which releases everything. */
export function keepRunning({ session, cameras }: App): () => void {
	window.mien = { stats: () => session.stats() };
	const unwatch = cameras.watch(() => session.devicesChanged());
	void session.load();
	return () => {
		delete window.mien;
		unwatch();
		session.dispose();
	};
}
