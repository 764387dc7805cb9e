/** The kiosk's log while it runs: the current minute, and the store that it goes to. */
import {
	emptyMinute,
	logFrame,
	logIncident,
	type LoggedFrame,
	mergeMinutes,
	midnightOf,
	type MinuteRecord,
	NO_MINUTE,
	type OpenMinute,
	turnMinute
} from './minutes';
import type { LogStore } from './store';
import type { Incident } from './supervise';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Most records, one per minute, that are kept while they cannot be stored. */
const MOST_UNSTORED = 1440;
/** Longer than is shown: a clock that is wrong for some hours, and then set right, must not cost today's minutes. */
const RECENT_MS = 2 * DAY_MS;

export interface LogOptions {
	/** Null stores nothing. */
	readonly store: Pick<LogStore, 'add' | 'prune' | 'read' | 'leave'> | null;
	readonly keepDays: number;
	/** Gets each minute once it is over; in parts, to be summed, if the page was left or hidden during it. */
	readonly onRecord: (record: MinuteRecord) => void;
}

export class KioskLog {
	/** Completed minutes of the last hour, of today, and some from before or from a clock that was fast; oldest first. */
	recent: readonly MinuteRecord[] = $state.raw([]);
	/** Minutes that could not be stored at the last try, and wait for the next. */
	waiting = $state(0);
	#open: OpenMinute = NO_MINUTE;
	/** Oldest first. */
	#unstored: MinuteRecord[] = [];
	#isStoring = false;
	readonly #options: LogOptions;

	constructor(options: LogOptions) {
		this.#options = options;
	}

	/** Minutes of the day of `wallMs` up to then, by local time. */
	today(wallMs: number): readonly MinuteRecord[] {
		const midnightMs = midnightOf(wallMs);
		return this.recent.filter(({ minute }) => minute >= midnightMs && minute <= wallMs);
	}

	/** Reads what any page of this browser has stored for the last hour and for today. */
	async restore(wallMs: number): Promise<void> {
		const { store } = this.#options;
		if (store === null) return;
		try {
			const stored = await store.read(Math.min(wallMs - HOUR_MS, midnightOf(wallMs)));
			this.recent = mergeMinutes([...stored, ...this.#unstored]);
		} catch (error) {
			console.warn('The log could not be read.', error);
		}
	}

	/** Deletes records older than the days to keep. */
	async prune(wallMs: number): Promise<void> {
		const { store, keepDays } = this.#options;
		await store?.prune(wallMs - keepDays * DAY_MS).catch((error: unknown) => {
			console.warn('The log could not be pruned.', error);
		});
	}

	frame(frame: LoggedFrame): void {
		this.#take(logFrame(this.#open, frame));
	}

	incident(incident: Incident, wallMs: number): void {
		this.#take(logIncident(this.#open, incident, wallMs));
	}

	/** Call it regularly: minutes end even while no frames come. */
	tick(wallMs: number): void {
		this.#take(turnMinute(this.#open, wallMs));
	}

	/** Forgets what was counted and not yet stored, including the current minute. */
	forget(): void {
		this.recent = [];
		this.#unstored = [];
		this.waiting = 0;
		const { record } = this.#open;
		if (record !== null) this.#open = { ...this.#open, record: emptyMinute(record.minute) };
	}

	/** Stores the part of the current minute that has passed. */
	async flush(): Promise<void> {
		this.#closePart();
		await this.#store();
	}

	/** Like `flush`, for a page that goes away at once. */
	leave(): void {
		this.#closePart();
		this.#options.store?.leave(this.#unstored);
		this.#unstored = [];
	}

	#closePart(): void {
		const { record } = this.#open;
		if (record !== null) {
			// The minute goes on with the ids counted so far, so that no face counts twice.
			this.#open = { ...this.#open, record: emptyMinute(record.minute) };
			this.recent = mergeMinutes([...this.recent, record]);
			this.#unstored.push(record);
			this.#options.onRecord(record);
		}
	}

	#take({ open, done }: { open: OpenMinute; done: MinuteRecord | null }): void {
		this.#open = open;
		if (done === null) return;
		this.recent = mergeMinutes([...this.recent, done]).filter(({ minute }) => minute > done.minute - RECENT_MS);
		this.#unstored.push(done);
		this.#options.onRecord(done);
		void this.#store();
	}

	async #store(): Promise<void> {
		const { store } = this.#options;
		this.#unstored = store === null ? [] : this.#unstored.slice(-MOST_UNSTORED);
		if (store === null || this.#isStoring) return;
		this.#isStoring = true;
		try {
			for (let record = this.#unstored[0]; record !== undefined; record = this.#unstored[0]) {
				await store.add(record);
				// It may have been erased in the meantime.
				if (this.#unstored[0] === record) this.#unstored.shift();
				if (record.minute % HOUR_MS === 0) await this.prune(record.minute);
			}
		} catch (error) {
			// It stays in the queue: the next minute tries again.
			console.warn('The log could not be written.', error);
		} finally {
			this.#isStoring = false;
			this.waiting = this.#unstored.length;
		}
	}
}
