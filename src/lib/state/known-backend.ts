/** Which back end ran best in this browser: the next visit starts on it without a trial. src/first.js reads it. */
import type { BackendReport } from '../protocol';
import type { SettingsStorage } from './settings.svelte';

const STORAGE_KEY = 'mien.backend';
/** Machines change slowly: another graphics card, another driver. A changed browser has another user agent. */
const KEEP_MS = 7 * 24 * 3_600_000;

interface Kept {
	readonly report: BackendReport;
	/** The user agent of the browser that ran the trial. */
	readonly agent: string;
	readonly untilMs: number;
}

/** Keeps what a trial found, unless it is known. `nowMs`: milliseconds since 1970. */
export function keepBackend(storage: SettingsStorage, report: BackendReport, agent: string, nowMs: number): void {
	try {
		const before = JSON.parse(storage.getItem(STORAGE_KEY) ?? 'null') as Partial<Kept> | null;
		const isKnown = before?.agent === agent && nowMs < (before.untilMs ?? 0);
		if (isKnown && before.report?.chosen === report.chosen) return;
		const kept: Kept = { report, agent, untilMs: nowMs + KEEP_MS };
		storage.setItem(STORAGE_KEY, JSON.stringify(kept));
	} catch {
		// The next visit tries again.
	}
}

/** For when the known one failed: the next visit tries all again. */
export function forgetBackend(storage: Pick<Storage, 'removeItem'>): void {
	try {
		storage.removeItem(STORAGE_KEY);
	} catch {
		// Then nothing was kept either.
	}
}
