/**
 * Keeps a kiosk running with nobody at the keyboard: a reducer over what is observed a few times a second. It
 * watches frames and states rather than events, as streams freeze and computers sleep without any event.
 */
import type { ErrorCode } from '../../errors';

export const INCIDENTS = [
	'source-away',
	'source-lost',
	'source-frozen',
	'worker-restarted',
	'gpu-lost',
	'engine-failed',
	'asleep',
	'memory'
] as const;
export type Incident = (typeof INCIDENTS)[number];

/** What is seen at one moment. */
export interface Observation {
	/** Milliseconds of a steady clock, and of the wall clock: the former may stand still while the computer sleeps. */
	readonly nowMs: number;
	readonly wallMs: number;
	readonly source: 'none' | 'opening' | 'open' | 'failed';
	/** Why the source failed. */
	readonly error: ErrorCode | null;
	/** 'failed' if no model can run and none is being started. */
	readonly engine: 'up' | 'failed';
	/** The failure that the analysis is recovering from, if any. */
	readonly recovering: ErrorCode | null;
	/** Number of results of the analysis. */
	readonly results: number;
	readonly visible: boolean;
	/** How long the source itself waits for a picture before it reports failure. */
	readonly patienceMs: number;
	/** Null if the browser does not tell. */
	readonly heapMb: number | null;
	/** 0..1, new each time: for the jitter. */
	readonly random: number;
}

/** What to do now. */
export type Action = 'none' | 'open-source' | 'load-engine' | 'reload-page';

export interface Limits {
	readonly memoryMb: number;
	/** When the page was last reloaded on purpose, by the steady clock; -Infinity for never. */
	readonly reloadedMs: number;
}

type Part = { readonly kind: 'good' } | { readonly kind: 'waiting'; readonly attempt: number; readonly dueMs: number };

export interface Watch {
	readonly source: Part;
	readonly engine: Part;
	/** Consecutive tries that did not lead to a result. */
	readonly sourceAttempts: number;
	readonly engineAttempts: number;
	/** Consecutive times that results stayed away without a reason. */
	readonly silences: number;
	readonly everRan: boolean;
	readonly recovering: ErrorCode | null;
	/** Since when it is recovering; meaningless while it is not. */
	readonly recoveringSinceMs: number;
	readonly results: number;
	/** When the last result came, or the last time that none was expected. */
	readonly aliveMs: number;
	readonly last: Pick<Observation, 'nowMs' | 'wallMs' | 'visible'> | null;
}

const GOOD: Part = { kind: 'good' };

export const UNWATCHED: Watch = {
	source: GOOD,
	engine: GOOD,
	sourceAttempts: 0,
	engineAttempts: 0,
	silences: 0,
	everRan: false,
	recovering: null,
	recoveringSinceMs: 0,
	results: 0,
	aliveMs: 0,
	last: null
};

/** The longest delay lets work resume within five seconds of the source's return, with time left to connect. */
const RETRY_MS = { first: 500, greatest: 3000 };
/** A visible page is observed several times a second; a gap longer than this means that the computer slept. */
const SLEPT_MS = 15_000;
/** No results for this long, with the page visible and no failure reported: the source or the analysis hangs. */
const SILENT_MS = 45_000;
/** A slow source is given its own time, plus this. */
const SILENT_MORE_MS = 15_000;
/** A worker that is not back after this long may never return, such as when a new build has removed its file. */
const RECOVERY_MS = 120_000;
/** Starts of the analysis that fail before the page itself is suspected. */
const ENGINE_STARTS = 4;
const RELOAD_EVERY_MS = 10 * 60_000;

/** Milliseconds to wait before try number `attempt` (1 and up): doubling, capped, the upper half of it random. */
export function retryDelayMs(attempt: number, random: number): number {
	const full = Math.min(RETRY_MS.greatest, RETRY_MS.first * 2 ** (attempt - 1));
	return full * (0.5 + 0.5 * random);
}

