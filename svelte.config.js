import adapter from '@sveltejs/adapter-static';
import { firstScript } from './src/bundle/first-script.js';

/** Other hosts that the pages may talk to, fixed at build time: origins separated by spaces. See `npm start`. */
const allowed = (process.env.MIEN_ALLOW ?? '').split(/\s+/).filter((origin) => origin !== '');
for (const origin of allowed) {
	if (!/^(https?|wss?):\/\/[\w.[\]:-]+$/.test(origin)) throw new Error(`MIEN_ALLOW: "${origin}" is not an origin`);
}

/**
 * The content security policy of the pages. Kit adds the hash of its own start script and writes it into every page,
 * so that it also holds on hosts that send no headers; src/server sends it as a header too.
 * `style-src-attr` is for Kit's own `style="display: contents"` and the live region of its router.
 */
const directives = {
	'default-src': ['self'],
	'script-src': ['self', /** @type {`sha256-${string}`} */ (firstScript().hash)],
	'style-src': ['self'],
	'style-src-attr': ['unsafe-inline'],
	'connect-src': ['self', ...allowed],
	'worker-src': ['self'],
	'img-src': ['self', 'blob:', 'data:'],
	'media-src': ['self', 'blob:', 'data:', ...allowed.filter((origin) => origin.startsWith('http'))],
	'object-src': ['none'],
	'base-uri': ['none'],
	'form-action': ['none'],
	'frame-ancestors': ['none']
};

/** The path below which the site will be served, such as "/mien"; empty for the root of a host. */
const base = /** @type {'' | `/${string}`} */ (process.env.BASE_PATH ?? '');
if (base !== '' && !/^(\/[\w.~-]+)+$/.test(base)) throw new Error(`BASE_PATH: "${base}" is not a path such as /mien`);

export default {
	kit: {
		// Static hosts show 404.html for unknown addresses.
		adapter: adapter({ pages: 'build', assets: 'build', fallback: '404.html', strict: true }),
		paths: { base },
		// In the page itself, so that a start waits for no style sheet.
		inlineStyleThreshold: 40_000,
		// Registered by src/lib/state/updates.svelte.ts, after the models.
		serviceWorker: { register: false },
		csp: { mode: /** @type {const} */ ('hash'), directives }
	}
};
