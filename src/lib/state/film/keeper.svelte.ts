/** Stores what is read of films in this browser as it is read, so that a closed tab loses only a few seconds of it. */
import type { FilmInfo } from '../../sources/film/film';
import type { FilmRecord, FileStamp, Notes, Reading, Ended } from './record';
import { FilmStore } from './store';
import type { FilmChunk, FilmTable } from './table';

/** How often what is new is stored; little more than this is lost. */
const KEEP_EVERY_MS = 4000;

/** What is stored of a film. */
export interface KeptFilm {
	readonly key: string;
	readonly stamp: FileStamp;
	readonly sha256: string | null;
	readonly info: FilmInfo | null;
	readonly reading: Reading | null;
	readonly notes: Notes;
	readonly table: FilmTable;
	readonly state: { readonly kind: string; readonly ended?: Exclude<Ended, null> };
}

export class Keeper {
	#records: readonly FilmRecord[] = $state.raw([]);
	/** Whether the browser refuses to store anything, or another tab stores the same film. */
	#failed = $state(false);
	/** Numbers of stored frames and chunks, by film. */
	#kept: Readonly<Record<string, { readonly frames: number; readonly chunks: number } | undefined>> = {};
	readonly #store = new FilmStore();
	/** Runs tasks one at a time: two at once would store the same frames twice. */
	#queue: Promise<void> = Promise.resolve();

	/** What is stored, latest first. */
	get records(): readonly FilmRecord[] {
		return this.#records;
	}

	get failed(): boolean {
		return this.#failed;
	}

	load(): Promise<void> {
		return this.#next(async () => {
			this.#records = await this.#store.list();
		});
	}

	/** The stored numbers of a film; what is read from now on is stored after them. */
	async chunks(key: string): Promise<FilmChunk[]> {
		const chunks = await this.#store.chunks(key);
		const frames = chunks.reduce((sum, { timesS }) => sum + timesS.length, 0);
		this.#kept = { ...this.#kept, [key]: { frames, chunks: chunks.length } };
		return chunks;
	}

	/** A film is read from its beginning: erases what was stored of it. */
	begin(film: KeptFilm): Promise<void> {
		// Tasks still waiting belong to the previous reading.
		this.#kept = { ...this.#kept, [film.key]: undefined };
		return this.#next(async () => {
			await this.#store.erase(film.key);
			this.#kept = { ...this.#kept, [film.key]: { frames: 0, chunks: 0 } };
			await this.#keep(film);
		});
	}

	/** Stores what is new of a film; does nothing if it was never begun. */
	keep(film: KeptFilm): Promise<void> {
		return this.#next(() => this.#keep(film));
	}

	/** Stores a film every few seconds; the returned function ends that, and stores the rest. */
	keepWhile(film: KeptFilm): () => Promise<void> {
		const timer = setInterval(() => void this.keep(film), KEEP_EVERY_MS);
		// The last chance before the page is gone; it may not finish.
		const hidden = (): void => void this.keep(film);
		document.addEventListener('visibilitychange', hidden);
		return () => {
			clearInterval(timer);
			document.removeEventListener('visibilitychange', hidden);
			return this.keep(film);
		};
	}

	erase(key: string): Promise<void> {
		return this.#next(async () => {
			this.#kept = { ...this.#kept, [key]: undefined };
			await this.#store.erase(key);
			this.#records = await this.#store.list();
		});
	}

	eraseAll(): Promise<void> {
		return this.#next(async () => {
			this.#kept = {};
			await this.#store.eraseAll();
			this.#records = [];
		});
	}

	async #keep(film: KeptFilm): Promise<void> {
		const kept = this.#kept[film.key];
		if (kept === undefined || film.reading === null || film.info === null) return;
		const { frameCount, gaps, lastS } = film.table;
		const isNew = frameCount > kept.frames;
		const record: FilmRecord = {
			key: film.key,
			file: film.stamp,
			sha256: film.sha256,
			info: film.info,
			reading: film.reading,
			notes: film.notes,
			ended: film.state.ended ?? null,
			gaps,
			frames: frameCount,
			lastS,
			chunks: kept.chunks + (isNew ? 1 : 0),
			updatedMs: Date.now()
		};
		const chunk = isNew ? { number: kept.chunks, data: film.table.chunk(kept.frames) } : null;
		await this.#store.put(plain(record), chunk, kept.chunks);
		this.#kept = { ...this.#kept, [film.key]: { frames: frameCount, chunks: record.chunks } };
		this.#records = [record, ...this.#records.filter(({ key }) => key !== film.key)];
	}

	#next(task: () => Promise<void>): Promise<void> {
		const run = this.#queue.then(task).then(
			() => void (this.#failed = false),
			(error: unknown) => {
				console.warn('What was read of the film could not be kept.', error);
				this.#failed = true;
			}
		);
		this.#queue = run;
		return run;
	}
}

/** Databases only take plain objects. */
function plain(record: FilmRecord): FilmRecord {
	return JSON.parse(JSON.stringify(record)) as FilmRecord;
}