/** The watch after an observation, what to do now, and what happened since the previous one. */
export function supervise(
	before: Watch,
	seen: Observation,
	limits: Limits
): { watch: Watch; action: Action; incidents: readonly Incident[] } {
	const { nowMs } = seen;
	const incidents: Incident[] = [];
	const mayReload = nowMs - limits.reloadedMs > RELOAD_EVERY_MS;
	const hasResult = seen.results !== before.results;
	const gapMs = before.last === null ? 0 : Math.max(nowMs - before.last.nowMs, seen.wallMs - before.last.wallMs);
	const slept = before.last?.visible === true && seen.visible && gapMs > SLEPT_MS;
	// A source reports it if it cannot be opened; one that says nothing at all hangs, as a camera's driver may.
	const isWaited = seen.source === 'none' || seen.source === 'failed';
	const recoveringSinceMs = seen.recovering === before.recovering ? before.recoveringSinceMs : nowMs;
	const isRecovering = seen.recovering !== null && nowMs - recoveringSinceMs < RECOVERY_MS;
	const isQuiet = isWaited || !seen.visible || seen.engine === 'failed' || isRecovering;
	let watch: Watch = {
		...before,
		results: seen.results,
		everRan: before.everRan || hasResult,
		sourceAttempts: hasResult ? 0 : before.sourceAttempts,
		engineAttempts: hasResult ? 0 : before.engineAttempts,
		silences: hasResult ? 0 : before.silences,
		aliveMs: hasResult || isQuiet || slept || before.last === null ? nowMs : before.aliveMs,
		recovering: seen.recovering,
		recoveringSinceMs,
		last: { nowMs, wallMs: seen.wallMs, visible: seen.visible }
	};
	if (seen.recovering !== null && before.recovering === null) {
		incidents.push(seen.recovering === 'gpu-lost' ? 'gpu-lost' : 'worker-restarted');
	}

	let action: Action = 'none';
	const engine = decide(before.engine, seen.engine === 'failed', watch.engineAttempts, seen);
	if (engine.isNew && watch.engineAttempts === 0) incidents.push('engine-failed');
	watch = { ...watch, engine: engine.part, engineAttempts: engine.attempts };
	if (engine.isDue) action = watch.engineAttempts >= ENGINE_STARTS && mayReload ? 'reload-page' : 'load-engine';

	const source = decide(before.source, seen.source === 'failed', watch.sourceAttempts, seen);
	if (source.isNew && watch.sourceAttempts === 0) incidents.push(sourceIncident(seen.error, before.everRan));
	watch = { ...watch, source: source.part, sourceAttempts: source.attempts };
	if (source.isDue && action === 'none') action = 'open-source';

	if (slept) {
		incidents.push('asleep');
		// Connections do not survive sleep, and do not always notice.
		if (action === 'none' && seen.source === 'open') action = 'open-source';
	}
	const silentMs = Math.max(SILENT_MS, seen.patienceMs + SILENT_MORE_MS);
	if (nowMs - watch.aliveMs > silentMs && action === 'none') {
		if (seen.source === 'opening') {
			action = 'open-source';
			// A permission prompt that nobody answers looks the same, so it is reported only once.
			if (watch.silences === 0) incidents.push(sourceIncident(null, before.everRan));
		} else {
			// Reopening the source did not help: the analysis itself may fail in every frame.
			action = watch.silences > 0 && mayReload ? 'reload-page' : 'open-source';
			incidents.push(action === 'reload-page' ? 'engine-failed' : 'source-frozen');
		}
		watch = { ...watch, aliveMs: nowMs, silences: watch.silences + 1 };
	}
	if (seen.heapMb !== null && seen.heapMb > limits.memoryMb && mayReload) {
		incidents.push('memory');
		action = 'reload-page';
	}
	return { watch, action, incidents };
}

/** A part that failed waits until its next try is due; one that is well, or being tried, is left alone. */
function decide(
	before: Part,
	failed: boolean,
	attempts: number,
	{ nowMs, random }: Observation
): { part: Part; attempts: number; isNew: boolean; isDue: boolean } {
	if (!failed) return { part: GOOD, attempts, isNew: false, isDue: false };
	if (before.kind === 'good') {
		const attempt = attempts + 1;
		const part: Part = { kind: 'waiting', attempt, dueMs: nowMs + retryDelayMs(attempt, random) };
		return { part, attempts, isNew: true, isDue: false };
	}
	if (nowMs < before.dueMs) return { part: before, attempts, isNew: false, isDue: false };
	return { part: GOOD, attempts: before.attempt, isNew: false, isDue: true };
}

function sourceIncident(error: ErrorCode | null, everRan: boolean): Incident {
	if (error === 'stream-frozen') return 'source-frozen';
	return everRan ? 'source-lost' : 'source-away';
}
