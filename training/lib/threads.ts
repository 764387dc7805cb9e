import { Worker } from 'node:worker_threads';

/** A thread that runs `entry`, a module in TypeScript: threads do not inherit the loader, so it starts with one. */
export function startThread(entry: URL, workerData: unknown): Worker {
	const loader = import.meta.resolve('tsx/esm/api');
	const { href } = entry;
	return new Worker(
		`import(${JSON.stringify(loader)}).then(({ tsImport }) => tsImport(${JSON.stringify(href)}, ${JSON.stringify(href)}))`,
		{ eval: true, workerData }
	);
}
