/** Checks what a visitor downloads against limits. Fails over a limit, and if an expected file is missing. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { importedBy } from '../src/bundle/imports';
import { type ModelFiles, parseManifest } from '../src/lib/manifest';

const KB = 1024;
const BUILD = 'build';
const MODELS = join(BUILD, 'models');

interface Line {
	readonly what: string;
	readonly bytes: number;
	readonly limit: number;
}

/** Built files whose path matches; at least one. */
function built(pattern: RegExp): string[] {
	const files = readdirSync(BUILD, { recursive: true, encoding: 'utf8' }).filter((file) => pattern.test(file));
	if (files.length === 0) throw new Error(`No file in ${BUILD}/ matches ${pattern}`);
	return files.map((file) => join(BUILD, file));
}

function brotli(files: readonly string[]): number {
	return files.reduce((sum, file) => sum + brotliCompressSync(readFileSync(file)).length, 0);
}

function gzipped(files: readonly string[], what: string): number {
	if (files.length === 0) throw new Error(`${what}: there are none in ${BUILD}/`);
	return files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
}

/** Everything that a page's HTML loads at once. */
function firstLoad(page: string, extension: string): string[] {
	const html = readFileSync(join(BUILD, page), 'utf8');
	return [...html.matchAll(/<link href="\.{1,2}\/(_app\/[^"]+)"/g)]
		.map(([, file]) => file ?? '')
		.filter((file) => file.endsWith(extension))
		.map((file) => join(BUILD, file));
}

const manifest = parseManifest(JSON.parse(readFileSync(join(MODELS, 'index.json'), 'utf8')));

function modelFiles({ url, weightsUrls }: ModelFiles): string[] {
	return [url, ...weightsUrls].map((file) => join(MODELS, file));
}

function modelBytes(entry: ModelFiles): number {
	return modelFiles(entry).reduce((sum, file) => sum + statSync(file).size, 0);
}

const first = manifest.models.find(({ id }) => id === manifest.default);
if (first === undefined) throw new Error('The default model is not in the manifest');
/** The worker's entry script, and its code with the back end that most visitors get. */
const workerScripts = [
	...built(/workers\/analyser\.worker-.*\.js$/),
	...built(/workers\/chunks\/.*\.js$/)
		.filter((file) => readFileSync(file, 'utf8').includes('WasmBackendModule'))
		.flatMap((file) => [file, ...importedBy('.', file)])
];
const firstScripts = [...firstLoad('index.html', '.js'), ...workerScripts];
/** From an empty cache to the faces of the sample picture. */
const firstVisit = [
	...firstScripts,
	...firstLoad('index.html', '.css'),
	...['index.html', 'favicon.svg', 'samples/astronaut.webp', 'models/index.json'].map((file) => join(BUILD, file)),
	...built(/wasm-simd-[^/]*\.wasm$/),
	...[manifest.detector, first].flatMap(modelFiles)
];

const lines: Line[] = [
	...['index.html', 'photo.html', 'film.html', 'compare.html', 'compare/benchmark.html', 'kiosk.html'].flatMap(
		(page) => [
			{ what: `${page}: scripts, gzip`, bytes: gzipped(firstLoad(page, '.js'), 'scripts'), limit: 110 * KB },
			{ what: `${page}: styles, gzip`, bytes: gzipped(firstLoad(page, '.css'), 'styles'), limit: 12 * KB }
		]
	),
	...built(/workers.*\.js$/).map((file) => ({
		what: `${file}, gzip`,
		bytes: gzipped([file], file),
		// The largest holds the code of the worker with the back end that most visitors get.
		limit: 80 * KB
	})),
	...built(/\.wasm$/).map((file) => ({ what: file, bytes: statSync(file).size, limit: 450 * KB })),
	{ what: 'first visit up to the first result: scripts, brotli', bytes: brotli(firstScripts), limit: 130 * KB },
	{ what: 'first visit up to the first result: everything, brotli', bytes: brotli(firstVisit), limit: 1500 * 1000 },
	...[manifest.detector, manifest.farDetector].map((entry) => ({
		what: `detector ${entry.id}`,
		bytes: modelBytes(entry),
		limit: 1200 * KB
	})),
	...manifest.models.map((entry) => ({
		what: `model ${entry.id}`,
		bytes: modelBytes(entry),
		// Only the default is fetched without asking.
		limit: (entry.id === manifest.default ? 2 : 24) * 1000 * 1000
	}))
];

let over = 0;
for (const { what, bytes, limit } of lines) {
	const verdict = bytes <= limit ? 'ok' : 'OVER ITS BUDGET';
	if (bytes > limit) over++;
	console.log(
		`${(bytes / KB).toFixed(1).padStart(8)} of ${(limit / KB).toFixed(0).padStart(5)} KB  ${what}: ${verdict}`
	);
}
process.exitCode = over === 0 ? 0 : 1;
