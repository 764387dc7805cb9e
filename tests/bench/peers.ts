/**
 * `npm run bench -- peers [--runs N] [--frames N] [--part starts|frames] [--peers FOLDER] [--tables]`: Mien beside the
 * two libraries that do the same in a browser, `@vladmandic/human` and `@vladmandic/face-api`, in one run and one
 * browser, on the same picture, clip and tfjs's WASM back end, each with a detector and expressions on every frame.
 * They take turns, so that a busy machine slows them all. Installs both from npm into a temporary folder, or takes them
 * from FOLDER; uses build/ unchanged. Writes tests/bench/results/peers.json and the tables in
 * tests/bench/results/README.md and README.md; `--part` keeps the other part of the results, and `--tables` writes only
 * the tables.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import type { FrameResult } from '../../src/lib/core/types';
import { provideChromium, QUIET_ARGS } from '../chromium';
import { clipFrames, writeClip } from '../e2e/clip';
import { serveSite } from '../server';
import { median } from './figures';
import { PEER_PAGES } from './peers/pages';
import { peersSummary, peersTables, WHO, type Frames, type PeersResults, type Start, type Who } from './peers/results';
import { serveFolders } from './peers/serve';
import { startSlowLine } from './peers/slow-line';
import { replaceBetween } from './tables';

const RESULTS = 'tests/bench/results/peers.json';
const README = 'tests/bench/results/README.md';
const SLOW = { bitsPerSecond: 10e6, roundTripMs: 40 };
const LIMIT_MS = 90_000;
/** After opening a tab, the browser prepares its own pages for so long, which takes a core from whatever is measured. */
const TAB_SETTLES_MS = 1500;
const WARM_UP_FRAMES = 10;
const SCENES = [1, 4, 10].flatMap((faces) =>
	[
		{ width: 640, height: 480 },
		{ width: 1280, height: 720 }
	].map((size) => ({ faces, size }))
);
/** How the heads of a scene are arranged. */
const GRIDS: Readonly<Record<number, { columns: number; rows: number }>> = {
	1: { columns: 1, rows: 1 },
	4: { columns: 2, rows: 2 },
	10: { columns: 4, rows: 3 }
};

type Origins = Readonly<Record<Who, string>>;

declare global {
	interface Window {
		first: number | undefined;
		longTasks: { startMs: number; ms: number }[];
		runCamera: (
			frames: number,
			size: { width: number; height: number }
		) => Promise<{ results: { ms: number; timeMs: number; faces: number }[]; width: number; height: number }>;
		benchResults: FrameResult[];
	}
}

/** Runs in Mien's page before its own scripts: presses the sample picture's button and keeps the worker's results. */
function watchMien(press: boolean): void {
	window.benchResults = [];
	window.longTasks = [];
	new PerformanceObserver((list) => {
		for (const { startTime, duration } of list.getEntries())
			window.longTasks.push({ startMs: startTime, ms: duration });
	}).observe({ type: 'longtask', buffered: true });
	const NativeWorker = window.Worker;
	window.Worker = class extends NativeWorker {
		constructor(url: string | URL, options?: WorkerOptions) {
			super(url, options);
			this.addEventListener('message', ({ data }: MessageEvent<{ type: string; result: FrameResult }>) => {
				if (data.type !== 'result') return;
				window.benchResults.push(data.result);
				window.first ??= performance.now();
			});
		}
	};
	if (!press) return;
	const observer = new MutationObserver(() => {
		const button = document.querySelector<HTMLButtonElement>('[data-testid=sample]');
		if (button === null || button.disabled) return;
		observer.disconnect();
		button.click();
	});
	observer.observe(document, { subtree: true, childList: true, attributes: true });
}

const PATHS: Readonly<Record<Who, string>> = { mien: '/', human: '/human', 'face-api': '/face-api' };

/** Milliseconds to the first result, in a new page of the context, and what was transferred. */
async function openOnce(
	context: BrowserContext,
	who: Who,
	origin: string
): Promise<{ ms: number; files: number; bytes: number; longestTaskMs: number }> {
	const page = await context.newPage();
	try {
		if (who === 'mien') await page.addInitScript(watchMien, true);
		const sizes: Promise<number>[] = [];
		page.on('requestfinished', (request) => {
			const size = request
				.sizes()
				.then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize);
			sizes.push(size.catch(() => 0));
		});
		await page.waitForTimeout(TAB_SETTLES_MS);
		await page.goto(origin + PATHS[who], { waitUntil: 'commit' });
		await page.waitForFunction(() => window.first !== undefined, undefined, { timeout: LIMIT_MS });
		const ms = Number(await page.evaluate(() => window.first));
		const longestTaskMs = who === 'mien' ? await page.evaluate(longestTask, ms) : 0;
		const counted = await Promise.all(sizes);
		return { ms, files: counted.length, bytes: counted.reduce((sum, bytes) => sum + bytes, 0), longestTaskMs };
	} finally {
		await page.close();
	}
}

