/** Shuts a server down gracefully, and only once, whoever asks for it. */

/** Another signal within this time of the first is the same one, passed on by both a terminal and npm. */
const SAME_MS = 1000;
const PARENT_EVERY_MS = 500;

/** Noted at once: npm may end while the site is still being built. */
const parent = process.ppid;

/**
 * Calls `stop` with the reason when this process gets a signal to end, and exits with 0 once that is done; another
 * signal more than a second later exits at once, with 1. If npm started this process, the end of npm's shell counts as
 * a signal too: the shell passes none on, and the server would stay behind, holding its port.
 */
export function stopWhenAsked(stop: (reason: string) => Promise<void>): void {
	let askedMs: number | undefined;
	const ask = (reason: string): void => {
		if (askedMs === undefined) {
			askedMs = performance.now();
			void stop(reason).then(() => process.exit(0));
		} else if (performance.now() - askedMs > SAME_MS) process.exit(1);
	};
	for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => ask(name));
	if (process.env['npm_lifecycle_event'] === undefined) return;
	const watch = setInterval(() => {
		if (process.ppid === parent) return;
		clearInterval(watch);
		ask('npm ended');
	}, PARENT_EVERY_MS);
	watch.unref();
}
