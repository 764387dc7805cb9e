/** Headers of every answer, and the security policies of pages and workers. */

/**
 * The first two isolate the page, which WASM threads need. `require-corp` and not `credentialless`: Safari knows only
 * the former, and a stream of another origin whose pixels are to be read must be fetched with CORS anyway, which
 * `require-corp` lets through.
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

/** The headers as Netlify and others read them from a file _headers. */
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
/** Not known in a page's own meta element, but in a header. */
const FRAMES = "frame-ancestors 'none'";

/** The policy that Kit wrote into a built page, as a header; null where it holds none. */
export function pagePolicy(html: string): string | null {
	const [, written] = /<meta http-equiv="content-security-policy" content="([^"]*)"/i.exec(html) ?? [];
	if (written === undefined) return null;
	return `${written.replaceAll('&#39;', "'").replaceAll('&quot;', '"')}; ${FRAMES}`;
}

/** The policy of files, workers among them, on a site whose pages have `policy`. */
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