/** Runs in Mien's page: the longest task from the first paint to `untilMs`. Tasks under 50 ms are not reported. */
function longestTask(untilMs: number): number {
	const [paint] = performance.getEntriesByName('first-paint');
	const tasks = window.longTasks.filter(({ startMs }) => startMs >= (paint?.startTime ?? 0) && startMs < untilMs);
	return Math.max(0, ...tasks.map(({ ms }) => ms));
}

/** First and second visits, in turn, `runs` times each. */
async function measureStarts(
	browser: Browser,
	lines: readonly { title: string; origins: Origins }[],
	runs: number
): Promise<Pick<PeersResults, 'starts' | 'bytes' | 'longestTaskMs'>> {
	const starts: Start[] = [];
	const longest: number[] = [];
	const bytes: Partial<Record<Who, { files: number; bytes: number }>> = {};
	for (const { title, origins } of lines) {
		const visits = { first: emptyLists(), second: emptyLists() };
		for (let run = 0; run < runs; run++) {
			for (const who of WHO) {
				const context = await browser.newContext();
				const first = await openOnce(context, who, origins[who]);
				visits.first[who].push(first.ms);
				if (who === 'mien' && title === lines[0]?.title) longest.push(first.longestTaskMs);
				bytes[who] ??= { files: first.files, bytes: first.bytes };
				visits.second[who].push((await openOnce(context, who, origins[who])).ms);
				await context.close();
			}
		}
		for (const visit of ['first', 'second'] as const) {
			starts.push({ line: title, visit, runs, times: byWho((who) => timesOf(visits[visit][who])) });
			console.log(
				`${visit} visit, ${title}: ${WHO.map((who) => `${who} ${median(visits[visit][who]).toFixed(0)} ms`).join(', ')}`
			);
		}
	}
	return { starts, longestTaskMs: median(longest), bytes: byWho((who) => bytes[who] ?? { files: 0, bytes: 0 }) };
}

/** Frames of the camera, in turn, in three rounds. */
async function measureFrames(origins: Origins, frames: number, folder: string): Promise<Frames[]> {
	const all: Frames[] = [];
	for (const { faces, size } of SCENES) {
		const clip = path.join(folder, 'clip.mjpeg');
		const grid = GRIDS[faces] ?? { columns: 1, rows: 1 };
		await writeClip(clip, await clipFrames({ ...grid, heads: faces, size }));
		const browser = await launch(clip);
		const context = await browser.newContext({ permissions: [] });
		const ms = emptyLists();
		const found = emptyLists();
		const perSecond = emptyLists();
		for (let round = 0; round < 3; round++) {
			for (const who of WHO) {
				const page = await context.newPage();
				const results =
					who === 'mien'
						? await runMien(page, origins.mien, frames / 3, size)
						: await runPeer(page, origins[who] + PATHS[who], frames / 3, size);
				const counted = results.slice(WARM_UP_FRAMES);
				ms[who].push(...counted.map((result) => result.ms));
				found[who].push(...counted.map((result) => result.faces));
				const lastsMs = (counted.at(-1)?.timeMs ?? NaN) - (counted[0]?.timeMs ?? NaN);
				perSecond[who].push((1000 * (counted.length - 1)) / lastsMs);
				await page.close();
			}
		}
		await browser.close();
		const title = `${String(size.width)}x${String(size.height)}`;
		all.push({
			faces,
			size: title,
			frames: ms.mien.length,
			times: byWho((who) => ({ ...timesOf(ms[who]), found: median(found[who]), perSecond: median(perSecond[who]) }))
		});
		console.log(
			`${String(faces)} faces, ${title}: ${WHO.map((who) => `${who} ${median(ms[who]).toFixed(1)} ms`).join(', ')}`
		);
	}
	return all;
}

interface Look {
	readonly ms: number;
	readonly timeMs: number;
	readonly faces: number;
}
type Page = Awaited<ReturnType<BrowserContext['newPage']>>;
type Size = Readonly<{ width: number; height: number }>;

async function runPeer(page: Page, address: string, frames: number, size: Size): Promise<Look[]> {
	await page.goto(address);
	await page.waitForFunction(() => window.first !== undefined, undefined, { timeout: LIMIT_MS });
	const run = await page.evaluate(([count, wanted]) => window.runCamera(count, wanted), [
		frames + WARM_UP_FRAMES,
		size
	] as const);
	if (run.width !== size.width) throw new Error(`The camera gave ${String(run.width)} pixels a row.`);
	return run.results;
}

async function runMien(page: Page, origin: string, frames: number, size: Size): Promise<Look[]> {
	await page.addInitScript(watchMien, false);
	await page.goto(`${origin}/`);
	await page.getByTestId('start-camera').click();
	await page.waitForFunction((count) => window.benchResults.length >= count, frames + WARM_UP_FRAMES, {
		timeout: LIMIT_MS
	});
	const results = await page.evaluate((count) => window.benchResults.slice(0, count), frames + WARM_UP_FRAMES);
	if (results[0]?.width !== size.width) throw new Error(`The camera gave ${String(results[0]?.width)} pixels a row.`);
	return results.map(({ times, timeMs, faces }) => ({ ms: times.total, timeMs, faces: faces.length }));
}

