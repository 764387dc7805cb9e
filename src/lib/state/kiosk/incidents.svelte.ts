import { type Counts, type IncidentCounts, keepCounts, readCounts } from './incidents';
import type { Incident } from './supervise';

/** The counts of this browser, as state. */
export class StoredIncidents implements IncidentCounts {
	counts: Counts = $state.raw({});
	readonly #storage: Storage;

	constructor(storage: Storage) {
		this.#storage = storage;
		this.counts = readCounts(storage);
	}

	add(incident: Incident): void {
		this.counts = { ...this.counts, [incident]: (this.counts[incident] ?? 0) + 1 };
		keepCounts(this.#storage, this.counts);
	}

	clear(): void {
		this.counts = {};
		keepCounts(this.#storage, this.counts);
	}
}
