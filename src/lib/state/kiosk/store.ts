/** The kiosk's log in IndexedDB: a record per minute, only in this browser. */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPObjectStore } from 'idb';
import { readCameras } from './cameras';
import { addMinutes, type MinuteRecord } from './minutes';
import { isMinute, keepUnsent, readUnsent } from './unsent';

/** A stored record, with the names of its parts, so that each counts once however often it is added. */
interface Stored extends MinuteRecord {
	readonly parts?: readonly string[];
}

interface LogSchema extends DBSchema {
	minutes: { key: number; value: Stored };
}

const NAME = 'mien-kiosk';
/** Where `leave` keeps records; no broker's topic has this name. */
const LEFT = '#log';

const withCamera = (name: string, camera: string): string => (camera === '' ? name : `${name} ${camera}`);
/** A database that does not answer for this long is as good as dead; the next connection writes what waits. */
const ANSWER_LIMIT_MS = 20_000;
/**
 * Errors of a connection that is gone for good without notice: Safari drops databases of pages that were in the
 * background, and then fails every transaction, without `terminated` being called.
 */
const DEAD: ReadonlySet<string> = new Set(['InvalidStateError', 'UnknownError', 'AbortError', 'TimeoutError']);
/** Limit regardless of the retention. A record takes about half a kilobyte. */
const MOST_DAYS = 60;
const DAY_MS = 86_400_000;
const MOST_RECORDS = MOST_DAYS * 1440;
/** Each of these pieces has the whole time limit: all of a long log may take longer on a small computer. */
const READ_AT_ONCE = 5000;

export class LogStore {
	#database: Promise<IDBPDatabase<LogSchema>> | null = null;
	readonly #storage: Storage;
	/** The part names of records that are not stored yet. */
	readonly #parts = new WeakMap<MinuteRecord, string>();
	readonly #name: string;
	readonly #left: string;

	/** `storage`: for what `leave` keeps. Each named camera has its own log. */
	constructor(storage: Storage, camera = '') {
		this.#storage = storage;
		this.#name = withCamera(NAME, camera);
		this.#left = withCamera(LEFT, camera);
	}

