/** The kiosk under a soak, in its browser: what is measured, and what is done to it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
	type Browser,
	type BrowserContext,
	type CDPSession,
	chromium,
	type Page,
	type Worker as PageWorker
} from 'playwright-core';
import type { FrameResult } from '../../src/lib/core/types';
import { QUIET_ARGS } from '../chromium';
import type { Streams } from '../e2e/streams';
import { median } from './figures';
import { type PageFault, steadySince, type StreamFault } from './soak-plan';
import type { Sample } from './soak-summary';

const ANALYSER = 'analyser.worker';
/** A worker that is stuck or starting gives no answer. */
const ANSWER_LIMIT_MS = 10_000;
/** A frame in progress has tensors of its own; the least of several counts is one between two frames. */
const TENSOR_COUNTS = 12;

const POLL_MS = 250;
/** A gap between results is an interruption above this length, or above this many times the usual gap. */
const INTERRUPTED = { leastMs: 2000, times: 10 };

/** Browsers give up on graphics after some crashes in an hour; this run causes more. */
const NO_CRASH_LIMIT = '--disable-gpu-process-crash-limit';

/** Kept in the page by a script that runs before the page's own. */
interface Counted {
	workers: number;
	frames: number;
	/** When results with a face came, by the real clock, from which worker and camera (from 0); only the newest. */
	faces: { ms: number; worker: number; camera: number }[];
}

export interface Seen extends Counted {
	/** Changes if the page is opened again. */
	readonly timeOrigin: number;
}

/** Runs in the page. What it keeps must not grow, since this run looks for growth. */
function count(): void {
	const kept = 1000;
	const counted: Counted = { workers: 0, frames: 0, faces: [] };
	Object.assign(window, { soak: counted });
	const now = Date.now.bind(Date);
	const NativeWorker = window.Worker;
	window.Worker = class extends NativeWorker {
		readonly #cameras = new Map<number, number>();
		constructor(url: string | URL, options?: WorkerOptions) {
			super(url, options);
			const worker = ++counted.workers;
			this.addEventListener(
				'message',
				({ data }: MessageEvent<{ type: string; frameId: number; result: FrameResult }>) => {
					const camera = this.#cameras.get(data.frameId) ?? 0;
					this.#cameras.delete(data.frameId);
					if (data.type !== 'result') return;
					counted.frames++;
					if (data.result.faces.length > 0) counted.faces.push({ ms: now(), worker, camera });
					if (counted.faces.length > kept) counted.faces.splice(0, kept / 2);
				}
			);
		}
		override postMessage(
			message: { type: string; frameId: number; options?: { stream?: number } },
			transfer?: StructuredSerializeOptions | Transferable[]
		): void {
			// With several cameras, the first is stream 1; a single one names none.
			if (message.type === 'frame') this.#cameras.set(message.frameId, Math.max(0, (message.options?.stream ?? 1) - 1));
			super.postMessage(message, transfer as Transferable[]);
		}
	};
}

interface Soaked {
	readonly origin: string;
	/** Done before the page is opened. */
	readonly prepare?: (context: BrowserContext) => Promise<unknown>;
	readonly args?: readonly string[];
}

interface Wait {
	readonly before: Seen;
	readonly byAnother: boolean;
	readonly limitMs: number;
	/** How many there are; all must be back. */
	readonly cameras?: number;
	readonly signal: AbortSignal;
}

/** Causes a fault in a stream; gives a function that undoes it. */
export async function bringStreamFault(
	streams: Streams,
	stream: string,
	kind: StreamFault
): Promise<() => Promise<void>> {
	if (kind === 'away') {
		await streams.leave();
		return () => streams.comeBack();
	}
	streams.set(stream, kind);
	return () => {
		streams.set(stream, 'ok');
		return Promise.resolve();
	};
}

export class SoakedKiosk {
	readonly #browser: Browser;
	readonly #root: CDPSession;
	readonly #session: CDPSession;
	readonly #workers: WorkerSession;
	readonly page: Page;
	#reloads = 0;
	/** From pages that were opened before this one. */
	#earlierFrames = 0;
	#last: Seen | null = null;
	#stoppedProcess: number | null = null;
	/** Called on uncaught errors of the page, and on its end (fatal). */
	onTrouble: (text: string, fatal: boolean) => void = () => undefined;

