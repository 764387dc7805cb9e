/** Reloads the page as a last resort: only if the server answers, and never in a loop. */
const STORAGE_KEY = 'mien.kiosk.reloaded';
const ANSWER_LIMIT_MS = 5000;
const SAVE_LIMIT_MS = 3000;

export class Reloader {
	/** When the page was last reloaded on purpose, or tried to be, by the clock of `performance.now()`. */
	reloadedMs: number;

	constructor() {
		try {
			const keptMs = Number(sessionStorage.getItem(STORAGE_KEY) ?? NaN);
			// A time to come, as after the clock was set back, would rule out reloads until then.
			this.reloadedMs = Number.isFinite(keptMs) ? Math.min(0, keptMs - performance.timeOrigin) : -Infinity;
		} catch {
			// A browser that stores nothing would not remember the reload, so it is never due.
			this.reloadedMs = Infinity;
		}
	}

	/** `save`: stores what should be kept; not waited for beyond a limit, as a disk may hang. */
	async reload(save: () => Promise<void>): Promise<void> {
		this.reloadedMs = performance.now();
		await Promise.race([save(), new Promise((resolve) => setTimeout(resolve, SAVE_LIMIT_MS))]);
		try {
			// Without a server, the screen would be left with a browser error, and nobody there to reload it.
			const response = await fetch(location.pathname, {
				method: 'HEAD',
				cache: 'no-store',
				signal: AbortSignal.timeout(ANSWER_LIMIT_MS)
			});
			if (!response.ok) return;
		} catch {
			return;
		}
		sessionStorage.setItem(STORAGE_KEY, String(performance.timeOrigin + performance.now()));
		location.reload();
	}
}
