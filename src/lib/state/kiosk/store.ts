/** The kiosk's log in IndexedDB: a record a minute, in this browser alone. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { addMinutes, type MinuteRecord } from './minutes';
import { keepUnsent, readUnsent } from './unsent';

interface LogSchema extends DBSchema {
	minutes: { key: number; value: MinuteRecord };
}

const NAME = 'mien-kiosk';
/** Where `leave` keeps records; no broker's topic is called so. */
const LEFT = '#log';
/** Whatever the retention says: 60 days. A record takes about half a kilobyte. */
const MOST_RECORDS = 86_400;

export class LogStore {
	#database: Promise<IDBPDatabase<LogSchema>> | null = null;
	readonly #storage: Storage;

	/** `storage`: for what `leave` keeps. */
	constructor(storage: Storage) {
		this.#storage = storage;
	}

	/**
	 * Keeps records at once, as the page goes away: a database would not be done in time. The next call takes them in.
	 */
	leave(records: readonly MinuteRecord[]): void {
		keepUnsent(this.#storage, LEFT, [...readUnsent(this.#storage, LEFT), ...records]);
	}

	/** Adds a record to what is there of its minute. */
	async add(record: MinuteRecord): Promise<void> {
		await this.#takeIn();
		await this.#add(record);
	}

	async #takeIn(): Promise<void> {
		const left = readUnsent(this.#storage, LEFT);
		if (left.length === 0) return;
		// Another page that asks meanwhile finds none.
		keepUnsent(this.#storage, LEFT, []);
		for (const [index, record] of left.entries()) {
			try {
				await this.#add(record);
			} catch (error) {
				this.leave(left.slice(index));
				throw error;
			}
		}
	}

	async #add(record: MinuteRecord): Promise<void> {
		const transaction = (await this.#open()).transaction('minutes', 'readwrite');
		const before = await transaction.store.get(record.minute);
		await transaction.store.put(before === undefined ? record : addMinutes(before, record));
		await transaction.done;
	}

	/** Records that begin at `fromMs` or later, oldest first. */
	async read(fromMs: number): Promise<MinuteRecord[]> {
		await this.#takeIn();
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
