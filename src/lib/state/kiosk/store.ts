/** The kiosk's log in IndexedDB: a record a minute, in this browser alone. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { addMinutes, type MinuteRecord } from './minutes';

interface LogSchema extends DBSchema {
	minutes: { key: number; value: MinuteRecord };
}

const NAME = 'mien-kiosk';
/** Whatever the retention says: 60 days. A record takes about half a kilobyte. */
const MOST_RECORDS = 86_400;

export class LogStore {
	#database: Promise<IDBPDatabase<LogSchema>> | null = null;

	/** Adds a record to what is there of its minute. */
	async add(record: MinuteRecord): Promise<void> {
		const transaction = (await this.#open()).transaction('minutes', 'readwrite');
		const before = await transaction.store.get(record.minute);
		await transaction.store.put(before === undefined ? record : addMinutes(before, record));
		await transaction.done;
	}

	/** Records that begin at `fromMs` or later, oldest first. */
	async read(fromMs: number): Promise<MinuteRecord[]> {
		return (await this.#open()).getAll('minutes', IDBKeyRange.lowerBound(fromMs));
	}

	/** Deletes what is older than `beforeMs`, and the oldest beyond 60 days' worth. */
	async prune(beforeMs: number): Promise<void> {
		const transaction = (await this.#open()).transaction('minutes', 'readwrite');
		await transaction.store.delete(IDBKeyRange.upperBound(beforeMs, true));
		let surplus = (await transaction.store.count()) - MOST_RECORDS;
		for (let cursor = await transaction.store.openCursor(); cursor !== null && surplus > 0; surplus--) {
			await cursor.delete();
			cursor = await cursor.continue();
		}
		await transaction.done;
	}

	async erase(): Promise<void> {
		await (await this.#open()).clear('minutes');
	}

	close(): void {
		void this.#database?.then(
			(database) => database.close(),
			() => undefined
		);
		this.#database = null;
	}

	#open(): Promise<IDBPDatabase<LogSchema>> {
		this.#database ??= openDB<LogSchema>(NAME, 1, {
			upgrade: (database) => void database.createObjectStore('minutes', { keyPath: 'minute' }),
			// Another page of this site with a newer version waits for this one.
			blocking: () => this.close(),
			terminated: () => (this.#database = null)
		}).catch((error: unknown) => {
			// The next call may fare better: a browser that starts refuses storage now and then.
			this.#database = null;
			throw error;
		});
		return this.#database;
	}
}
