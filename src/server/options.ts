/** What `npm start --` takes: ports, names, proxies to cameras, and other hosts that the pages may talk to. */
import { isIP } from 'node:net';
import { readFingerprint } from './connect';

export interface ServeOptions {
	/** False serves the last build unchanged. */
	readonly build: boolean;
	readonly port: number | null;
	/** The address to listen on; null means this machine only, '' all its addresses. */
	readonly host: string | null;
	/** Further names of this machine, besides its own. */
	readonly names: readonly string[];
	readonly proxies: readonly Proxy[];
	/** Fingerprints of certificates, by the path of the proxy that trusts them. */
	readonly trust: readonly { readonly path: string; readonly fingerprint: string }[];
	/** Origins for the content security policy. */
	readonly allow: readonly string[];
	readonly metrics: boolean;
}

/** Requests for `path` and below go to `target`, with a login that the browser never sees. */
export interface Proxy {
	readonly path: string;
	/** Without name, password and trailing slash. */
	readonly target: string;
	/** "name:password", or null. */
	readonly auth: string | null;
	/** Sent with each request beside the page's own query: "user=name&pwd=password" where a camera wants it so; or empty. */
	readonly query: string;
}

export const USAGE = `npm start -- [options]
  --proxy /PATH=http://HOST:PORT   serve a camera or a broker below /PATH of this site; http://NAME:PASSWORD@HOST logs in there;
                                   what follows a "?" is sent with each request, as in http://HOST?user=NAME&pwd=PASSWORD
  --trust /PATH=FINGERPRINT        trust this certificate (SHA-256) of the camera below /PATH, such as a self-signed one
  --allow ORIGIN                   let the pages talk to another host, such as http://camera.lan:1984
  --port N                         default 4173
  --host [ADDRESS or NAME]         listen on the network, not only on this machine; answer to this name too (may be repeated)
  --metrics                        figures for Prometheus at /metrics
  --no-build                       serve what was built last, even if sources are newer
  --help                           this text`;

const NONE: ServeOptions = {
	build: true,
	port: null,
	host: null,
	names: [],
	proxies: [],
	trust: [],
	allow: [],
	metrics: false
};
const GIT_BASH =
	'Git Bash rewrote the path: write two slashes, as in --proxy //camera=http://HOST, or set MSYS_NO_PATHCONV=1';

/** Throws an Error that says what is wrong and what is allowed. */
export function parseServeOptions(args: readonly string[]): ServeOptions {
	let options = NONE;
	const rest = args.flatMap((arg) => {
		const [, name, value] = /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? [];
		return name === undefined || value === undefined ? [arg] : [name, value];
	});
	while (rest.length > 0) {
		const name = rest.shift() ?? '';
		const value = (): string => rest.shift() ?? fail(`${name} needs a value`);
		switch (name) {
			case '--proxy':
				options = { ...options, proxies: [...options.proxies, parseProxy(value())] };
				break;
			case '--trust':
				options = { ...options, trust: [...options.trust, parseTrust(value())] };
				break;
			case '--allow':
				options = { ...options, allow: [...options.allow, parseOrigin(value())] };
				break;
			case '--port':
				options = { ...options, port: parsePort(value()) };
				break;
			case '--host':
				options = withHost(options, rest[0] === undefined || rest[0].startsWith('--') ? null : value());
				break;
			case '--metrics':
				options = { ...options, metrics: true };
				break;
			case '--no-build':
				options = { ...options, build: false };
				break;
			default:
				fail(`"${name}" is not known`);
		}
	}
	for (const { path } of options.trust) {
		if (!options.proxies.some((proxy) => proxy.path === path)) fail(`--trust ${path}: there is no --proxy ${path}`);
	}
	return options;
}

function parseProxy(text: string): Proxy {
	if (/^[a-z]:[/\\]/i.test(text)) fail(GIT_BASH);
	const [, written = '', address = ''] = /^(\/\/?[\w.~-]+(?:\/[\w.~-]+)*)=(.*)$/s.exec(text) ?? [];
	const path = written.replace(/^\/\//, '/');
	if (path === '' || !URL.canParse(address)) fail('--proxy takes /PATH=http://HOST:PORT');
	if (path.split('/').some((step) => /^\.+$/.test(step))) fail('--proxy takes no "." or ".." as a part of its path');
	if (
		/^\/(_app|kiosk|photo|film|compare|models|samples|icons|healthz|metrics|[\w-]+\.(js|json|txt|svg|webmanifest|html))(\/|$)/.test(
			path
		)
	) {
		fail(`--proxy ${path} would hide a part of this site; choose another path`);
	}
	// A broker's address is ws:, but its connection starts as an HTTP request.
	const url = new URL(address.replace(/^ws/, 'http'));
	if (url.protocol !== 'http:' && url.protocol !== 'https:') fail('--proxy takes http, https, ws and wss addresses');
	if (url.hash !== '') fail('--proxy takes no "#"; write %23 for one in a name or password');
	if (url.username === '' && url.password !== '') fail('--proxy takes a name before the password');
	return {
		path,
		target: `${url.origin}${url.pathname}`.replace(/\/$/, ''),
		auth: url.username === '' ? null : [url.username, url.password].map(decoded).join(':'),
		query: url.search.slice(1)
	};
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return fail('--proxy takes %25 for a "%" in a name or password');
	}
}

function parseTrust(text: string): { path: string; fingerprint: string } {
	if (/^[a-z]:[/\\]/i.test(text)) fail(GIT_BASH.replace('--proxy', '--trust'));
	const [, path = '', digits = ''] = /^\/?(\/[^=]+)=(.*)$/s.exec(text) ?? [];
	const fingerprint = readFingerprint(digits);
	if (path === '' || fingerprint === null) fail('--trust takes /PATH=FINGERPRINT: SHA-256, 64 hexadecimal digits');
	return { path, fingerprint };
}

/** "http://camera.lan:1984", or with https, ws, wss; the port only if it is not the default one. */
function parseOrigin(text: string): string {
	const isOrigin = /^(https?|wss?):\/\/([\w-]+(\.[\w-]+)*|\[[\da-f:]+\])(:\d{1,5})?$/i.test(text);
	return isOrigin ? text.toLowerCase() : fail(`"${text}" is not an origin such as http://camera.lan:1984`);
}

/** An address says where to listen; a name is another name of this machine, at whatever address. */
function withHost(options: ServeOptions, text: string | null): ServeOptions {
	const everywhere = options.host ?? '';
	if (text === null) return { ...options, host: everywhere };
	const address = text.replace(/^\[|\]$/g, '');
	if (isIP(address) !== 0) return { ...options, host: address === '0.0.0.0' || address === '::' ? '' : address };
	const name = text.toLowerCase().replace(/\.$/, '');
	if (name === 'localhost') return { ...options, host: 'localhost' };
	if (!/^[\w-]+(\.[\w-]+)*$/.test(name))
		fail(`--host takes an address or a name such as kiosk.example.org, not "${text}"`);
	return { ...options, host: everywhere, names: [...options.names, name] };
}

function parsePort(text: string): number {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return port >= 1 && port <= 65_535 ? port : fail('--port takes a number from 1 to 65535');
}

function fail(message: string): never {
	throw new Error(message);
}
