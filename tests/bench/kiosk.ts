/**
 * `npm run bench -- kiosk [--seconds N]`: two and four cameras of 720p on one screen, as they are, with low-memory=yes and
 * with fps=5: frames a second of each camera, milliseconds, memory and processor; and how soon a broker knows of a face,
 * `--takes N` times. It writes its tables to results/ and to the kiosk's README (after `npm run build`).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import type { FrameResult } from '../../src/lib/core/types';
import { provideChromium, QUIET_ARGS } from '../chromium';
import { clipFrames } from '../e2e/clip';
import { provideProgram } from '../programs';
import { startStreams } from '../e2e/streams';
import { serveSite } from '../server';
import { median } from './figures';
import { measureOccupancy, type OccupancyRow } from './occupancy';
import { browserProcess, processesBelow } from './processes';
import { replaceBetween, table, writeJson } from './tables';

const HD = { width: 1280, height: 720 };
const CAMERA_FPS = 15;
const COUNTS = [2, 4];
const WAYS = ['', 'low-memory=yes', 'fps=5', 'fps=5&low-memory=yes'];
/** Caches fill, code is compiled. */
const WARM_UP_S = 15;
const GOAL_FPS = 5;
const GOAL_OCCUPIED_S = 2;
const LIMIT_MS = 300_000;
const RESULTS = 'tests/bench/results/kiosk.json';
const DOCUMENTS = ['tests/bench/results/README.md', 'src/routes/kiosk/README.md'];

interface Analysed {
	readonly stream: number;
	readonly totalMs: number;
	readonly faces: number;
}

interface Row {
	readonly cameras: number;
	readonly way: string;
	/** Frames a second, of each camera. */
	readonly fps: readonly number[];
	readonly medianMs: number;
	readonly faces: number;
	/** Of the page's renderer: the most in memory, and of that its own. */
	readonly rssMb: number;
	readonly privateMb: number;
	/** Milliseconds of a core that all processes of the browser took for a frame: less subject to what else runs. */
	readonly processorMs: number;
}

/** Runs in the page: notes each result with its camera. */
function note(): void {
	const analysed: Analysed[] = [];
	Object.assign(window, { analysed });
	const NativeWorker = window.Worker;
	window.Worker = class extends NativeWorker {
		readonly #streams = new Map<number, number>();
		constructor(url: string | URL, options?: WorkerOptions) {
			super(url, options);
			this.addEventListener(
				'message',
				({ data }: MessageEvent<{ type: string; frameId: number; result: FrameResult }>) => {
					const stream = this.#streams.get(data.frameId);
					this.#streams.delete(data.frameId);
					if (data.type !== 'result' || stream === undefined) return;
					analysed.push({ stream, totalMs: data.result.times.total, faces: data.result.faces.length });
				}
			);
		}
		override postMessage(
			message: { type: string; frameId: number; options: { stream?: number } },
			transfer?: StructuredSerializeOptions | Transferable[]
		): void {
			if (message.type === 'frame') this.#streams.set(message.frameId, message.options.stream ?? 0);
			super.postMessage(message, transfer as Transferable[]);
		}
	};
}

async function measure(browser: Browser, origin: string, cameras: number, way: string, seconds: number): Promise<Row> {
	const pid = browserProcess();
	const context = await browser.newContext({ baseURL: origin, viewport: { width: 1920, height: 1080 } });
	await context.addInitScript(note);
	const page = await context.newPage();
	const sources = Array.from({ length: cameras }, (_, index) => `source=mjpeg:/streams/door${index + 1}/mjpeg`);
	await page.goto(`/kiosk?${[...sources, 'log=no', way].filter((part) => part !== '').join('&')}`);
	await page.locator('[data-testid=kiosk][data-state=running]').waitFor({ timeout: LIMIT_MS });
	await sleep(1000 * WARM_UP_S);
	const take = (): Promise<Analysed[]> =>
		page.evaluate(() => (window as unknown as { analysed: Analysed[] }).analysed.splice(0));
	const used = (): number => processesBelow(pid).reduce((sum, { cpuS }) => sum + cpuS, 0);
	await take();
	const [beganMs, beganS] = [performance.now(), used()];
	let [rssMb, privateMb] = [0, 0];
	for (let second = 0; second < seconds; second++) {
		await sleep(1000);
		const renderers = processesBelow(pid).filter(({ kind }) => kind === 'renderer');
		const page = renderers.toSorted((a, b) => b.cpuS - a.cpuS)[0];
		rssMb = Math.max(rssMb, page?.rssMb ?? 0);
		privateMb = Math.max(privateMb, page?.privateMb ?? 0);
	}
	const analysed = await take();
	const tookS = (performance.now() - beganMs) / 1000;
	const usedS = used() - beganS;
	await context.close();
	const fps = Array.from({ length: cameras }, (_, index) => {
		// One camera alone has the page's session, which names no stream.
		const frames = analysed.filter(({ stream }) => cameras === 1 || stream === index + 1).length;
		return Number((frames / tookS).toFixed(1));
	});
	return {
		...{ cameras, way, fps },
		medianMs: Number(median(analysed.map(({ totalMs }) => totalMs)).toFixed(1)),
		faces: median(analysed.map(({ faces }) => faces)),
		rssMb: Math.round(rssMb),
		privateMb: Math.round(privateMb),
		processorMs: Number(((1000 * usedS) / analysed.length).toFixed(0))
	};
}

