/** Chooses the back end that runs the models: each is tried at start on a frame's worth of work, for a limited time. */
import { AppError, toAppError } from '../errors';
import type { BackendName, BackendReport, BackendTrial } from '../protocol';

/** Best first on a machine that has them all. */
const ORDER: readonly BackendName[] = ['webgpu', 'webgl', 'wasm', 'cpu'];

/** A back end that does a frame's work in this time leaves nothing to gain: a camera sends a frame every 33 ms. */
const FAST_MS = 10;

/** A GPU that is not ready by then costs more at start than it can gain: the first face must not wait for it. */
const GPU_LIMIT_MS = 600;

/**
 * Threads that take this long mostly wait for each other, because other programs use the cores: they were measured to
 * be 3 to 5 times slower than one thread.
 */
const BUSY_MS = 40;

/** Without a limit, WASM threads that cannot start (blocked by a policy) would be awaited forever. */
const OTHER_LIMIT_MS = 10_000;

/** What the choice needs from its environment: the browser's is in backend-host.ts, tests pass their own. */
export interface BackendHost {
	/** Why this back end is out of the question, or null. Cheap: loads no back end. */
	ruleOut(name: BackendName): Promise<string | null>;
	/** Fetches files that may take longer than a trial on a slow connection. Throws AppError if that fails. */
	fetch(name: BackendName): Promise<void>;
	/**
	 * Loads a back end, with at most so many threads, and makes it the current one, after any requested earlier. Throws
	 * if that fails, or the reason of `signal` if that aborts before it became current.
	 */
	use(name: BackendName, options?: { readonly mostThreads?: number; readonly signal?: AbortSignal }): Promise<void>;
	/** Milliseconds for a frame's work on the current back end, warmed up. Gives up if `signal` aborts. */
	measure(signal: AbortSignal): Promise<number>;
	/** Frees a back end that was used but not chosen. */
	release(name: BackendName): void;
	/** Threads of the current back end. */
	threads(): number;
}

/**
 * Makes one back end current, and says which, why, and why not the others. If `wanted` is not 'auto', it is used
 * without trying the others; so is that of an earlier report on this machine (`known`, as kept by a page), if it still
 * runs. Throws AppError 'backend-unavailable' if none runs. If files of a back end cannot be loaded and no better one
 * runs, throws that error.
 */
export async function chooseBackend(
	wanted: BackendName | 'auto',
	host: BackendHost,
	known: unknown = null
): Promise<BackendReport> {
	if (wanted !== 'auto') return forceBackend(wanted, host);
	if (isReport(known) && (await runsAgain(known, host))) return { ...known, threads: host.threads() };
	const trials: BackendTrial[] = [];
	let best: Measured | null = null;
	let current: BackendName | null = null;
	for (const name of ORDER) {
		const note: string | null = notWorthTrying(name, best) ?? (await host.ruleOut(name));
		if (note !== null) {
			trials.push({ name, ms: null, note });
			continue;
		}
		const compared = isGpu(name) || best !== null;
		const { trial, runs, lost } = await tryBackend(name, host, (signal) => useAndMeasure(name, host, compared, signal));
		if (lost !== undefined && best === null) throw lost;
		trials.push(trial);
		current = name;
		if (runs && (best === null || (trial.ms ?? Infinity) < (best.ms ?? Infinity))) best = { name, ms: trial.ms };
	}
	if (best === null)
		throw new AppError('backend-unavailable', trials.map(({ name, note }) => `${name}: ${note}`).join('; '));
	const { name: chosen } = best;
	if (current !== chosen) await host.use(chosen);
	// WASM may have been started even without a trial.
	for (const { name, ms } of trials) if (name !== chosen && (ms !== null || name === 'wasm')) host.release(name);
	return { chosen, reason: reasonFor(best, trials), trials, threads: host.threads() };
}

/** Whether this is a report of `chooseBackend`: it comes from the page's storage. */
function isReport(value: unknown): value is BackendReport {
	if (typeof value !== 'object' || value === null) return false;
	const { chosen, reason, trials, threads } = value as Partial<Record<keyof BackendReport, unknown>>;
	return (
		ORDER.some((name) => name === chosen) &&
		typeof reason === 'string' &&
		Array.isArray(trials) &&
		Number.isInteger(threads)
	);
}

