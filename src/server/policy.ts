/** The headers of every answer, and the security policies of pages and workers. */

/**
 * The first two isolate the page, which WASM threads need. `require-corp`, not `credentialless`: Safari knows only the
 * former, and a cross-origin stream must be fetched with CORS anyway for its pixels to be read, which `require-corp`
 * allows.
 */
export const HEADERS: Readonly<Record<string, string>> = {
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Embedder-Policy': 'require-corp',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'Permissions-Policy':
		'camera=(self), fullscreen=(self), screen-wake-lock=(self), microphone=(), geolocation=(), display-capture=()',
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff'
};

/** The headers in the form that Netlify and others read from a file _headers. */
export function headersFile(): string {
	const lines = Object.entries(HEADERS).map(([name, value]) => `  ${name}: ${value}\n`);
	return `/*\n${lines.join('')}/_app/immutable/*\n  Cache-Control: public, max-age=31536000, immutable\n`;
}

/**
 * What a worker may do beyond its page: a worker takes its policy from its own response. tfjs starts its WASM threads
 * from blob addresses, which inherit this policy and import a script from another blob.
 */
const WORKER_SOURCES: Readonly<Record<string, string>> = {
	'script-src': "'wasm-unsafe-eval' blob:",
	'worker-src': 'blob:'
};
/** Works in a header, but not in a page's own meta element. */
const FRAMES = "frame-ancestors 'none'";

/** The policy that Kit wrote into a built page, as a header; null if there is none. */
export function pagePolicy(html: string): string | null {
	const [, written] = /<meta http-equiv="content-security-policy" content="([^"]*)"/i.exec(html) ?? [];
	if (written === undefined) return null;
	return `${written.replaceAll('&#39;', "'").replaceAll('&quot;', '"')}; ${FRAMES}`;
}

/** The policy of files, including workers, on a site whose pages have `policy`. */
export function filePolicy(policy: string): string {
	return policy
		.split(';')
		.map((directive) => {
			const [name = '', ...sources] = directive.trim().split(/\s+/);
			const kept = sources.filter((source) => !/^'(sha256-|nonce-)/.test(source));
			return [name, ...kept, WORKER_SOURCES[name] ?? ''].join(' ').trim();
		})
		.join('; ');
}

/** The other hosts that pages with this policy may talk to. */
export function allowedOrigins(policy: string): string[] {
	const [, sources = ''] = /connect-src ([^;]*)/.exec(policy) ?? [];
	return sources.split(/\s+/).filter((source) => /^(https?|wss?):/.test(source));
}
