/** Keeps the screen on while the page is visible, until `signal` aborts. */
export function keepAwake(signal: AbortSignal): void {
	// Missing in older browsers and insecure contexts, despite the type.
	if (!('wakeLock' in navigator)) return;
	let held = null as WakeLockSentinel | null;
	let isAsking = false;
	// A function, as the kiosk may be left while the browser answers.
	const isOver = () => signal.aborted;
	const ask = async () => {
		if (document.visibilityState !== 'visible' || isAsking || isOver()) return;
		if (held !== null && !held.released) return;
		isAsking = true;
		try {
			held = await navigator.wakeLock.request('screen');
			if (isOver()) await held.release();
		} catch (error) {
			// A low battery, or a policy: the kiosk keeps running, and its screen may go dark.
			console.info('The screen may switch itself off.', error);
		} finally {
			isAsking = false;
		}
	};
	// Browsers release it whenever the page is hidden, and sometimes at other times.
	document.addEventListener('visibilitychange', () => void ask(), { signal });
	const timer = setInterval(() => void ask(), 60_000);
	signal.addEventListener('abort', () => {
		clearInterval(timer);
		void held?.release().catch(() => undefined);
	});
	void ask();
}