/** Makes the back end of an earlier report current, with as many threads, untried. */
async function runsAgain({ chosen, threads }: BackendReport, host: BackendHost): Promise<boolean> {
	const { runs, lost } = await tryBackend(chosen, host, async (signal) => {
		await host.use(chosen, { mostThreads: threads, signal });
		return null;
	});
	if (lost !== undefined) throw lost;
	return runs;
}

interface Measured {
	readonly name: BackendName;
	/** Null if there was nothing to compare it with. */
	readonly ms: number | null;
}

async function forceBackend(name: BackendName, host: BackendHost): Promise<BackendReport> {
	const trials: BackendTrial[] = ORDER.map((other) => {
		const note = other === name ? 'asked for' : `not tried: ${name} was asked for`;
		return { name: other, ms: null, note };
	});
	try {
		// A GPU is not measured: there is nothing to choose, and on a software GPU a trial takes a minute.
		if (isGpu(name)) await host.use(name);
		else await useAndMeasure(name, host, false, new AbortController().signal);
	} catch (error) {
		if (error instanceof AppError) throw error;
		throw new AppError('backend-unavailable', `${name}: ${messageOf(error)}`, error);
	}
	return { chosen: name, reason: 'Asked for.', trials, threads: host.threads() };
}

/**
 * Milliseconds for a frame's work, with one thread if more turn out slower; null if nothing depends on it, to avoid
 * delaying the first result.
 */
async function useAndMeasure(
	name: BackendName,
	host: BackendHost,
	compared: boolean,
	signal: AbortSignal
): Promise<number | null> {
	await host.use(name, { signal });
	if (!compared && host.threads() === 1) return null;
	const ms = await host.measure(signal);
	if (host.threads() === 1 || ms <= BUSY_MS) return ms;
	await host.use(name, { mostThreads: 1, signal });
	const singleMs = await host.measure(signal);
	if (singleMs <= ms) return singleMs;
	await host.use(name, { signal });
	return ms;
}

function notWorthTrying(name: BackendName, best: Measured | null): string | null {
	if (best === null) return null;
	if (name === 'webgl') return 'not tried: WebGPU reaches the same GPU';
	if (name === 'cpu') return 'not tried: always slower than WASM';
	return best.ms !== null && best.ms <= FAST_MS ? `not tried: ${best.name} leaves nothing to gain` : null;
}

async function tryBackend(
	name: BackendName,
	host: BackendHost,
	run: (signal: AbortSignal) => Promise<number | null>
): Promise<{ trial: BackendTrial; runs: boolean; lost?: AppError }> {
	try {
		await host.fetch(name);
	} catch (error) {
		const lost = toAppError(error, 'backend-unavailable');
		return { trial: { name, ms: null, note: `failed: ${lost.message}` }, runs: false, lost };
	}
	const limitMs = isGpu(name) ? GPU_LIMIT_MS : OTHER_LIMIT_MS;
	const outOfTime = new AbortController();
	const expired = new Promise<null>((resolve) => {
		outOfTime.signal.addEventListener('abort', () => {
			resolve(null);
		});
	});
	const timer = setTimeout(() => {
		outOfTime.abort();
	}, limitMs);
	const attempt = run(outOfTime.signal).then((ms) => ({ ms }));
	// A failed attempt is freed when it ends; one that ran out of time may still be running.
	const release = (): void => {
		host.release(name);
	};
	try {
		const done = await Promise.race([attempt, expired]);
		if (done !== null)
			return { trial: { name, ms: done.ms, note: done.ms === null ? 'nothing to compare with' : 'tried' }, runs: true };
		attempt.then(release, release);
		return { trial: { name, ms: null, note: `not ready within ${limitMs} ms` }, runs: false };
	} catch (error) {
		release();
		return { trial: { name, ms: null, note: `failed: ${messageOf(error)}` }, runs: false };
	} finally {
		clearTimeout(timer);
	}
}

function reasonFor(best: Measured, trials: readonly BackendTrial[]): string {
	if (best.ms === null) return 'The only one that runs well here.';
	const figure = `${best.ms.toFixed(1)} ms for a frame's work`;
	const other = trials.find(({ name, ms }) => ms !== null && name !== best.name);
	if (other !== undefined && other.ms !== null)
		return `The fastest: ${figure}, against ${other.ms.toFixed(1)} ms with ${other.name}.`;
	const untried = trials.some(({ note }) => note.endsWith('nothing to gain'));
	return untried ? `Fast enough: ${figure}.` : `The only one that runs well here: ${figure}.`;
}

function isGpu(name: BackendName): boolean {
	return name === 'webgpu' || name === 'webgl';
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
