/** Runs while pages are prerendered: writes into each what it needs first, so that the browser requests it at once. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Handle } from '@sveltejs/kit';
import { parseManifest } from '$lib/manifest';
import { importedBy } from './bundle/imports';
import { firstScript } from './bundle/first-script';

const BUILT = '.svelte-kit/output/client';
const WORKERS = '_app/immutable/workers';
const WORKER = /^analyser\.worker-.*\.js$/;
const MANIFEST = 'models/index.json';

/** The only file of the built site in `folder` whose name matches. */
function built(folder: string, name: RegExp): string {
	const dir = path.join(BUILT, folder);
	const [found, ...others] = readdirSync(dir).filter((file) => name.test(file));
	if (found === undefined || others.length > 0)
		throw new Error(`${dir} should have one file that fits ${String(name)}.`);
	return `${folder}/${found}`;
}

/** Input of src/first.js: files below the site's base. Empty in development, as nothing is built. */
function startData(): object {
	if (!existsSync(path.join(BUILT, WORKERS))) return {};
	const { models, detector, default: first } = parseManifest(JSON.parse(readFileSync(`static/${MANIFEST}`, 'utf8')));
	const filesOf = ({ url, weightsUrls }: (typeof models)[number] | typeof detector): string[] =>
		[url, ...weightsUrls].map((file) => `models/${file}`);
	const wasm = ['simd', 'threaded-simd'].map((kind) =>
		built(`${WORKERS}/assets`, new RegExp(`^tfjs-backend-wasm-${kind}-[^-]*\\.wasm$`))
	);
	return {
		worker: built(WORKERS, WORKER),
		wasm,
		files: [MANIFEST, ...filesOf(detector)],
		first,
		firstFiles: models.filter(({ id }) => id === first).flatMap(filesOf)
	};
}

/** Preload links for the scripts of the worker's code: its entry imports them, but has to be loaded first. */
function preloads(base: string): string {
	if (!existsSync(path.join(BUILT, WORKERS))) return '';
	const firstLines = readFileSync(path.join(BUILT, built(WORKERS, WORKER)), 'utf8');
	const [, code] = /import\([`'"]\.\/(chunks\/[^`'"]+)[`'"]\)/.exec(firstLines) ?? [];
	if (code === undefined) throw new Error("The worker's first lines should import its code.");
	const script = `${WORKERS}/${code}`;
	return [script, ...importedBy(BUILT, script)]
		.map((file) => `<link rel="preload" as="fetch" crossorigin href="${base}/${file}" />`)
		.join('\n\t\t');
}

export const handle: Handle = ({ event, resolve }) =>
	resolve(event, {
		transformPageChunk: ({ html }) => {
			// As written by SvelteKit: pages lie at several depths.
			const [, base = '.'] = /data-base="([^"]*)"/.exec(html) ?? [];
			// Without the white space around it, to match the hash in the security policy.
			return html
				.replace('%mien.start%', () => JSON.stringify(startData()).replaceAll('"', '&quot;'))
				.replace(/\s*%mien\.first%\s*/, () => firstScript().text)
				.replace('%mien.preloads%', () => preloads(base));
		}
	});
