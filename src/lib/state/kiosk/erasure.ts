/** Erases counts in other tabs, too: a kiosk that runs there would otherwise put back what it still holds. */

const CHANNEL = 'mien.kiosk.erased';

/** Tells every kiosk in this browser that the counts were erased. */
export function announceErasure(): void {
	const channel = new BroadcastChannel(CHANNEL);
	channel.postMessage(null);
	channel.close();
}

/** Calls `forget` whenever another tab has erased the counts, until `signal` aborts. */
export function onErasure(forget: () => void, signal: AbortSignal): void {
	const channel = new BroadcastChannel(CHANNEL);
	channel.onmessage = forget;
	signal.addEventListener(
		'abort',
		() => {
			channel.close();
		},
		{ once: true }
	);
}
