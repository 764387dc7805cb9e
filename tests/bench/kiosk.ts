/**
 * `npm run bench -- kiosk [--seconds N]`: two and four 720p cameras on one screen, with default settings, with
 * low-memory=yes and with fps=5: frames per second of each camera, milliseconds, memory and processor time; and how
 * soon a broker knows of a face, `--takes N` times; `--part frames` or `occupancy` for one of them. Writes its tables
 * to results/ and to the kiosk's README (after `npm run build`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
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
import { type KioskResults, readResults, type Row, writeResults } from './kiosk-results';
import { CAMERA_FPS, measureOccupancy } from './occupancy';
import { browserProcess, processesBelow } from './processes';

const HD = { width: 1280, height: 720 };
const COUNTS = [2, 4];
const WAYS = ['', 'low-memory=yes', 'fps=5', 'fps=5&low-memory=yes'];
/** While caches fill and code is compiled. */
const WARM_UP_S = 15;
const LIMIT_MS = 300_000;

interface Analysed {
	readonly stream: number;
	readonly totalMs: number;
	readonly faces: number;
}

/** Runs in the page: records each result with its camera. */
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
		// A single camera uses the page's session, which names no stream.
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

/** The machine's cores, and how busy they are. */
function machine(version: string): { date: string; machine: string } {
	const date = new Date().toISOString();
	const cores = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`;
	const load = loadavg()[0]?.toFixed(1) ?? '?';
	return {
		date,
		machine: `${cores}, Chromium ${version}, headless, WebAssembly, ${date.slice(0, 10)}, load ${load} before`
	};
}

async function measureFrames(folder: string, version: string, seconds: number): Promise<KioskResults['frames']> {
	const streams = await startStreams(await clipFrames({ size: HD }), folder, 1000 / CAMERA_FPS);
	const site = await serveSite([`--proxy=/streams=${streams.address}`]);
	try {
		const where = machine(version);
		const rows: Row[] = [];
		for (const cameras of COUNTS) {
			for (const way of WAYS) {
				// A new browser each time, so that nothing is left over from another page.
				const browser = await chromium.launch({ executablePath: provideChromium(), args: [...QUIET_ARGS] });
				try {
					const row = await measure(browser, site.origin, cameras, way, seconds);
					console.log(JSON.stringify(row));
					rows.push(row);
				} finally {
					await browser.close();
				}
			}
		}
		return { ...where, rows };
	} finally {
		streams.stop();
		site.stop();
	}
}

const { values } = parseArgs({
	options: {
		part: { type: 'string', default: 'all' },
		seconds: { type: 'string', default: '30' },
		takes: { type: 'string', default: '10' }
	}
});
const mosquitto = provideProgram('mosquitto');
if (mosquitto === null) throw new Error('This benchmark needs mosquitto.');
const folder = mkdtempSync(join(tmpdir(), 'mien-bench-kiosk-'));
try {
	const browser = await chromium.launch({ executablePath: provideChromium(), args: [...QUIET_ARGS] });
	const version = browser.version();
	await browser.close();
	const before = readResults();
	const frames =
		values.part === 'occupancy' ? before.frames : await measureFrames(folder, version, Number(values.seconds));
	const occupancy =
		values.part === 'frames'
			? before.occupancy
			: { ...machine(version), rows: await measureOccupancy(mosquitto, folder, Number(values.takes)) };
	console.log(`\n${await writeResults({ frames, occupancy })}`);
} finally {
	rmSync(folder, { recursive: true });
}