	/**
	 * Keeps records at once as the page goes away, when a database would not finish in time. The next call takes them
	 * in; records that the database was already writing still count once.
	 */
	leave(records: readonly MinuteRecord[]): void {
		const named = records.map((record) => ({ ...record, part: this.#partOf(record) }));
		keepUnsent(this.#storage, this.#left, [...readUnsent(this.#storage, this.#left), ...named]);
	}

	/** Adds a record to what is stored for its minute; adding it again changes nothing. */
	async add(record: MinuteRecord): Promise<void> {
		await this.#takeIn();
		await this.#add(record, this.#partOf(record));
	}

	#partOf(record: MinuteRecord): string {
		const part = this.#parts.get(record) ?? leftPart(record) ?? Math.random().toString(36).slice(2);
		this.#parts.set(record, part);
		return part;
	}

	/** Stores what `leave` kept. Each record is kept until it is stored: this page may go away at any moment, too. */
	async #takeIn(): Promise<void> {
		for (const record of readUnsent(this.#storage, this.#left)) {
			const part = this.#partOf(record);
			await this.#add(record, part);
			const others = readUnsent(this.#storage, this.#left).filter((each) =>
				leftPart(each) === null ? each.minute !== record.minute : leftPart(each) !== part
			);
			keepUnsent(this.#storage, this.#left, others);
		}
	}

	async #add(record: MinuteRecord, part: string): Promise<void> {
		await this.#use(async (database) => {
			const { store, done } = database.transaction('minutes', 'readwrite');
			// Both settle at the end: the first to fail reports the error, and the other must not be left unhandled.
			await Promise.all([done, putSum(store, record, part)]);
		});
	}

	/** Records that begin at `fromMs` or later, oldest first. */
	async read(fromMs: number): Promise<MinuteRecord[]> {
		await this.#takeIn();
		const records: MinuteRecord[] = [];
		let rest = IDBKeyRange.lowerBound(fromMs);
		for (;;) {
			const piece = await this.#use((database) => database.getAll('minutes', rest, READ_AT_ONCE));
			for (const record of piece) if (isMinute(record)) records.push(record);
			const last = piece.at(-1);
			if (last === undefined || piece.length < READ_AT_ONCE) return records;
			rest = IDBKeyRange.lowerBound(last.minute, true);
		}
	}

	/** Deletes what is older than `beforeMs`, and the oldest beyond 60 days' worth. */
	async prune(beforeMs: number): Promise<void> {
		await this.#use(async (database) => {
			const transaction = database.transaction('minutes', 'readwrite');
			await transaction.store.delete(IDBKeyRange.upperBound(beforeMs, true));
			let surplus = (await transaction.store.count()) - MOST_RECORDS;
			for (let cursor = await transaction.store.openCursor(); cursor !== null && surplus > 0; surplus--) {
				await cursor.delete();
				cursor = await cursor.continue();
			}
			await transaction.done;
		});
	}

	async erase(): Promise<void> {
		await this.#use((database) => database.clear('minutes'));
	}

	close(): void {
		void this.#database?.then(
			(database) => database.close(),
			() => undefined
		);
		this.#database = null;
	}

	/** Runs `task`, and again with a new connection if the current one turns out to be dead. */
	async #use<T>(task: (database: IDBPDatabase<LogSchema>) => Promise<T>): Promise<T> {
		const isFresh = this.#database === null;
		try {
			return await inTime(this.#open().then(task));
		} catch (thrown) {
			if (!(thrown instanceof DOMException && DEAD.has(thrown.name))) throw thrown;
			this.close();
			if (isFresh || thrown.name === 'TimeoutError') throw thrown;
			return inTime(this.#open().then(task));
		}
	}

	#open(): Promise<IDBPDatabase<LogSchema>> {
		this.#database ??= this.#connect().catch((error: unknown) => {
			// The next call may succeed: a browser that is starting sometimes refuses storage.
			this.#database = null;
			throw error;
		});
		return this.#database;
	}

	/** Opens the existing version, which a newer build may have left; the next one if it has no record store yet. */
	async #connect(): Promise<IDBPDatabase<LogSchema>> {
		const open = (version?: number) =>
			openDB<LogSchema>(this.#name, version, {
				upgrade: (database) => {
					if (!database.objectStoreNames.contains('minutes'))
						database.createObjectStore('minutes', { keyPath: 'minute' });
				},
				// Another page of this site waits to open a newer version.
				blocking: () => this.close(),
				terminated: () => (this.#database = null)
			});
		const database = await open();
		if (database.objectStoreNames.contains('minutes')) return database;
		database.close();
		return open(database.version + 1);
	}
}

/**
 * Deletes what no kiosk keeps any more from all logs of this browser: nobody else prunes that of a camera that was
 * renamed or removed, or of a kiosk that logs no more.
 */
export async function pruneAll(storage: Storage, wallMs: number): Promise<void> {
	for (const camera of ['', ...readCameras(storage)]) {
		const store = new LogStore(storage, camera);
		await store.prune(wallMs - MOST_DAYS * DAY_MS).catch((error: unknown) => {
			console.warn('An old log could not be pruned.', error);
		});
		store.close();
	}
}

async function putSum(
	store: IDBPObjectStore<LogSchema, ['minutes'], 'minutes', 'readwrite'>,
	record: MinuteRecord,
	part: string
): Promise<void> {
	const before = await store.get(record.minute);
	const isWhole = isMinute(before);
	const parts = (isWhole ? before.parts : undefined) ?? [];
	if (parts.includes(part)) return;
	const sum = isWhole ? addMinutes(before, record) : record;
	await store.put({ ...sum, parts: [...parts, part] });
}

/** The part name under which `leave` kept a record; null if it has none. */
function leftPart(record: MinuteRecord): string | null {
	const { part } = record as { part?: unknown };
	return typeof part === 'string' ? part : null;
}

/** Rejects with a TimeoutError if the database does not answer. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const limit = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new DOMException('the database does not answer', 'TimeoutError')), ANSWER_LIMIT_MS);
	});
	try {
		return await Promise.race([answer, limit]);
	} finally {
		clearTimeout(timer);
	}
}
