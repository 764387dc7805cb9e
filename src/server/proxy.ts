/** Cameras below a path of this site, so that the pages' policy can stay at 'self'. */
import type { ProxyOptions } from 'vite';
import type { Proxy } from './options';

/** What an answer may tell beside its body: cookies, policies and rights of scripts are for this site to give. */
const PASSED_HEADERS: ReadonlySet<string> = new Set([
	...['content-type', 'content-length', 'content-encoding', 'content-range', 'accept-ranges', 'transfer-encoding'],
	...['cache-control', 'date', 'etag', 'last-modified', 'link', 'www-authenticate']
]);
/** What a camera serves is looked at by this site's pages; opened as a page of its own it may do nothing. */
const INERT = "sandbox; default-src 'none'";

/** WebKit, as in Safari, breaks off a script's request whose answer says that it has parts; plain bytes it reads. */
const BYTES = 'application/octet-stream';

/**
 * Vite's options for these proxies, by the pattern of their paths. `host`: the name by which this machine is called
 * beside its addresses, or null.
 */
export function proxyTable(proxies: readonly Proxy[], host: string | null): Record<string, ProxyOptions> {
	return Object.fromEntries(
		proxies.map(({ path, target, auth }) => [
			`^${path}(?=[/?]|$)`,
			{
				target,
				changeOrigin: true,
				ws: true,
				// False is answered as if there were nothing. Connections by WebSocket come through here too.
				bypass: (request) => (isOfThisSite(request, host) ? undefined : false),
				rewrite: (asked) => asked.slice(path.length) || '/',
				...(auth === null ? {} : { auth }),
				configure: (server) => {
					server.on('proxyRes', (answer, request, response) => {
						const { headers } = answer;
						// A camera that went away in the middle of its stream: the page should learn of it at once.
						answer.on('close', () => {
							if (!answer.complete) response.destroy();
						});
						const passed = Object.entries(headers).filter(([name]) => PASSED_HEADERS.has(name));
						answer.headers = { ...Object.fromEntries(passed), 'content-security-policy': INERT };
						const hasParts = headers['content-type']?.startsWith('multipart/') === true;
						if (hasParts && isOfScript(request)) answer.headers['content-type'] = BYTES;
						const location = headers.location === undefined ? null : ownLocation(headers.location, path, target);
						if (location !== null) answer.headers.location = location;
						const { statusCode = 0 } = answer;
						if (statusCode < 200 || statusCode > 599) answer.statusCode = 502;
					});
				}
			} satisfies ProxyOptions
		])
	);
}

interface Request {
	readonly headers: {
		readonly origin?: string | undefined;
		readonly host?: string | undefined;
		readonly accept?: string | undefined;
		readonly 'sec-fetch-site'?: string | string[] | undefined;
		readonly 'sec-fetch-dest'?: string | string[] | undefined;
	};
}

/** Whether a script asks, and no image or tab; browsers tell which only on secure pages. */
function isOfScript({ headers }: Request): boolean {
	return (headers['sec-fetch-dest'] ?? 'empty') === 'empty' && headers.accept === '*/*';
}

/**
 * Whether a page of this site asks, or none: another site, open in a browser that reaches this machine, would use the
 * camera with its login.
 */
export function isOfThisSite({ headers }: Request, host: string | null): boolean {
	const { origin, host: asked = '' } = headers;
	const from = headers['sec-fetch-site'];
	if (from !== undefined && from !== 'same-origin' && from !== 'none') return false;
	if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== asked)) return false;
	// A name of somebody else's may lead here.
	const name = URL.canParse(`http://${asked}`) ? new URL(`http://${asked}`).hostname.replace(/^\[|\]$/g, '') : '';
	const isAddress = /^[\d.]+$|:/.test(name);
	return isAddress || name === 'localhost' || name.endsWith('.localhost') || (name !== '' && name === host);
}

/** An address that the target gave, as one below `path`: WHEP sessions are ended there. Null where it is none. */
export function ownLocation(location: string, path: string, target: string): string | null {
	if (!URL.canParse(location, target)) return null;
	const url = new URL(location, target);
	if (url.origin !== new URL(target).origin) return location;
	const base = new URL(target).pathname.replace(/\/$/, '');
	const below = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname;
	return location.startsWith('/') || URL.canParse(location) ? `${path}${below}${url.search}` : location;
}
