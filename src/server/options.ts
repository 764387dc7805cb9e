/** What `npm start --` takes: ports, proxies to cameras, and other hosts that the pages may talk to. */

export interface ServeOptions {
	readonly build: boolean;
	readonly port: number | null;
	/** Null is this machine alone. */
	readonly host: string | null;
	readonly proxies: readonly Proxy[];
	/** Origins for the content security policy. */
	readonly allow: readonly string[];
}

/** Requests for `path` and below go to `target`, with a login that the browser never sees. */
export interface Proxy {
	readonly path: string;
	/** Without name and password, and without a slash at its end. */
	readonly target: string;
	/** "name:password", or null. */
	readonly auth: string | null;
}

export const USAGE = `npm start -- [options]
  --proxy /PATH=http://HOST:PORT   serve a camera or a broker below /PATH of this site; http://NAME:PASSWORD@HOST logs in there
  --allow ORIGIN                   let the pages talk to another host, such as http://camera.lan:1984
  --port N                         default 4173
  --host [ADDRESS]                 listen on the network, not on this machine alone
  --no-build                       serve what was built last; start anew after another build
  --help                           this text`;

/** Throws an Error that says what is wrong and what is allowed. */
export function parseServeOptions(args: readonly string[]): ServeOptions {
	let options: ServeOptions = { build: true, port: null, host: null, proxies: [], allow: [] };
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
			case '--allow':
				options = { ...options, allow: [...options.allow, parseOrigin(value())] };
				break;
			case '--port':
				options = { ...options, port: parsePort(value()) };
				break;
			case '--host':
				options = { ...options, host: rest[0]?.startsWith('--') === false ? value() : '0.0.0.0' };
				break;
			case '--no-build':
				options = { ...options, build: false };
				break;
			default:
				fail(`"${name}" is not known`);
		}
	}
	return options;
}

function parseProxy(text: string): Proxy {
	const [, path = '', address = ''] = /^(\/[\w-]+(?:\/[\w-]+)*)=(.*)$/s.exec(text) ?? [];
	if (path === '' || !URL.canParse(address)) fail('--proxy takes /PATH=http://HOST:PORT');
	if (/^\/(_app|kiosk|photo|compare|models|samples)(\/|$)/.test(path)) {
		fail(`--proxy ${path} would hide a part of this site; choose another path`);
	}
	// A broker's own address is ws:, and its connection begins as a request by http.
	const url = new URL(address.replace(/^ws/, 'http'));
	if (url.protocol !== 'http:' && url.protocol !== 'https:') fail('--proxy takes http, https, ws and wss addresses');
	if (url.hash !== '') fail('--proxy takes no "#"; write %23 for one in a name or password');
	if (url.search !== '') fail('--proxy takes no "?": the pages ask with what follows it');
	if (url.username === '' && url.password !== '') fail('--proxy takes a name before the password');
	return {
		path,
		target: `${url.origin}${url.pathname}`.replace(/\/$/, ''),
		auth: url.username === '' ? null : [url.username, url.password].map(decoded).join(':')
	};
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return fail('--proxy takes %25 for a "%" in a name or password');
	}
}

/** "http://camera.lan:1984", or with https, ws, wss; a port where it is not the protocol's own. */
function parseOrigin(text: string): string {
	const isOrigin = /^(https?|wss?):\/\/([\w-]+(\.[\w-]+)*|\[[\da-f:]+\])(:\d{1,5})?$/i.test(text);
	return isOrigin ? text.toLowerCase() : fail(`"${text}" is not an origin such as http://camera.lan:1984`);
}

function parsePort(text: string): number {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return port >= 1 && port <= 65_535 ? port : fail('--port takes a number from 1 to 65535');
}

function fail(message: string): never {
	throw new Error(message);
}