function told(machine: string, rows: readonly Row[], occupancy: readonly OccupancyRow[]): string {
	const lines = rows.map(({ cameras, way, fps, medianMs, rssMb, privateMb, processorMs }) => [
		...[String(cameras), way === '' ? '' : `\`${way}\``],
		...[fps.map((each) => each.toFixed(1)).join(', '), medianMs.toFixed(0)],
		...[`${rssMb} MB (${privateMb} its own)`, `${processorMs} ms`]
	]);
	const heads = [
		'cameras',
		'set',
		'frames a second of each',
		'ms a frame',
		"the page's process",
		'processor time a frame'
	];
	// A camera that is to give five gives a little less, as no timer is exact.
	const missed = rows.filter(
		({ cameras, way, fps }) => cameras === 4 && !way.includes('fps=') && Math.min(...fps) < GOAL_FPS
	);
	const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
	const soon = occupancy.map(({ what, cameras, takes, medianMs, worstMs }) => [
		...[what, String(cameras), String(takes), seconds(medianMs), seconds(worstMs)]
	]);
	const late = occupancy.filter(({ worstMs }) => worstMs > 1000 * GOAL_OCCUPIED_S);
	return [
		`Printed by \`npm run bench -- kiosk\`: Motion JPEG of 1280x720 with one face, ${CAMERA_FPS} pictures a second of each camera. ${machine}.`,
		'',
		table([heads, ...lines]),
		'',
		`The aim is ${GOAL_FPS} frames a second of each of four cameras: ${missed.length === 0 ? 'met' : 'missed'}.`,
		'',
		"From the first picture with a face that the camera's server sends to `ON` at a subscriber of Mosquitto, by the same command:",
		'',
		table([['what comes into view', 'cameras', 'takes', 'median', 'worst'], ...soon]),
		'',
		`The aim is ${GOAL_OCCUPIED_S} s: ${late.length === 0 ? 'met in every take' : 'missed by the worst takes above it'}.`
	].join('\n');
}

const { values } = parseArgs({
	options: { seconds: { type: 'string', default: '30' }, takes: { type: 'string', default: '10' } }
});
const mosquitto = provideProgram('mosquitto');
if (mosquitto === null) throw new Error('This benchmark needs mosquitto.');
const folder = mkdtempSync(join(tmpdir(), 'mien-bench-kiosk-'));
const streams = await startStreams(await clipFrames({ size: HD }), folder, 1000 / CAMERA_FPS);
const site = await serveSite([`--proxy=/streams=${streams.address}`]);
try {
	const load = loadavg()[0]?.toFixed(1) ?? '?';
	const rows: Row[] = [];
	let version = '';
	for (const cameras of COUNTS) {
		for (const way of WAYS) {
			// One of its own each: what one page left to a browser is no other's.
			const browser = await chromium.launch({ executablePath: provideChromium(), args: [...QUIET_ARGS] });
			version = browser.version();
			try {
				const row = await measure(browser, site.origin, cameras, way, Number(values.seconds));
				console.log(JSON.stringify(row));
				rows.push(row);
			} finally {
				await browser.close();
			}
		}
	}
	const date = new Date().toISOString();
	const machine = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, Chromium ${version}, headless, WebAssembly, ${date.slice(0, 10)}, load ${load} before`;
	const occupancy = await measureOccupancy(mosquitto, folder, Number(values.takes));
	await writeJson(RESULTS, { date, machine, rows, occupancy });
	const text = told(machine, rows, occupancy);
	for (const file of DOCUMENTS) writeFileSync(file, replaceBetween(readFileSync(file, 'utf8'), 'kiosk', text));
	console.log(`\n${text}`);
} finally {
	streams.stop();
	site.stop();
	rmSync(folder, { recursive: true });
}
