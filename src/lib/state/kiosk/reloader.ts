/** Reloads the page as a last resort: only where the server would answer, and never in a circle. */
const STORAGE_KEY = 'mien.kiosk.reloaded';
const ANSWER_LIMIT_MS = 5000;
const SAVE_LIMIT_MS = 3000;

export class Reloader {
	/** When the page was last reloaded on purpose, or that was tried, by the clock of `performance.now()`. */
	reloadedMs: number;

	constructor() {
		try {
			const keptMs = Number(sessionStorage.getItem(STORAGE_KEY) ?? NaN);
			this.reloadedMs = Number.isFinite(keptMs) ? keptMs - performance.timeOrigin : -Infinity;
		} catch {
			// A browser that keeps nothing would not know of it afterwards: it is never due.
			this.reloadedMs = Infinity;
		}
	}

	/** `save`: what is to be kept; a disk that hangs is not waited for. */
	async reload(save: () => Promise<void>): Promise<void> {
		this.reloadedMs = performance.now();
		await Promise.race([save(), new Promise((resolve) => setTimeout(resolve, SAVE_LIMIT_MS))]);
		try {
			// A page that is not there would leave the screen with an error of the browser, and nobody to reload that.
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
