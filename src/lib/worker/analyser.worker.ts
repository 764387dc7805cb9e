/** The worker's entry: requests the files it will need while the rest of its code is loading. */
import { WORKER_NOT_LOADED, type ToWorker } from '../protocol';
import type { AheadFile } from './fetch-file';

let code: Promise<{ readonly receive: (message: ToWorker) => void }> | null = null;

self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
	if (data.type === 'start') globalThis.mienAhead = fetchAhead(data.ahead ?? [], data.baseUrl);
	code ??= import('./serve');
	code.then(({ receive }) => {
		receive(data);
	}, fail);
};

function fail(): void {
	// In a separate task, so that the page gets an error event.
	setTimeout(() => {
		throw new Error(WORKER_NOT_LOADED);
	});
}

function fetchAhead(paths: readonly string[], baseUrl: string): Map<string, AheadFile> {
	return new Map(
		paths.map((path) => {
			const { href } = new URL(path, baseUrl);
			const controller = new AbortController();
			// A file with a hash in its name never changes.
			const cache = /-[0-9a-f]{12}\.\w+$/.test(path) ? 'default' : 'no-cache';
			const response = fetch(href, { cache, signal: controller.signal });
			response.catch(() => undefined);
			return [href, { response, controller }];
		})
	);
}
