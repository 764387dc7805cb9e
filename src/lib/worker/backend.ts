/** Which back end runs the models: tried at start on a frame's worth of work, each only as long as it is worth. */
import { AppError, toAppError } from '../errors';
import type { BackendName, BackendReport, BackendTrial } from '../protocol';

/** Best first on a machine that has them all. */
const ORDER: readonly BackendName[] = ['webgpu', 'webgl', 'wasm', 'cpu'];

/** A back end that does a frame's work in this time leaves nothing to gain: a camera gives a frame every 33 ms. */
const FAST_MS = 10;

/** A GPU that is not ready by then costs more at start than it can win back: the first face must not wait for it. */
const GPU_LIMIT_MS = 600;

/**
 * Threads that take this long mostly wait for each other, because other programs have the cores: seen here, 3 to 5
 * times slower than one thread.
 */
const BUSY_MS = 40;

/** WASM threads that cannot start (blocked by a policy) would be waited for without end. */
const OTHER_LIMIT_MS = 10_000;

/** What the choice needs of its surroundings: the browser's is in backend-host.ts, tests give their own. */
export interface BackendHost {
	/** Why this back end is out of the question, or null. Cheap: loads no back end. */
	ruleOut(name: BackendName): Promise<string | null>;
	/** Fetches what a slow line may take longer for than a trial may. Throws AppError where it does not come. */
	fetch(name: BackendName): Promise<void>;
	/**
	 * Loads a back end, with at most so many threads, and makes it the current one, after those asked for before. Throws
	 * where that fails, or the reason of `signal` where that aborts before it became current.
	 */
	use(name: BackendName, options?: { readonly mostThreads?: number; readonly signal?: AbortSignal }): Promise<void>;
	/** Milliseconds of a frame's work on the current back end, warmed up. Gives up where `signal` aborts. */
	measure(signal: AbortSignal): Promise<number>;
	/** Frees a back end that was used and is not taken. */
	release(name: BackendName): void;
	/** Threads of the current back end. */
	threads(): number;
}

/**
 * Makes one back end current, and says which, why, and why not the others. `wanted` other than 'auto' is taken
 * without a look at the others; so is that of an earlier report on this machine (`known`, as a page kept it), where it
 * still runs. Throws AppError 'backend-unavailable' where none runs, and where the files of the best did not come and
 * nothing but the slowest is left, what was wrong with them.
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
	// WASM may have been started without a trial.
	for (const { name, ms } of trials) if (name !== chosen && (ms !== null || name === 'wasm')) host.release(name);
	return { chosen, reason: reasonFor(best, trials), trials, threads: host.threads() };
}

/** Whether this is what `chooseBackend` gave once: it comes from where pages keep things. */
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
	/** Null where there was nothing to compare it with. */
	readonly ms: number | null;
}

async function forceBackend(name: BackendName, host: BackendHost): Promise<BackendReport> {
	const trials: BackendTrial[] = ORDER.map((other) => {
		const note = other === name ? 'asked for' : `not tried: ${name} was asked for`;
		return { name: other, ms: null, note };
	});
	try {
		// A GPU is not measured: there is nothing to choose, and in software a trial takes a minute.
		if (isGpu(name)) await host.use(name);
		else await useAndMeasure(name, host, false, new AbortController().signal);
	} catch (error) {
		if (error instanceof AppError) throw error;
		throw new AppError('backend-unavailable', `${name}: ${messageOf(error)}`, error);
	}
	return { chosen: name, reason: 'Asked for.', trials, threads: host.threads() };
}

/**
 * Milliseconds of a frame's work, with one thread where more turn out slower; null where nothing depends on it, as the
 * first result would wait for it.
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
	// What a failed attempt holds is freed when it ends; one that ran out of time may still be under way.
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
