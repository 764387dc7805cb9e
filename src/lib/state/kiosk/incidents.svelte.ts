import { type Counts, type IncidentCounts, keepCounts, parseCounts, readCounts } from './incidents';
import { type Incident, INCIDENTS } from './supervise';

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

	/** Reads what the pages of this browser have counted since. */
	read(): void {
		this.counts = readCounts(this.#storage, this.#camera);
	}

	add(incident: Incident): void {
		// Another page may have counted, too; what could not be stored counts as well.
		const stored = readCounts(this.#storage, this.#camera);
		const before = (name: Incident): number => Math.max(stored[name] ?? 0, this.counts[name] ?? 0);
		const sums = INCIDENTS.map((name) => [name, before(name) + (name === incident ? 1 : 0)]);
		this.counts = parseCounts(Object.fromEntries(sums));
		keepCounts(this.#storage, this.counts, this.#camera);
	}

	clear(): void {
		this.counts = {};
		keepCounts(this.#storage, this.counts, this.#camera);
	}
}
