/** What was read of films, in IndexedDB: only in this browser, numbers and no pictures, until it is erased. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { FilmRecord } from './record';
import type { FilmChunk } from './table';

interface FilmSchema extends DBSchema {
	films: { key: string; value: FilmRecord };
	chunks: { key: [film: string, number: number]; value: FilmChunk };
}

const NAME = 'mien-film';

export class FilmStore {
	#database: Promise<IDBPDatabase<FilmSchema>> | null = null;

	/** All stored films, latest first. */
	async list(): Promise<FilmRecord[]> {
		const films = await (await this.#open()).getAll('films');
		return films.sort((a, b) => b.updatedMs - a.updatedMs);
	}

	/**
	 * Stores a film, and its next chunk if there is one: both or neither. Rejects if what is there is not what this
	 * page left, the same reading with `chunks` chunks: another tab stores the film, or has erased it.
	 */
	async put(
		record: FilmRecord,
		chunk: { readonly number: number; readonly data: FilmChunk } | null,
		chunks: number
	): Promise<void> {
		const transaction = (await this.#open()).transaction(['films', 'chunks'], 'readwrite');
		const films = transaction.objectStore('films');
		const there = await films.get(record.key);
		const isOurs =
			there === undefined ? chunks === 0 : there.chunks === chunks && there.reading.beganMs === record.reading.beganMs;
		if (!isOurs) {
			transaction.abort();
			await transaction.done.catch(() => undefined);
			throw new Error('another tab keeps this film');
		}
		await films.put(record, record.key);
		if (chunk !== null) await transaction.objectStore('chunks').put(chunk.data, [record.key, chunk.number]);
		await transaction.done;
	}

	/** The chunks of a film, in order. */
	async chunks(key: string): Promise<FilmChunk[]> {
		return (await this.#open()).getAll('chunks', chunksOf(key));
	}

	async erase(key: string): Promise<void> {
		const transaction = (await this.#open()).transaction(['films', 'chunks'], 'readwrite');
		await transaction.objectStore('films').delete(key);
		await transaction.objectStore('chunks').delete(chunksOf(key));
		await transaction.done;
	}

	async eraseAll(): Promise<void> {
		const transaction = (await this.#open()).transaction(['films', 'chunks'], 'readwrite');
		await transaction.objectStore('films').clear();
		await transaction.objectStore('chunks').clear();
		await transaction.done;
	}

	#open(): Promise<IDBPDatabase<FilmSchema>> {
		this.#database ??= openDB<FilmSchema>(NAME, 1, {
			upgrade: (database) => {
				database.createObjectStore('films');
				database.createObjectStore('chunks');
			},
			terminated: () => (this.#database = null)
		}).catch((error: unknown) => {
			// The next call may succeed: a browser that is starting sometimes refuses storage.
			this.#database = null;
			throw error;
		});
		return this.#database;
	}
}

function chunksOf(key: string): IDBKeyRange {
	return IDBKeyRange.bound([key, 0], [key, Infinity]);
}