function launch(clip?: string): Promise<Browser> {
	const camera =
		clip === undefined
			? []
			: [
					`--use-file-for-fake-video-capture=${clip}`,
					'--use-fake-device-for-media-stream',
					'--use-fake-ui-for-media-stream'
				];
	return chromium.launch({ executablePath: provideChromium(), args: [...QUIET_ARGS, ...camera] });
}

function byWho<T>(of: (who: Who) => T): Record<Who, T> {
	return { mien: of('mien'), human: of('human'), 'face-api': of('face-api') };
}

function emptyLists(): Record<Who, number[]> {
	return byWho(() => []);
}

function timesOf(values: readonly number[]): { medianMs: number; bestMs: number } {
	const round = (value: number): number => Number(value.toFixed(2));
	return { medianMs: round(median(values)), bestMs: round(Math.min(...values)) };
}

function titleOf({ machine, date, load }: PeersResults): string {
	return `${machine}, ${date.slice(0, 10)}, load ${load.toFixed(1)}`;
}

function writeTables(results: PeersResults): void {
	for (const [file, text] of [
		[README, peersTables(results)],
		['README.md', peersSummary(results)]
	] as const)
		writeFileSync(file, replaceBetween(readFileSync(file, 'utf8'), 'peers', text));
}

function installPeers(folder: string): void {
	console.log('Installing human and face-api from npm ...');
	const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefix', folder];
	const { status } = spawnSync('npm', [...args, '@vladmandic/human', '@vladmandic/face-api'], {
		stdio: ['ignore', 'ignore', 'inherit'],
		shell: process.platform === 'win32'
	});
	if (status !== 0) throw new Error('npm could not install the peers.');
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			runs: { type: 'string', default: '7' },
			frames: { type: 'string', default: '150' },
			part: { type: 'string' },
			peers: { type: 'string' },
			tables: { type: 'boolean', default: false }
		}
	});
	const before = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as PeersResults) : null;
	if (values.tables) {
		if (before === null) throw new Error(`There is no ${RESULTS}.`);
		writeTables(before);
		return;
	}
	const folder = mkdtempSync(path.join(tmpdir(), 'mien-peers-'));
	const stops: (() => void)[] = [];
	try {
		const peers = values.peers ?? folder;
		if (values.peers === undefined) installPeers(folder);
		const packages = (name: string): string => path.join(peers, 'node_modules', '@vladmandic', name);
		const versionOf = (name: string): string =>
			(JSON.parse(readFileSync(path.join(packages(name), 'package.json'), 'utf8')) as { version: string }).version;
		const roots = {
			human: packages('human'),
			'face-api': packages('face-api'),
			wasm: 'node_modules/@tensorflow/tfjs-backend-wasm/dist',
			samples: 'static/samples'
		};
		const site = await serveSite();
		stops.push(() => {
			site.stop();
		});
		const peerSite = await serveFolders(roots, PEER_PAGES);
		stops.push(peerSite.stop);
		const slow = { mien: await startSlowLine(site.origin, SLOW), peers: await startSlowLine(peerSite.origin, SLOW) };
		stops.push(slow.mien.stop, slow.peers.stop);
		const origins: Origins = { mien: site.origin, human: peerSite.origin, 'face-api': peerSite.origin };
		const slowOrigins: Origins = { mien: slow.mien.origin, human: slow.peers.origin, 'face-api': slow.peers.origin };
		const load = loadavg()[0] ?? NaN;
		const browser = await launch();
		const version = browser.version();
		const starts =
			values.part === 'frames' && before !== null
				? { starts: before.starts, bytes: before.bytes, longestTaskMs: before.longestTaskMs }
				: await measureStarts(
						browser,
						[
							{ title: 'this machine', origins },
							{ title: '10 Mbit/s and 40 ms', origins: slowOrigins }
						],
						Number(values.runs)
					);
		await browser.close();
		const frames =
			values.part === 'starts' && before !== null
				? before.frames
				: await measureFrames(origins, Number(values.frames), folder);
		const results: PeersResults = {
			date: new Date().toISOString(),
			machine: `${String(cpus().length)} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`,
			browser: `Chromium ${version}, headless, WASM`,
			load: Number(load.toFixed(1)),
			versions: { human: versionOf('human'), 'face-api': versionOf('face-api') },
			...starts,
			...(values.part === 'starts' && before !== null && { framesBefore: before.framesBefore ?? titleOf(before) }),
			frames
		};
		writeFileSync(RESULTS, `${JSON.stringify(results, null, '\t')}\n`);
		writeTables(results);
		console.log(`\n${peersTables(results)}`);
	} finally {
		for (const stop of stops) stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

await main();
