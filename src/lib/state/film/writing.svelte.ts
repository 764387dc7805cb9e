/** Writes a copy of a film, with what was found in it, or without its faces. */
import { EXPLANATIONS, toAppError } from '../../errors';
import type { FilmFormat, WriteOptions } from '../../sources/film/write';
import type { Film } from './film.svelte';

export class Writing {
	readonly #film: Film;
	#formats: readonly FilmFormat[] | null = $state.raw(null);
	#formatId = $state('');
	/** 0..1; null while nothing is being written. */
	#progress: number | null = $state.raw(null);
	#message = $state.raw('');
	#stop = new AbortController();

	constructor(film: Film) {
		this.#film = film;
	}

	/** Null until it is known. */
	get formats(): readonly FilmFormat[] | null {
		return this.#formats;
	}

	readonly format: FilmFormat | null = $derived.by(() => {
		return this.#formats?.find(({ id }) => id === this.#formatId) ?? this.#formats?.[0] ?? null;
	});

	get progress(): number | null {
		return this.#progress;
	}

	get message(): string {
		return this.#message;
	}

	/** Finds out what this browser can write. */
	async load(): Promise<void> {
		const { info } = this.#film;
		if (info === null || this.#formats !== null) return;
		const { writableFormats } = await import('../../sources/film/write');
		this.#formats = await writableFormats(info.size).catch(() => []);
	}

	choose(formatId: string): void {
		this.#formatId = formatId;
	}

	cancel(): void {
		this.#stop.abort();
	}

	/** Writes the film; null if that fails, which the message says, or is cancelled. */
	async write(draw: WriteOptions['draw']): Promise<Blob | null> {
		const { file, info } = this.#film;
		const { format } = this;
		if (file === null || info === null || format === null || this.#progress !== null) return null;
		this.#stop = new AbortController();
		const { signal } = this.#stop;
		this.#progress = 0;
		this.#message = '';
		try {
			const { writeFilm } = await import('../../sources/film/write');
			const onProgress = (share: number): void => void (this.#progress = share);
			const { data, lostSound } = await writeFilm(file, { format, size: info.size, draw, onProgress, signal });
			if (lostSound) this.#message = 'Without its sound: this browser cannot write it in this format.';
			return data;
		} catch (thrown) {
			if (!signal.aborted) {
				const { sentence, remedy } = EXPLANATIONS[toAppError(thrown, 'film-not-written').code];
				this.#message = `${sentence} ${remedy}`;
			}
			return null;
		} finally {
			this.#progress = null;
		}
	}
}
