/** The kiosk under a soak, in its browser: what is read of it, and what is done to it. */
import { readFileSync } from 'node:fs';
import { type Browser, type CDPSession, chromium, type Page, type Worker as PageWorker } from 'playwright-core';
import type { FrameResult } from '../../src/lib/core/types';
import { QUIET_ARGS } from '../chromium';
import type { Streams } from '../e2e/streams';
import type { FaultKind } from './soak-plan';
import type { Sample } from './soak-summary';

const STREAM = 'kiosk';
const ADDRESS = `/kiosk?source=mjpeg:/streams/${STREAM}/mjpeg&keep=1`;
const ANALYSER = 'analyser.worker';
/** A worker that is stuck or starting gives no answer. */
const ANSWER_LIMIT_MS = 10_000;
/** A frame under way holds tensors of its own; the least of several counts is taken between two frames. */
const TENSOR_COUNTS = 12;

/** Browsers give up on graphics after some crashes in an hour; this run brings more. */
const NO_CRASH_LIMIT = '--disable-gpu-process-crash-limit';

/** Kept in the page by the script that runs before its own. */
interface Counted {
	workers: number;
	frames: number;
	/** When results with a face came, by the wall clock, and of which worker; the newest alone. */
	faces: { ms: number; worker: number }[];
}

export interface Seen extends Counted {
	/** Changes where the page is opened anew. */
	readonly timeOrigin: number;
}

/** Runs in the page. What it keeps does not grow: this run looks for what does. */
function count(): void {
	const kept = 1000;
	const counted: Counted = { workers: 0, frames: 0, faces: [] };
	Object.assign(window, { soak: counted });
	const NativeWorker = window.Worker;
	window.Worker = class extends NativeWorker {
		constructor(url: string | URL, options?: WorkerOptions) {
			super(url, options);
			const worker = ++counted.workers;
			this.addEventListener('message', ({ data }: MessageEvent<{ type: string; result: FrameResult }>) => {
				if (data.type !== 'result') return;
				counted.frames++;
				if (data.result.faces.length > 0) counted.faces.push({ ms: Date.now(), worker });
				if (counted.faces.length > kept) counted.faces.splice(0, kept / 2);
			});
		}
	};
}

export class SoakedKiosk {
	readonly #browser: Browser;
	readonly #root: CDPSession;
	readonly #session: CDPSession;
	readonly #workers: WorkerSession;
	readonly #page: Page;
	readonly #streams: Streams;
	#reloads = -1;
	/** Of pages that were opened before this one. */
	#earlierFrames = 0;
	#last: Seen | null = null;
	#stoppedProcess: number | null = null;
	/** Told of uncaught errors of the page, and of its end (fatal). */
	onTrouble: (text: string, fatal: boolean) => void = () => undefined;

	private constructor(browser: Browser, root: CDPSession, session: CDPSession, page: Page, streams: Streams) {
		this.#browser = browser;
		this.#root = root;
		this.#session = session;
		this.#workers = new WorkerSession(session);
		this.#page = page;
		this.#streams = streams;
		page.on('load', () => this.#reloads++);
		page.on('crash', () => this.onTrouble('The page crashed.', true));
		browser.on('disconnected', () => this.onTrouble('The browser ended.', true));
		page.on('pageerror', ({ message }) => {
			if (!message.includes('killed by the soak')) this.onTrouble(message, false);
		});
	}

	static async open(executablePath: string, origin: string, streams: Streams): Promise<SoakedKiosk> {
		const browser = await chromium.launch({
			executablePath,
			args: [...QUIET_ARGS, NO_CRASH_LIMIT],
			// Ctrl-C ends the run, which closes the browser after its last look.
			handleSIGINT: false,
			handleSIGTERM: false,
			handleSIGHUP: false
		});
		const context = await browser.newContext({ baseURL: origin });
		await context.addInitScript(count);
		const page = await context.newPage();
		const session = await context.newCDPSession(page);
		const kiosk = new SoakedKiosk(browser, await browser.newBrowserCDPSession(), session, page, streams);
		await kiosk.#workers.attach();
		await page.goto(ADDRESS, { timeout: 120_000 });
		return kiosk;
	}

	get browserVersion(): string {
		return this.#browser.version();
	}

	async see(): Promise<Seen> {
		const seen = await this.#page.evaluate(() => ({
			...(window as unknown as { soak: Counted }).soak,
			timeOrigin: performance.timeOrigin
		}));
		if (this.#last !== null && this.#last.timeOrigin !== seen.timeOrigin) this.#earlierFrames += this.#last.frames;
		this.#last = seen;
		return seen;
	}

	/** Brings a fault; the function it gives takes that back. */
	async bring(kind: FaultKind): Promise<() => Promise<void>> {
		switch (kind) {
			case 'cut':
			case 'unavailable':
			case 'freeze':
			case 'repeat':
			case 'corrupt':
				this.#streams.set(STREAM, kind);
				return () => {
					this.#streams.set(STREAM, 'ok');
					return Promise.resolve();
				};
			case 'away':
				await this.#streams.leave();
				return () => this.#streams.comeBack();
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
				// Never answers, until the kiosk ends that worker. Not at once: Chromium ends no task of a debugger.
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
			incidents: await this.#page.evaluate(
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
		const worker = this.#page.workers().findLast((each) => each.url().includes(ANALYSER));
		if (worker === undefined) throw new Error('The page has no worker that could be given a fault.');
		return worker;
	}

	async #countTensors(): Promise<number | null> {
		const counts = this.#page.evaluate(async (times) => {
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

	/** Its renderer: the one that has worked the most. */
	async #pageProcess(): Promise<number> {
		const { processInfo } = await this.#root.send('SystemInfo.getProcessInfo');
		const [busiest] = processInfo.filter(({ type }) => type === 'renderer').toSorted((a, b) => b.cpuTime - a.cpuTime);
		if (busiest === undefined) throw new Error('The browser names no process of the page.');
		return busiest.id;
	}
}

/** Speaks with the newest analysis worker through the session of its page: Playwright has no session for workers. */
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

	/** The answer, or null where none comes in time. */
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

/** Null where it takes too long. */
function within<T>(promise: Promise<T>): Promise<T | null> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ANSWER_LIMIT_MS, null)));
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Megabytes that a process has to itself, and its share of what it has with others; null where the system does not tell. */
function memoryOf(processId: number): number | null {
	try {
		const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${processId}/smaps_rollup`, 'utf8')) ?? [];
		return kilobytes === undefined ? null : Number(kilobytes) / 1000;
	} catch {
		return null;
	}
}
