/** How often each thing went wrong, counted across reloads and restarts of the browser. */
import { INCIDENTS, type Incident } from './supervise';

const STORAGE_KEY = 'mien.kiosk.incidents';
const keyOf = (camera: string): string => (camera === '' ? STORAGE_KEY : `${STORAGE_KEY} ${camera}`);

export type Counts = Readonly<Partial<Record<Incident, number>>>;

export interface IncidentCounts {
	readonly counts: Counts;
	add(incident: Incident): void;
	clear(): void;
}

/** Counts from any stored value; anything that is not a count is dropped. */
export function parseCounts(value: unknown): Counts {
	if (typeof value !== 'object' || value === null) return {};
	const entries = new Map(Object.entries(value as Record<string, unknown>));
	const counts: Partial<Record<Incident, number>> = {};
	for (const incident of INCIDENTS) {
		const count = entries.get(incident);
		if (typeof count === 'number' && Number.isSafeInteger(count) && count > 0) counts[incident] = count;
	}
	return counts;
}

/** The stored counts; damaged data counts as none. */
export function readCounts(storage: Pick<Storage, 'getItem'>, camera = ''): Counts {
	try {
		return parseCounts(JSON.parse(storage.getItem(keyOf(camera)) ?? 'null'));
	} catch {
		return {};
	}
}

/** False if the browser could not store them. */
export function keepCounts(storage: Pick<Storage, 'setItem'>, counts: Counts, camera = ''): boolean {
	try {
		storage.setItem(keyOf(camera), JSON.stringify(counts));
		return true;
	} catch {
		return false;
	}
}
