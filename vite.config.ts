import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { sveltekit } from '@sveltejs/kit/vite';
import type { Connect, Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import svelteConfig from './svelte.config.js';

/**
 * Sent with every answer. The first two isolate the page, which WASM threads need. `require-corp` and not
 * `credentialless`: Safari knows only the former, and a stream of another origin whose pixels are to be read must be
 * fetched with CORS anyway, which `require-corp` lets through.
 */
const HEADERS = {
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Embedder-Policy': 'require-corp',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'Permissions-Policy':
		'camera=(self), fullscreen=(self), screen-wake-lock=(self), microphone=(), geolocation=(), display-capture=()',
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff'
};

/**
 * What a worker may do beyond its page: a worker takes its policy from its own response. tfjs starts its WASM threads
 * from blob addresses, which inherit this policy and import a script from another blob.
 */
const WORKER_SOURCES: Record<string, string> = {
	'script-src': "'wasm-unsafe-eval' blob:",
	'worker-src': 'blob:'
};

const PAGES = '.svelte-kit/output/prerendered/pages';

/** The hashes of the start scripts in the built pages, as Kit wrote them there. */
function scriptHashes(): string {
	if (!existsSync(PAGES)) return '';
	const pages = readdirSync(PAGES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
	const hashes = pages.flatMap((name) => readFileSync(join(PAGES, name), 'utf8').match(/'sha256-[^']+'/g) ?? []);
	return [...new Set(hashes)].join(' ');
}

function contentSecurityPolicy(extra: Record<string, string>): string {
	const keywords = new Set(['self', 'none', 'unsafe-inline']);
	return Object.entries(svelteConfig.kit.csp.directives)
		.map(([name, sources]) => {
			const quoted = sources.map((source) => (keywords.has(source) ? `'${source}'` : source));
			return [name, ...quoted, extra[name] ?? ''].join(' ').trim();
		})
		.join('; ');
}

/** Sets the headers before any other handler answers. In development Kit sends the policy of the pages itself. */
function sendHeaders(): Plugin {
	const handler = (pagePolicy: string | null): Connect.NextHandleFunction => {
		const filePolicy = contentSecurityPolicy(WORKER_SOURCES);
		return (request, response, next) => {
			for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
			const isFile = extname(new URL(request.url ?? '/', 'http://localhost').pathname) !== '';
			const policy = isFile ? filePolicy : pagePolicy;
			if (policy !== null) response.setHeader('Content-Security-Policy', policy);
			next();
		};
	};
	return {
		name: 'mien-headers',
		// Kit would let every other origin read the files.
		config: { order: 'post', handler: () => ({ preview: { cors: false } }) },
		configureServer: (server) => void server.middlewares.use(handler(null)),
		configurePreviewServer: (server) =>
			void server.middlewares.use(handler(contentSecurityPolicy({ 'script-src': scriptHashes() })))
	};
}

/**
 * tfjs sends its WASM threads the text of a function. That text must name nothing outside of the function, or minified
 * it fails in the thread with "e is not defined"; the one outer variable is not used where the script is a blob.
 */
function closeThreadFunction(): Plugin {
	const declaration = /var _scriptDir = [^;]+;\s+if \(typeof __filename [^;]+;/;
	return {
		name: 'mien-close-thread-function',
		transform: {
			filter: { id: /tfjs-backend-wasm-threaded-simd\.js$/ },
			handler(code) {
				if (!declaration.test(code)) throw new Error('The threaded build of tfjs has changed: see vite.config.ts');
				return code.replace(declaration, '').replaceAll('_scriptDir', 'undefined');
			}
		}
	};
}

export default defineConfig({
	plugins: [sendHeaders(), sveltekit()],
	worker: { format: 'es', plugins: () => [closeThreadFunction()] },
	build: {
		// Browsers that know light-dark(): lowered for older ones, it would be settled at the root, and a stage that is
		// always dark would get the page's colours.
		cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
		rolldownOptions: { checks: { bundlerTimings: false } }
	},
	test: { include: ['tests/unit/**/*.test.ts'], testTimeout: 60_000 }
});