	private constructor(browser: Browser, root: CDPSession, session: CDPSession, page: Page) {
		this.#browser = browser;
		this.#root = root;
		this.#session = session;
		this.#workers = new WorkerSession(session);
		this.page = page;
		page.on('load', () => this.#reloads++);
		page.on('crash', () => this.onTrouble('The page crashed.', true));
		browser.on('disconnected', () => this.onTrouble('The browser ended.', true));
		page.on('pageerror', ({ message }) => {
			if (!message.includes('killed by the soak')) this.onTrouble(message, false);
		});
	}

	/** Starts a browser with a page that is not opened yet. */
	static async launch(executablePath: string, { origin, prepare, args = [] }: Soaked): Promise<SoakedKiosk> {
		const browser = await chromium.launch({
			executablePath,
			args: [...QUIET_ARGS, NO_CRASH_LIMIT, ...args],
			// Ctrl-C ends the run, which closes the browser after its last look.
			handleSIGINT: false,
			handleSIGTERM: false,
			handleSIGHUP: false
		});
		const context = await browser.newContext({ baseURL: origin });
		await context.addInitScript(count);
		await prepare?.(context);
		const page = await context.newPage();
		const session = await context.newCDPSession(page);
		const kiosk = new SoakedKiosk(browser, await browser.newBrowserCDPSession(), session, page);
		await kiosk.#workers.attach();
		return kiosk;
	}

	/** Opens a path, not counted as a reload. */
	async open(path: string): Promise<void> {
		this.#reloads--;
		await this.page.goto(path, { timeout: 120_000 });
	}

	get browserVersion(): string {
		return this.#browser.version();
	}

	async see(): Promise<Seen> {
		const seen = await this.page.evaluate(() => ({
			...(window as unknown as { soak: Counted }).soak,
			timeOrigin: performance.timeOrigin
		}));
		if (this.#last !== null && this.#last.timeOrigin !== seen.timeOrigin) this.#earlierFrames += this.#last.frames;
		this.#last = seen;
		return seen;
	}

	/** Causes a fault; gives a function that undoes it. */
	async bring(kind: PageFault): Promise<() => Promise<void>> {
		switch (kind) {
			case 'page-stopped':
				this.#stoppedProcess = await this.#pageProcess();
				process.kill(this.#stoppedProcess, 'SIGSTOP');
				return () => {
					this.#goOn();
					return Promise.resolve();
				};
			case 'worker-dies':
				await this.#analyser().evaluate(() => {
					setTimeout(() => {
						throw new Error('killed by the soak');
					});
				});
				break;
			case 'worker-stuck':
				// Never answers, until the kiosk ends that worker. In a timeout, as Chromium does not end a debugger's
				// own task.
				await this.#analyser().evaluate(() => {
					setTimeout(() => {
						for (;;);
					});
				});
				break;
			case 'graphics-crash':
				await this.#root.send('Browser.crashGpuProcess');
		}
		return () => Promise.resolve();
	}

	/**
	 * Milliseconds after `sinceMs` until each camera's faces are found steadily again, by a new worker if `byAnother`;
	 * null if that takes too long.
	 */
	async waitForFaces(
		sinceMs: number,
		{ before, byAnother, limitMs, cameras = 1, signal }: Wait
	): Promise<number | null> {
		const limits = Array.from({ length: cameras }, (_, camera) => {
			const times = before.faces.filter((each) => each.camera === camera).map(({ ms }) => ms);
			const gaps = times.map((ms, index) => ms - (times[index - 1] ?? ms)).slice(1);
			return Math.max(INTERRUPTED.leastMs, gaps.length === 0 ? 0 : INTERRUPTED.times * median(gaps));
		});
		while (Date.now() - sinceMs < limitMs) {
			const { faces, timeOrigin } = await this.see();
			const known = byAnother && timeOrigin === before.timeOrigin ? before.workers : 0;
			const backMs = limits.map((longestGapMs, camera) => {
				const own = faces.filter((each) => each.worker > known && each.camera === camera);
				return steadySince(
					own.map(({ ms }) => ms),
					sinceMs,
					longestGapMs
				);
			});
			if (!backMs.includes(null)) return Math.max(...backMs.map(Number)) - sinceMs;
			await sleep(POLL_MS, undefined, { signal });
		}
		return null;
	}

	async sample(minute: number): Promise<Sample> {
		const { frames } = await this.see();
		await this.#session.send('HeapProfiler.collectGarbage');
		const { usedSize } = await this.#session.send('Runtime.getHeapUsage');
		const { nodes, jsEventListeners } = await this.#session.send('Memory.getDOMCounters');
		await this.#workers.ask('HeapProfiler.collectGarbage');
		const worker = (await this.#workers.ask('Runtime.getHeapUsage')) as { usedSize?: number } | null;
		return {
			type: 'sample',
			minute,
			frames: this.#earlierFrames + frames,
			pageHeapMb: usedSize / 1e6,
			workerHeapMb: worker?.usedSize === undefined ? null : worker.usedSize / 1e6,
			tensors: await this.#countTensors(),
			nodes,
			listeners: jsEventListeners,
			processMb: memoryOf(await this.#pageProcess()),
			incidents: await this.page.evaluate(
				() => JSON.parse(localStorage.getItem('mien.kiosk.incidents') ?? '{}') as Record<string, number>
			),
			reloads: Math.max(0, this.#reloads)
		};
	}

	async close(): Promise<void> {
		this.onTrouble = () => undefined;
		this.#goOn();
		await this.#browser.close();
	}

	#goOn(): void {
		if (this.#stoppedProcess !== null) process.kill(this.#stoppedProcess, 'SIGCONT');
		this.#stoppedProcess = null;
	}

	#analyser(): PageWorker {
		const worker = this.page.workers().findLast((each) => each.url().includes(ANALYSER));
		if (worker === undefined) throw new Error('The page has no worker to cause a fault in.');
		return worker;
	}

	async #countTensors(): Promise<number | null> {
		const counts = this.page.evaluate(async (times) => {
			const { mien } = window as unknown as { mien: { stats(): Promise<{ tensors: number }> } };
			let least = Infinity;
			for (let time = 0; time < times; time++) {
				least = Math.min(least, (await mien.stats()).tensors);
				await new Promise((resolve) => setTimeout(resolve, 30 + 10 * time));
			}
			return least;
		}, TENSOR_COUNTS);
		return within(counts.catch(() => null));
	}

	/** The page's renderer: the one that has worked the most. */
	async #pageProcess(): Promise<number> {
		const { processInfo } = await this.#root.send('SystemInfo.getProcessInfo');
		const [busiest] = processInfo.filter(({ type }) => type === 'renderer').toSorted((a, b) => b.cpuTime - a.cpuTime);
		if (busiest === undefined) throw new Error('The browser names no process of the page.');
		return busiest.id;
	}
}

