import { type Counts, type IncidentCounts, keepCounts, readCounts } from './incidents';
import type { Incident } from './supervise';

/** The counts of this browser, as state. */
export class StoredIncidents implements IncidentCounts {
	counts: Counts = $state.raw({});
	readonly #storage: Storage;
	readonly #camera: string;

	/** `camera`: its id; empty for a kiosk with a single unnamed camera. */
	constructor(storage: Storage, camera = '') {
		this.#storage = storage;
		this.#camera = camera;
		this.counts = readCounts(storage, camera);
	}

	add(incident: Incident): void {
		this.counts = { ...this.counts, [incident]: (this.counts[incident] ?? 0) + 1 };
		keepCounts(this.#storage, this.counts, this.#camera);
	}

	clear(): void {
		this.counts = {};
		keepCounts(this.#storage, this.counts, this.#camera);
	}
}
