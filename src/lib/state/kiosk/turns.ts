/** Pages of one browser take turns: two kiosks on the same camera would count everyone twice. */

/** How often the page that has the turn checks whether another waits; hidden pages get to check less often. */
const ASK_MS = 5000;

/**
 * Calls `begin` when this page's turn comes: at once, unless another page with this `name` has it. The function that
 * it returns is called when the turn ends, which is when `signal` aborts, or when this page is hidden and another one
 * waits; the other's turn begins once that has settled. A page that is closed ends its turn. If the browser has no
 * locks, as on insecure pages, or refuses them, as where sites may store nothing, each page's turn comes at once.
 */
export function takeTurns(name: string, begin: () => () => Promise<void>, signal: AbortSignal): void {
	const turn = async (ended: AbortSignal) => {
		const end = begin();
		if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
		await end();
	};
	// Missing on insecure pages, despite the type.
	const { locks } = navigator as Partial<Pick<Navigator, 'locks'>>;
	if (locks === undefined) {
		void turn(signal);
		return;
	}
	// A function, as this changes during awaits.
	const isOver = () => signal.aborted;
	let isWaiting = true;
	const queue = async () => {
		while (!isOver()) {
			isWaiting = true;
			await locks.request(name, { signal }, async () => {
				isWaiting = false;
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
		if (isOver()) return;
		console.warn('This page could not wait for its turn.', error);
		if (isWaiting) void turn(signal);
	});
}
