/** Pages of one browser take turns: two kiosks before the same camera would count everyone twice. */

/** How often the page whose turn it is asks whether another waits; hidden pages are given less. */
const ASK_MS = 5000;

/**
 * Calls `begin` when this page's turn comes: at once, unless another page with this `name` has it. What it returns is
 * called when the turn ends, which is when `signal` aborts, or when this page is hidden and another one waits; theirs
 * begins once that has settled. A page that is closed ends its turn. Where the browser has no locks, as on pages that are
 * not secure, each page's turn comes at once.
 */
export function takeTurns(name: string, begin: () => () => Promise<void>, signal: AbortSignal): void {
	const turn = async (ended: AbortSignal) => {
		const end = begin();
		if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
		await end();
	};
	// Missing, whatever its type says, on pages that are not secure.
	const { locks } = navigator as Partial<Pick<Navigator, 'locks'>>;
	if (locks === undefined) {
		void turn(signal);
		return;
	}
	// Asked anew each time: it changes while others are waited for.
	const isOver = () => signal.aborted;
	const queue = async () => {
		while (!isOver()) {
			await locks.request(name, { signal }, async () => {
				const yielded = new AbortController();
				const timer = setInterval(() => {
					if (document.visibilityState === 'visible') return;
					void locks.query().then(({ pending = [] }) => {
						if (pending.some((request) => request.name === name)) yielded.abort();
					});
				}, ASK_MS);
				await turn(AbortSignal.any([signal, yielded.signal]));
				clearInterval(timer);
			});
		}
	};
	queue().catch((error: unknown) => {
		if (!isOver()) console.warn('This page waits for its turn in vain.', error);
	});
}
