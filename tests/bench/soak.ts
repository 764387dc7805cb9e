/** `npm run soak`: runs the built kiosk for an hour or a night, with a fault every minute. See soak-options.ts. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { provideChromium } from '../chromium';
import { clipFrames } from '../e2e/clip';
import { startStreams, type Streams } from '../e2e/streams';
import { serveSite, type Site } from '../server';
import { copyBuild } from './soak-build';
import { bringStreamFault, SoakedKiosk } from './soak-kiosk';
import { parseSoakOptions, SOAK_USAGE, type SoakOptions } from './soak-options';
import { type Fault, isPageFault, planFaults } from './soak-plan';
import { runTour } from './soak-tour';
import { judge, outcomeLine, sampleLine, type SoakRecord, summarise } from './soak-summary';

const STREAM = 'kiosk';
const ADDRESS = `/kiosk?source=mjpeg:/streams/${STREAM}/mjpeg&keep=1`;
const RESULTS = '.cache/soak';

const MINUTE_MS = 60_000;
/** Between the sample at a minute's end and the next fault. */
const LEAD_MS = 5000;
const START_LIMIT_MS = 300_000;
/** A kiosk that takes longer counts as not recovered. */
const RECOVERY_LIMIT_MS = 120_000;

/** Records what happens, in a file and on the console. */
class Protocol {
	readonly records: SoakRecord[] = [];
	readonly file: string;
	readonly #startMs = performance.now();

	constructor(about: Readonly<Record<string, unknown>>) {
		mkdirSync(RESULTS, { recursive: true });
		const started = new Date().toISOString();
		this.file = join(RESULTS, `${started.replaceAll(/[:.]/g, '-')}.jsonl`);
		this.#write({ type: 'start', started, ...about });
	}

	minutes(): number {
		return (performance.now() - this.#startMs) / MINUTE_MS;
	}

	add(record: SoakRecord): void {
		const before = this.records.findLast((each) => each.type === 'sample') ?? null;
		this.records.push(record);
		this.#write(record);
		switch (record.type) {
			case 'sample':
				console.log(sampleLine(record, before));
				break;
			case 'fault':
				console.log(outcomeLine(record));
				break;
			case 'trouble':
				console.log(`${record.minute.toFixed(1).padStart(6)} min  ${record.text}`);
		}
	}

	/** True if the run passed. */
	end(): boolean {
		const failures = judge(this.records);
		this.#write({ type: 'end', failures });
		console.log(['', ...summarise(this.records), `Everything is in ${this.file}`].join('\n'));
		return failures.length === 0;
	}

	#write(line: object): void {
		appendFileSync(this.file, `${JSON.stringify(line)}\n`);
	}
}

async function bringFault(
	kiosk: SoakedKiosk,
	streams: Streams,
	{ kind, heldS }: Fault,
	signal: AbortSignal
): Promise<number | null> {
	const before = await kiosk.see();
	let sinceMs = Date.now();
	const takeBack = isPageFault(kind) ? await kiosk.bring(kind) : await bringStreamFault(streams, STREAM, kind);
	try {
		await sleep(1000 * heldS, undefined, { signal });
	} finally {
		if (heldS > 0) sinceMs = Date.now();
		await takeBack();
	}
	const byAnother = kind === 'worker-dies' || kind === 'worker-stuck';
	return kiosk.waitForFaces(sinceMs, { before, byAnother, limitMs: RECOVERY_LIMIT_MS, signal });
}

/** One fault and one sample per minute, until the time is over or `signal` aborts. */
async function soak(
	kiosk: SoakedKiosk,
	streams: Streams,
	options: SoakOptions,
	protocol: Protocol,
	signal: AbortSignal
): Promise<void> {
	const kinds = options.kinds.filter((kind) => process.platform !== 'win32' || kind !== 'page-stopped');
	for (const fault of planFaults(options.seed, options.minutes, kinds)) {
		const endMs = Date.now() + MINUTE_MS;
		await sleep(LEAD_MS, undefined, { signal });
		const minute = protocol.minutes();
		const recoveredMs = await bringFault(kiosk, streams, fault, signal);
		const recoveredS = recoveredMs === null ? null : recoveredMs / 1000;
		protocol.add({ type: 'fault', minute, ...fault, recoveredS });
		await sleep(Math.max(0, endMs - Date.now()), undefined, { signal });
		protocol.add(await kiosk.sample(protocol.minutes()));
		if (protocol.minutes() >= options.minutes) break;
	}
}

async function run(options: SoakOptions): Promise<boolean> {
	const folder = mkdtempSync(join(tmpdir(), 'mien-soak-'));
	const ended = new AbortController();
	const end = () => ended.abort();
	process.once('SIGINT', end);
	process.once('SIGTERM', end);
	const { signal } = ended;
	let streams: Streams | null = null;
	let site: Site | null = null;
	let kiosk: SoakedKiosk | null = null;
	try {
		const executable = provideChromium();
		copyBuild(folder);
		streams = await startStreams(await clipFrames(), folder);
		site = await serveSite([`--proxy=/streams=${streams.address}`], folder);
		kiosk = await SoakedKiosk.launch(executable, { origin: site.origin });
		await kiosk.open(ADDRESS);
		const sinceMs = Date.now();
		const before = await kiosk.see();
		if ((await kiosk.waitForFaces(sinceMs, { before, byAnother: false, limitMs: START_LIMIT_MS, signal })) === null) {
			throw new Error(
				`The kiosk found no face within ${START_LIMIT_MS / 1000} s. Check whether \`npm test\` passes, and what else keeps this machine busy.`
			);
		}
		const machine = `${cpus()[0]?.model.trim() ?? 'processor'}, ${availableParallelism()} threads`;
		const load = loadavg()[0]?.toFixed(1) ?? '?';
		const protocol = new Protocol({ ...options, machine, load, browser: kiosk.browserVersion });
		console.log(
			`Chromium ${kiosk.browserVersion}; ${machine}; load before the first fault ${load}\n` +
				`${options.minutes} minutes, seed ${options.seed}; Ctrl-C ends early. Written to ${protocol.file}\n`
		);
		kiosk.onTrouble = (text, fatal) => {
			protocol.add({ type: 'trouble', minute: protocol.minutes(), text, fatal });
			if (fatal) ended.abort();
		};
		try {
			await soak(kiosk, streams, options, protocol, signal);
		} catch (error) {
			// Aborted means Ctrl-C, or an end of the page that is already recorded.
			if (!signal.aborted) {
				protocol.add({ type: 'trouble', minute: protocol.minutes(), text: messageOf(error), fatal: true });
			}
		}
		return protocol.end();
	} catch (error) {
		throw signal.aborted ? new Error('Ended before the kiosk was running: nothing was measured.') : error;
	} finally {
		await kiosk?.close().catch(() => undefined);
		site?.stop();
		streams?.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

function tour(options: SoakOptions): Promise<boolean> {
	const ended = new AbortController();
	for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ended.abort());
	return runTour(options, ended.signal);
}

function readOptions(): SoakOptions | null {
	try {
		return parseSoakOptions(process.argv.slice(2));
	} catch (error) {
		console.error(`${messageOf(error)}\n\n${SOAK_USAGE}`);
		return null;
	}
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

const options = readOptions();
process.exitCode = 1;
if (options?.help === true) {
	console.log(SOAK_USAGE);
	process.exitCode = 0;
} else if (options !== null) {
	try {
		process.exitCode = (await (options.transports ? tour(options) : run(options))) ? 0 : 1;
	} catch (error) {
		console.error(messageOf(error));
	}
}
