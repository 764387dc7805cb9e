/** Runs while the pages are made: writes into each what it needs first, so that the browser asks for it at once. */
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

/** The one file of the built site in `folder` whose name fits. */
function built(folder: string, name: RegExp): string {
	const dir = path.join(BUILT, folder);
	const [found, ...others] = readdirSync(dir).filter((file) => name.test(file));
	if (found === undefined || others.length > 0)
		throw new Error(`${dir} should have one file that fits ${String(name)}.`);
	return `${folder}/${found}`;
}

/** What src/first.js reads: files below the site's base. In development, where nothing is built, it has nothing to do. */
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

/** The scripts of the worker's code: the worker's first lines ask for them, but they have to come first. */
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
			// As Kit wrote it: pages lie at several depths.
			const [, base = '.'] = /data-base="([^"]*)"/.exec(html) ?? [];
			// As it stands in the policy: without the white space around it.
			return html
				.replace('%mien.start%', () => JSON.stringify(startData()).replaceAll('"', '&quot;'))
				.replace(/\s*%mien\.first%\s*/, () => firstScript().text)
				.replace('%mien.preloads%', () => preloads(base));
		}
	});
