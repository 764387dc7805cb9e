/** `npm run soak`: the built kiosk for an hour or a night, with a fault every minute. See soak-options.ts. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { provideChromium } from '../chromium';
import { clipFrames } from '../e2e/clip';
import { startStreams } from '../e2e/streams';
import { serveSite, type Site } from '../server';
import { median } from './figures';
import { SoakedKiosk, type Seen } from './soak-kiosk';
import { parseSoakOptions, SOAK_USAGE, type SoakOptions } from './soak-options';
import { type Fault, planFaults, steadySince } from './soak-plan';
import { judge, outcomeLine, sampleLine, type SoakRecord, summarise } from './soak-summary';

const BUILT = 'build';
const RESULTS = '.cache/soak';
/** What the server of the site reads beside the build. */
const SERVED_WITH = ['package.json', 'tsconfig.json'];

const MINUTE_MS = 60_000;
/** Between the look at a minute's end and the next fault. */
const LEAD_MS = 5000;
const POLL_MS = 250;
const START_LIMIT_MS = 300_000;
/** A kiosk that takes longer did not come back. */
const RECOVERY_LIMIT_MS = 120_000;
/** Results that stay away longer than this are an interruption: so long, or so many times as long as they usually do. */
const INTERRUPTED = { leastMs: 2000, times: 10 };

/** The build in a folder of its own, so that a later build does not change what is served. */
function copyBuild(folder: string): void {
	if (!existsSync(join(BUILT, 'kiosk.html'))) {
		console.log('There is no build yet; building.');
		const { status } = spawnSync('vite', ['build', '--logLevel', 'warn'], {
			stdio: 'inherit',
			shell: process.platform === 'win32'
		});
		if (status !== 0) throw new Error('The site could not be built: run `npm run build` and mend what it says.');
	}
	console.log(`Build of ${statSync(join(BUILT, 'kiosk.html')).mtime.toISOString()}`);
	cpSync(BUILT, join(folder, BUILT), { recursive: true });
	for (const file of SERVED_WITH) cpSync(file, join(folder, file));
	symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
}

/** Writes down what happens, in a file and on the console. */
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

	/** True where the run passed. */
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

/**
 * Milliseconds until faces are found steadily again after `sinceMs`, by another worker than those before if `byAnother`;
 * null where that takes too long.
 */
async function waitForFaces(
	kiosk: SoakedKiosk,
	sinceMs: number,
	{ before, byAnother, limitMs, signal }: { before: Seen; byAnother: boolean; limitMs: number; signal: AbortSignal }
): Promise<number | null> {
	const gaps = before.faces.map(({ ms }, index) => ms - (before.faces[index - 1]?.ms ?? ms)).slice(1);
	const longestGapMs = Math.max(INTERRUPTED.leastMs, gaps.length === 0 ? 0 : INTERRUPTED.times * median(gaps));
	while (Date.now() - sinceMs < limitMs) {
		const { faces, timeOrigin } = await kiosk.see();
		const known = byAnother && timeOrigin === before.timeOrigin ? before.workers : 0;
		const times = faces.filter(({ worker }) => worker > known).map(({ ms }) => ms);
		const backMs = steadySince(times, sinceMs, longestGapMs);
		if (backMs !== null) return backMs - sinceMs;
		await sleep(POLL_MS, undefined, { signal });
	}
	return null;
}

async function bringFault(kiosk: SoakedKiosk, { kind, heldS }: Fault, signal: AbortSignal): Promise<number | null> {
	const before = await kiosk.see();
	let sinceMs = Date.now();
	const takeBack = await kiosk.bring(kind);
	try {
		await sleep(1000 * heldS, undefined, { signal });
	} finally {
		if (heldS > 0) sinceMs = Date.now();
		await takeBack();
	}
	const byAnother = kind === 'worker-dies' || kind === 'worker-stuck';
	return waitForFaces(kiosk, sinceMs, { before, byAnother, limitMs: RECOVERY_LIMIT_MS, signal });
}

/** A fault and a look in each minute, until the time is over or `signal` aborts. */
async function soak(kiosk: SoakedKiosk, options: SoakOptions, protocol: Protocol, signal: AbortSignal): Promise<void> {
	const kinds = options.kinds.filter((kind) => process.platform !== 'win32' || kind !== 'page-stopped');
	for (const fault of planFaults(options.seed, options.minutes, kinds)) {
		const endMs = Date.now() + MINUTE_MS;
		await sleep(LEAD_MS, undefined, { signal });
		const minute = protocol.minutes();
		const recoveredMs = await bringFault(kiosk, fault, signal);
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
	let streams: Awaited<ReturnType<typeof startStreams>> | null = null;
	let site: Site | null = null;
	let kiosk: SoakedKiosk | null = null;
	try {
		const executable = provideChromium();
		copyBuild(folder);
		streams = await startStreams(await clipFrames(), folder);
		site = await serveSite([`--proxy=/streams=${streams.address}`], folder);
		kiosk = await SoakedKiosk.open(executable, site.origin, streams);
		const sinceMs = Date.now();
		const before = await kiosk.see();
		if ((await waitForFaces(kiosk, sinceMs, { before, byAnother: false, limitMs: START_LIMIT_MS, signal })) === null) {
			throw new Error(
				`The kiosk found no face within ${START_LIMIT_MS / 1000} s. See whether \`npm test\` passes, and what else keeps this machine busy.`
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
			await soak(kiosk, options, protocol, signal);
		} catch (error) {
			// Ctrl-C, or an end of the page that is written down already.
			if (!signal.aborted) {
				protocol.add({ type: 'trouble', minute: protocol.minutes(), text: messageOf(error), fatal: true });
			}
		}
		return protocol.end();
	} catch (error) {
		throw signal.aborted ? new Error('Ended before the kiosk ran: nothing was measured.') : error;
	} finally {
		await kiosk?.close().catch(() => undefined);
		site?.stop();
		streams?.stop();
		rmSync(folder, { recursive: true, force: true });
	}
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
		process.exitCode = (await run(options)) ? 0 : 1;
	} catch (error) {
		console.error(messageOf(error));
	}
}
