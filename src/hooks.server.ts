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

/** The worker's script of the WASM back end: the one that names its binaries. Mostly wanted, and asked for by code alone. */
function wasmScript(): string[] {
	const folder = `${WORKERS}/chunks`;
	const dir = path.join(BUILT, folder);
	const scripts = readdirSync(dir).filter((file) => file.endsWith('.js'));
	const found = scripts.filter((file) => readFileSync(path.join(dir, file), 'utf8').includes('tfjs-backend-wasm-simd'));
	if (found.length !== 1) throw new Error(`${dir} should have one script that names the WASM binaries.`);
	return found.map((file) => `${folder}/${file}`);
}

/** What the worker fetches on its own, in the order in which it is needed. */
function neededFirst(worker: string | null): string[] {
	const wasm = built(`${WORKERS}/assets`, /^tfjs-backend-wasm-simd-.*\.wasm$/);
	if (wasm === null) return [];
	const { models, detector, default: first } = parseManifest(JSON.parse(readFileSync(`static/${MANIFEST}`, 'utf8')));
	const networks = [detector, ...models.filter(({ id }) => id === first)];
	const files = networks.flatMap(({ url, weightsUrls }) => [url, ...weightsUrls]).map((url) => `models/${url}`);
	const scripts = worker === null ? [] : [...importedBy(BUILT, worker), ...wasmScript()];
	return [...new Set(scripts), wasm, MANIFEST, ...files];
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