/** Talks to the newest analysis worker through its page's session, as Playwright has no session for workers. */
class WorkerSession {
	readonly #session: CDPSession;
	readonly #waiting = new Map<number, (result: unknown) => void>();
	#workerSession: string | null = null;
	#lastId = 0;

	constructor(session: CDPSession) {
		this.#session = session;
		session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
			if (targetInfo.url.includes(ANALYSER)) this.#workerSession = sessionId;
		});
		session.on('Target.receivedMessageFromTarget', ({ message }) => {
			const { id, result } = JSON.parse(message) as { id?: number; result?: unknown };
			if (id !== undefined) this.#waiting.get(id)?.(result ?? null);
		});
	}

	async attach(): Promise<void> {
		await this.#session.send('Target.setAutoAttach', {
			autoAttach: true,
			waitForDebuggerOnStart: false,
			flatten: false
		});
	}

	/** The answer, or null if none comes in time. */
	async ask(method: string): Promise<unknown> {
		const sessionId = this.#workerSession;
		if (sessionId === null) return null;
		const id = ++this.#lastId;
		const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
		try {
			await this.#session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) });
			return await within(answer);
		} catch {
			// That worker has just ended.
			return null;
		} finally {
			this.#waiting.delete(id);
		}
	}
}

/** Null if it takes too long. */
function within<T>(promise: Promise<T>): Promise<T | null> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ANSWER_LIMIT_MS, null)));
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A process's private megabytes plus its share of the common ones; null if the system does not tell. */
function memoryOf(processId: number): number | null {
	try {
		const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${processId}/smaps_rollup`, 'utf8')) ?? [];
		return kilobytes === undefined ? null : Number(kilobytes) / 1000;
	} catch {
		return null;
	}
}
