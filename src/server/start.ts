/** `npm start`: builds the site if needed, serves it, and prints the address. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { buildSite, readBuild, whyBuild } from './build';
import { stopWhenAsked } from './ending';
import { createLog } from './log';
import { parseServeOptions, type ServeOptions, USAGE } from './options';
import { CameraProxy } from './proxy';
import { createSite } from './site';

const DEFAULT_PORT = 4173;
/** How many of the next ports are tried if the default one is taken. */
const PORT_TRIES = 100;

/** Something the operator can fix: printed without a stack. */
class StartError extends Error {}

async function start(args: readonly string[]): Promise<void> {
	const options = readOptions(args);
	const project = process.cwd();
	const allow = [
		...new Set([...(process.env['MIEN_ALLOW'] ?? '').split(/\s+/).filter((text) => text !== ''), ...options.allow])
	];
	const wanted = { allow, base: readBase(process.env['BASE_PATH'] ?? '') };
	await provideBuild(project, wanted, options);
	// With --no-build it may be for another path.
	const base = readBuild(project)?.base ?? wanted.base;

	const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
		version: string;
	};
	const log = createLog((line) => console.log(line));
	const proxies = options.proxies.map((proxy) => {
		const trusted = options.trust.filter(({ path }) => path === proxy.path).map(({ fingerprint }) => fingerprint);
		return new CameraProxy(proxy, { trusted, allow }, log);
	});
	const metrics = options.metrics ? new (await import('./metrics')).Metrics() : null;
	const hosts = { names: options.names, network: options.host !== null && options.host !== 'localhost' };
	const site = createSite({
		folder: 'build',
		base,
		hosts,
		proxies,
		metrics,
		log,
		version
	});
	const port = await listen(site.server, options);
	// The last resort: unforeseen errors are logged, and the cameras of others go on.
	process.on('uncaughtException', (error) => log.line(`Unexpected error, going on: ${error.stack ?? String(error)}`));
	stopWhenAsked((reason) => {
		log.line(`Stopping (${reason}).`);
		return site.stop();
	});
	for (const line of addresses(options, port, base)) console.log(line);
}

function readOptions(args: readonly string[]): ServeOptions {
	try {
		return parseServeOptions(args);
	} catch (error) {
		throw new StartError(`${(error as Error).message}\n\n${USAGE}`);
	}
}

function readBase(text: string): string {
	if (text !== '' && !/^(\/[\w.~-]+)+$/.test(text))
		throw new StartError(`BASE_PATH takes a path such as /mien, not "${text}"`);
	return text;
}

async function provideBuild(
	project: string,
	wanted: { allow: string[]; base: string },
	{ build, allow }: ServeOptions
): Promise<void> {
	if (!build) {
		const built = readBuild(project);
		if (built === null)
			throw new StartError('There is no build to serve: start without --no-build, or run `npm run build` first.');
		const missing = allow.filter((origin) => !built.allow.includes(origin));
		if (missing.length > 0) {
			throw new StartError(
				`The pages of the last build may not talk to ${missing.join(' ')}: that is written into them when they are built. Start without --no-build.`
			);
		}
		return;
	}
	const reason = whyBuild(project, wanted);
	if (reason === null) return;
	console.log(`Building, as ${reason}; this takes a minute or two.`);
	try {
		await buildSite(project, wanted);
	} catch (error) {
		throw new StartError((error as Error).message);
	}
}

/** Listens and returns the port: the wanted one, or the first free one from the default on. */
async function listen(server: Server, { host, port }: ServeOptions): Promise<number> {
	const address = host === null ? { host: 'localhost' } : host === '' ? {} : { host };
	for (let tried = port ?? DEFAULT_PORT; ; tried++) {
		try {
			await new Promise<void>((done, fail) => {
				server.once('error', fail);
				server.listen({ ...address, port: tried }, () => {
					server.off('error', fail);
					done();
				});
			});
			return tried;
		} catch (error) {
			const { code, message } = error as NodeJS.ErrnoException;
			if (code === 'EADDRINUSE' && port === null && tried < DEFAULT_PORT + PORT_TRIES) continue;
			const fault =
				code === 'EADDRINUSE'
					? `Port ${tried} is already in use`
					: code === 'EACCES'
						? `Port ${tried} may not be used by this user`
						: message;
			throw new StartError(`${fault}\nChoose another with --port and --host.`);
		}
	}
}

/** Lines with the addresses of this server. */
function addresses({ host, names }: ServeOptions, port: number, base: string): string[] {
	const at = (name: string) => `http://${name.includes(':') ? `[${name}]` : name}:${port}${base}/`;
	if (host === null || host === 'localhost') {
		return [`Mien is at ${at('localhost')}`, 'Only this machine reaches it; --host lets the network in.'];
	}
	if (host !== '') return [`Mien is at ${at(host)}`, ...names.map((name) => `       and ${at(name)}`)];
	const own = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
	const outer = own.filter(({ internal, family }) => !internal && family === 'IPv4').map((found) => found.address);
	return [`Mien is at ${at('localhost')}`, ...[...outer, ...names].map((name) => `       and ${at(name)}`)];
}

if (process.argv.includes('--help')) console.log(USAGE);
else {
	try {
		await start(process.argv.slice(2));
	} catch (error) {
		console.error(error instanceof StartError ? error.message : error);
		process.exitCode = 1;
	}
}
