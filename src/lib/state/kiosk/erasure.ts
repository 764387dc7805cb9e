/** Erasing what was counted, also where a kiosk runs in another tab: that would put back what it still holds. */

const CHANNEL = 'mien.kiosk.erased';

/** Tells every kiosk of this browser that what was counted is erased. */
export function announceErasure(): void {
	const channel = new BroadcastChannel(CHANNEL);
	channel.postMessage(null);
	channel.close();
}

/** Calls `forget` whenever another tab has erased what was counted, until `signal` aborts. */
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
