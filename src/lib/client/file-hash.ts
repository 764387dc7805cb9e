/** The SHA-256 of a file as 64 hex digits, computed in a worker of its own; null if it could not be read. */
export function hashFile(file: Blob, signal: AbortSignal): Promise<string | null> {
	return new Promise((resolve) => {
		const worker = new Worker(new URL('../worker/hash.worker.ts', import.meta.url), { type: 'module' });
		const settle = (hash: string | null): void => {
			worker.terminate();
			resolve(hash);
		};
		worker.onmessage = ({ data }: MessageEvent<string | null>) => settle(data);
		worker.onerror = () => settle(null);
		signal.addEventListener('abort', () => settle(null), { once: true });
		worker.postMessage(file);
	});
}
