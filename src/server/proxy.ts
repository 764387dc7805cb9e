/** Cameras below a path of this site, so that the pages' policy can stay at 'self'. */
import type { ProxyOptions } from 'vite';
import type { Proxy } from './options';

/** Vite's options for these proxies, by the pattern of their paths. */
export function proxyTable(proxies: readonly Proxy[]): Record<string, ProxyOptions> {
	return Object.fromEntries(
		proxies.map(({ path, target, auth }) => [
			`^${path}(?=[/?]|$)`,
			{
				target,
				changeOrigin: true,
				ws: true,
				rewrite: (asked) => asked.slice(path.length) || '/',
				...(auth === null ? {} : { auth }),
				configure: (server) => {
					server.on('proxyRes', (answer, _, response) => {
						const { headers } = answer;
						// A camera that went away in the middle of its stream: the page should learn of it at once.
						answer.on('close', () => {
							if (!answer.complete) response.destroy();
						});
						if (headers.location !== undefined) headers.location = ownLocation(headers.location, path, target);
						// What the camera allows to whom is of no interest here; this site answers for it.
						delete headers['access-control-allow-origin'];
						delete headers['set-cookie'];
					});
				}
			} satisfies ProxyOptions
		])
	);
}

/** An address that the target gave, as one below `path`: WHEP sessions are ended there. */
export function ownLocation(location: string, path: string, target: string): string {
	const url = new URL(location, target);
	if (url.origin !== new URL(target).origin) return location;
	const base = new URL(target).pathname.replace(/\/$/, '');
	const below = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname;
	return location.startsWith('/') || URL.canParse(location) ? `${path}${below}${url.search}` : location;
}
