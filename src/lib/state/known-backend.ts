/** Which back end ran best in this browser, so that the next visit starts on it without a trial: src/first.js reads it. */
import type { BackendReport } from '../protocol';
import type { SettingsStorage } from './settings.svelte';

const STORAGE_KEY = 'mien.backend';
/** Machines change slowly: another graphics card, another driver. A browser that changed says so in its name. */
const KEEP_MS = 7 * 24 * 3_600_000;

interface Kept {
	readonly report: BackendReport;
	/** Of the browser that tried. */
	readonly agent: string;
	readonly untilMs: number;
}

/** Keeps what a trial found, unless it is known. `nowMs`: of the calendar. */
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

/** The one that is known failed: the next visit tries all again. */
export function forgetBackend(storage: Pick<Storage, 'removeItem'>): void {
	try {
		storage.removeItem(STORAGE_KEY);
	} catch {
		// Then nothing was kept either.
	}
}
