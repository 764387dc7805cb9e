/** The built site, served as `npm start` serves it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

export interface Site {
	/** Address without a slash at its end, once it is served. Rejects where the server ends before that. */
	readonly origin: Promise<string>;
	stop(): void;
}

/** `proxies`: each as /PATH=http://HOST:PORT. `folder`: where the project, or a copy of its build, lies. */
export function startSite(proxies: readonly string[], folder = '.'): Site {
	const options = ['--no-build', '--host=127.0.0.1', ...proxies.map((proxy) => `--proxy=${proxy}`)];
	const server = spawn(process.execPath, ['--import', 'tsx', resolve('src/server/start.ts'), ...options], {
		cwd: folder,
		stdio: ['ignore', 'pipe', 'pipe']
	});
	const origin = printedAddress(server);
	// Whoever waits for it is told; a server that ends before anybody does is no uncaught error.
	origin.catch(() => undefined);
	return { origin, stop: () => void server.kill() };
}

/** Resolves with the address that the server prints. */
function printedAddress(server: ChildProcess): Promise<string> {
	return new Promise((resolve, reject) => {
		let printed = '';
		const read = (chunk: Buffer) => {
			printed += chunk.toString();
			// The server colours its output, the port included.
			// eslint-disable-next-line no-control-regex
			const address = /http:\/\/[\d.]+:\d+/.exec(printed.replaceAll(/\x1b\[\d+m/g, ''));
			if (address !== null) resolve(address[0]);
		};
		server.stdout?.on('data', read);
		server.stderr?.on('data', read);
		server.on('exit', (code) => reject(new Error(`The server ended with ${code ?? 'a signal'}: ${printed}`)));
	});
}
