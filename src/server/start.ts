/** `npm start`: builds the site, serves it, and prints the address. */
import { build, preview } from 'vite';
import { parseServeOptions, type ServeOptions, USAGE } from './options';
import { proxyTable } from './proxy';

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

function readOptions(): ServeOptions | null {
	if (process.argv.includes('--help')) {
		console.log(USAGE);
		return null;
	}
	try {
		return parseServeOptions(process.argv.slice(2));
	} catch (error) {
		console.error(`${messageOf(error)}\n\n${USAGE}`);
		process.exitCode = 1;
		return null;
	}
}

const options = readOptions();
if (options !== null) {
	// Another build beside it takes files away that were listed at the start: those who ask for them get nothing, all others go on.
	process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
		if (error.code !== 'ENOENT') throw error;
		console.error(`${error.message}\nThe site was built anew: start it again.`);
	});
	// The policy is written into the pages when they are built, and sent as a header when they are served.
	process.env['MIEN_ALLOW'] = [process.env['MIEN_ALLOW'] ?? '', ...options.allow].join(' ').trim();
	if (options.build) await build();
	try {
		const server = await preview({
			preview: {
				proxy: proxyTable(options.proxies, options.host),
				...(options.port === null ? {} : { port: options.port, strictPort: true }),
				...(options.host === null ? {} : { host: options.host })
			}
		});
		server.printUrls();
	} catch (error) {
		const message = messageOf(error);
		const isAddress = /^(Port|listen) /.test(message);
		console.error(isAddress ? `${message}\nChoose another with --port and --host.` : message);
		process.exitCode = 1;
	}
}
