/** Serves the built site as `npm start` does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** One of the served pages. */
const BUILT = 'build/kiosk.html';

export interface Site {
	/** Its address, without a trailing slash. */
	readonly origin: string;
	/** Its process. */
	readonly pid: number;
	stop(): void;
}

/**
 * Serves the build in `folder`, this project or a folder with a copy of its build/, until stopped; `options` as for
 * `npm start`. Rejects if there is no build.
 */
export async function serveSite(options: readonly string[] = [], folder = '.'): Promise<Site> {
	if (!existsSync(join(folder, BUILT))) throw new Error('There is no build/ to test: run `npm run build` first.');
	const args = ['--max-semi-space-size=2', await bundledServer(), '--no-build', '--host=127.0.0.1', ...options];
	const server = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
	let isWanted = true;
	const stop = () => {
		isWanted = false;
		server.kill();
	};
	server.on('exit', (code, signal) => {
		if (isWanted) console.error(`The site's server ended by itself: ${code ?? signal ?? 'unknown'}`);
	});
	server.stderr.pipe(process.stderr);
	try {
		return { origin: await printedAddress(server), pid: server.pid ?? NaN, stop };
	} catch (error) {
		stop();
		throw error;
	}
}

/** The server's script, as `npm start` makes it. */
export async function bundledServer(): Promise<string> {
	const outfile = resolve('node_modules/.cache/mien-server.mjs');
	await build({
		entryPoints: [resolve('src/server/start.ts')],
		bundle: true,
		platform: 'node',
		format: 'esm',
		packages: 'external',
		outfile
	});
	return outfile;
}

/** Resolves with the address that the server prints. */
function printedAddress(server: ChildProcess): Promise<string> {
	return new Promise((resolve, reject) => {
		let printed = '';
		const read = (chunk: Buffer) => {
			printed += chunk.toString();
			const address = /http:\/\/[\d.]+:\d+/.exec(printed);
			if (address !== null) resolve(address[0]);
		};
		server.stdout?.on('data', read);
		server.stderr?.on('data', read);
		server.on('exit', (code) => reject(new Error(`The server ended with ${code ?? 'a signal'}: ${printed}`)));
	});
}
