/** Runs while the pages are made: writes into each what it needs first, so that the browser asks for it at once. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Handle } from '@sveltejs/kit';
import { parseManifest } from '$lib/manifest';
import { importedBy } from './bundle/imports';

const BUILT = '.svelte-kit/output/client';
const WORKERS = '_app/immutable/workers';
const MANIFEST = 'models/index.json';

/** The one file of the built site in `folder` whose name fits; null in development, where nothing is built. */
function built(folder: string, name: RegExp): string | null {
	const dir = path.join(BUILT, folder);
	if (!existsSync(dir)) return null;
	const [found, ...others] = readdirSync(dir).filter((file) => name.test(file));
	if (found === undefined || others.length > 0)
		throw new Error(`${dir} should have one file that fits ${String(name)}.`);
	return `${folder}/${found}`;
}

/** What the worker fetches on its own, in the order in which it is needed. */
function neededFirst(worker: string | null): string[] {
	const wasm = built(`${WORKERS}/assets`, /^tfjs-backend-wasm-simd-.*\.wasm$/);
	if (wasm === null) return [];
	const { models, detector, default: first } = parseManifest(JSON.parse(readFileSync(`static/${MANIFEST}`, 'utf8')));
	const networks = [detector, ...models.filter(({ id }) => id === first)];
	const files = networks.flatMap(({ url, weightsUrls }) => [url, ...weightsUrls]).map((url) => `models/${url}`);
	return [...(worker === null ? [] : importedBy(BUILT, worker)), wasm, MANIFEST, ...files];
}

export const handle: Handle = ({ event, resolve }) =>
	resolve(event, {
		transformPageChunk: ({ html }) => {
			const worker = built(WORKERS, /^analyser\.worker-.*\.js$/);
			// As Kit wrote it: pages lie at several depths.
			const [, base = '.'] = /src="([^"]*)\/first\.js"/.exec(html) ?? [];
			const links = neededFirst(worker).map(
				(file) => `<link rel="preload" as="fetch" crossorigin href="${base}/${file}" />`
			);
			return html
				.replace(`${base}/%mien.worker%`, worker === null ? '' : `${base}/${worker}`)
				.replace('%mien.preloads%', links.join('\n\t\t'));
		}
	});
