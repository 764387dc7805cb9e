/** New versions of the site: fetched in the background, offered, and applied when it suits. */

/** The models and the camera come first. */
const REGISTER_AFTER_MS = 5000;
/** A kiosk is open for months and nobody navigates, so nothing else would check. */
const CHECK_EVERY_MS = 3_600_000;

export class Updates {
	/** Whether a new version is complete and waits to be used. */
	isReady = $state(false);
	#waiting: ServiceWorker | null = null;
	#isTaking = false;

	/** Keeps the site for use without a network and looks for new versions, until the returned function is called. */
	start(scope: string): () => void {
		const stopped = new AbortController();
		// Undefined on plain http from another machine, despite the type.
		const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
		if (container === undefined) return () => undefined;
		let hadVersion = container.controller !== null;
		container.addEventListener(
			'controllerchange',
			() => {
				if (this.#isTaking) location.reload();
				// Another page took the new version: this page goes on with the old one, and may follow.
				else if (hadVersion) this.isReady = true;
				hadVersion = true;
			},
			{ signal: stopped.signal }
		);
		const register = async () => {
			// Undefined if service workers are blocked.
			const registration = (await container.register(`${scope}service-worker.js`, {
				scope,
				updateViaCache: 'none'
			})) as ServiceWorkerRegistration | undefined;
			if (registration !== undefined && !stopped.signal.aborted) this.#watch(registration, stopped.signal);
		};
		const timer = setTimeout(() => {
			// A site without https, or a browser that stores nothing: everything works, but only with a network.
			register().catch(() => undefined);
		}, REGISTER_AFTER_MS);
		stopped.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
		return () => stopped.abort();
	}

	/**
	 * Reloads the page with the waiting version. May be called again if nothing happened: browsers can be slow. If work
	 * would be lost, the browser asks first, while this version's files are still there; then it has to be called again.
	 */
	take(): void {
		if (!this.isReady) return;
		const loses = !dispatchEvent(new Event('beforeunload', { cancelable: true }));
		if (this.#waiting === null || loses) location.reload();
		else {
			this.#isTaking = true;
			this.#waiting.postMessage('take-over');
		}
	}

	#watch(registration: ServiceWorkerRegistration, signal: AbortSignal): void {
		const offer = (found: ServiceWorker | null) => {
			// Without a running version there is nothing to replace: this is the first visit.
			if (found?.state !== 'installed' || navigator.serviceWorker.controller === null) return;
			this.#waiting = found;
			this.isReady = true;
		};
		offer(registration.waiting);
		registration.addEventListener(
			'updatefound',
			() => {
				const { installing } = registration;
				installing?.addEventListener('statechange', () => offer(installing), { signal });
			},
			{ signal }
		);
		const timer = setInterval(() => {
			// Without a network, it checks again in an hour.
			registration.update().catch(() => undefined);
		}, CHECK_EVERY_MS);
		signal.addEventListener('abort', () => clearInterval(timer), { once: true });
	}
}
