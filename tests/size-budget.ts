/** What a visitor downloads, held against limits. Fails over a limit, and when a file that is expected is missing. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseManifest } from '../src/lib/manifest';

const KB = 1024;
const BUILD = 'build';
const MODELS = join(BUILD, 'models');

interface Line {
	readonly what: string;
	readonly bytes: number;
	readonly limit: number;
}

/** Built files whose path fits; at least one. */
function built(pattern: RegExp): string[] {
	const files = readdirSync(BUILD, { recursive: true, encoding: 'utf8' }).filter((file) => pattern.test(file));
	if (files.length === 0) throw new Error(`No file in ${BUILD}/ fits ${pattern}`);
	return files.map((file) => join(BUILD, file));
}

function gzipped(files: readonly string[], what: string): number {
	if (files.length === 0) throw new Error(`${what}: there are none in ${BUILD}/`);
	return files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
}

/** Everything that a page's HTML asks for at once. */
function firstLoad(page: string, extension: string): string[] {
	const html = readFileSync(join(BUILD, page), 'utf8');
	return [...html.matchAll(/<link href="\.{1,2}\/(_app\/[^"]+)"/g)]
		.map(([, file]) => file ?? '')
		.filter((file) => file.endsWith(extension))
		.map((file) => join(BUILD, file));
}

/** A model as the page loads it: model.json and the shards that it names. */
function modelBytes(url: string): number {
	const file = join(MODELS, url);
	const { weightsManifest } = JSON.parse(readFileSync(file, 'utf8')) as { weightsManifest: { paths: string[] }[] };
	const shards = weightsManifest.flatMap(({ paths }) => paths.map((path) => join(dirname(file), path)));
	return [file, ...shards].reduce((sum, path) => sum + statSync(path).size, 0);
}

const manifest = parseManifest(JSON.parse(readFileSync(join(MODELS, 'index.json'), 'utf8')));

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
		limit: 250 * KB
	})),
	...built(/\.wasm$/).map((file) => ({ what: file, bytes: statSync(file).size, limit: 450 * KB })),
	{ what: `detector ${manifest.detector.id}`, bytes: modelBytes(manifest.detector.url), limit: 600 * KB },
	{ what: `detector ${manifest.farDetector.id}`, bytes: modelBytes(manifest.farDetector.url), limit: 1200 * KB },
	...manifest.models.map(({ id, url }) => ({
		what: `model ${id}`,
		bytes: modelBytes(url),
		// Only the first one is fetched unasked.
		limit: (id === manifest.default ? 2 : 24) * 1000 * 1000
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
