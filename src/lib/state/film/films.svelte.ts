/** The recordings that a visitor chose: a queue for the analyser. What was read of them is kept until it is erased. */
import { AppError, toAppError } from '../../errors';
import { hashFile } from '../../client/file-hash';
import { openFilm } from '../../sources/film/open';
import type { Session } from '../session.svelte';
import type { Settings } from '../settings.svelte';
import { Film } from './film.svelte';
import { Keeper } from './keeper.svelte';
import { isSameFile, type FilmRecord, type Reading, type ReadOptions } from './record';
import { usedModels, usedDetectors } from './used';
import { APPLICATION } from './application';

export class Films {
	#list: readonly Film[] = $state.raw([]);
	#selectedKey: string | null = $state.raw(null);
	#working = false;
	/** The visitor is on another page: nothing is read. */
	#left = false;
	/** Stops the film that is being read. */
	#stop = new AbortController();
	/** Films that were paused together: they also resume together. */
	#pausedTogether: readonly Film[] = [];
	/** The film whose faces the analyser knows. */
	#followed: Film | null = null;
	readonly #session: Session;
	readonly #settings: Settings;
	readonly keeper = new Keeper();

	constructor(session: Session, settings: Settings) {
		this.#session = session;
		this.#settings = settings;
	}

	readonly selected: Film | null = $derived(this.#list.find(({ key }) => key === this.#selectedKey) ?? null);
	readonly isReading: boolean = $derived(
		this.#list.some(({ state }) => state.kind === 'reading' || state.kind === 'waiting')
	);
	/** What is kept of films that are not open here. */
	readonly offered: readonly FilmRecord[] = $derived(
		this.keeper.records.filter(({ key }) => !this.#list.some((film) => film.key === key))
	);

	get list(): readonly Film[] {
		return this.#list;
	}

	/** Opens files and selects the first one. What was read of a film before is restored. */
	async add(files: readonly File[]): Promise<void> {
		const added = files.map((file) => {
			const stamp = { name: file.name, bytes: file.size, lastModified: file.lastModified };
			const waiting = this.#list.find(
				({ file: open, state, stamp: other }) => (open === null || state.kind === 'failed') && isSameFile(other, stamp)
			);
			if (waiting !== undefined) return { film: waiting, file };
			const record = this.offered.find((each) => isSameFile(each.file, stamp));
			return { film: new Film(file, stamp, record?.key ?? crypto.randomUUID()), file, record };
		});
		const isNew = ({ film }: { film: Film }): boolean => !this.#list.includes(film);
		this.#list = [...this.#list, ...added.filter(isNew).map(({ film }) => film)];
		const [first] = added;
		if (first === undefined) return;
		this.#selectedKey = first.film.key;
		for (const { film, file, record } of added) {
			if (record !== undefined) await this.#restore(film, record);
			await film.open(file, openFilm);
			if (film.hasRows) void film.takePictures();
		}
		// An interrupted queue resumes as a whole.
		this.#pausedTogether = added.map(({ film }) => film).filter(({ state }) => state.kind === 'paused');
	}

	/** Shows what is kept of a film, without its file. */
	async show(record: FilmRecord): Promise<void> {
		const film = new Film(null, record.file, record.key);
		await this.#restore(film, record);
		this.#list = [...this.#list, film];
		this.#selectedKey = film.key;
	}

	select(key: string): void {
		this.#selectedKey = key;
	}

	/** Reads these films with the models that are chosen now; what was read of them before is dropped. */
	start(films: readonly Film[], options: ReadOptions): void {
		const { prior, minConfidence, smoothingMs, maxFaces } = this.#settings.current;
		const { manifest, backend, shownModels } = this.#session;
		if (manifest === null || shownModels.length === 0) return;
		for (const film of films) {
			if (film.reader === null) continue;
			const reading: Reading = {
				options,
				rules: { prior, minConfidence, smoothingMs, maxFaces },
				models: usedModels(manifest, shownModels),
				detectors: usedDetectors(manifest, options.smallestFacePx !== null),
				engine: backend === null ? null : { name: backend.chosen, threads: backend.threads },
				application: APPLICATION,
				beganMs: Date.now()
			};
			film.begin(reading);
			film.setState({ kind: 'waiting' });
			void this.keeper.begin(film);
		}
		void this.#work();
	}

	/** Stops reading all films; `resume` continues. */
	pause(): void {
		this.#pausedTogether = this.#list.filter(({ state }) => state.kind === 'reading' || state.kind === 'waiting');
		for (const film of this.#list) if (film.state.kind === 'waiting') film.setState({ kind: 'paused' });
		this.#stop.abort(new AppError('film-gone', 'paused'));
	}

	resume(film: Film): void {
		const together = this.#pausedTogether.includes(film) ? this.#pausedTogether : [film];
		this.#pausedTogether = [];
		for (const each of together) {
			if (each.state.kind === 'paused' && each.reader !== null) each.setState({ kind: 'waiting' });
		}
		void this.#work();
	}

	/** Ends reading; what was read stays. */
	cancel(film: Film): void {
		const isRead = film.state.kind === 'reading';
		if (isRead || film.state.kind === 'waiting' || film.state.kind === 'paused') {
			film.setState(film.hasRows ? { kind: 'done', ended: 'cancelled' } : { kind: 'ready' });
		}
		if (isRead) this.#stop.abort();
		else void this.keeper.keep(film);
	}

	/** Goes back to the choices before reading; what was read stays until it is read again. */
	prepare(film: Film): void {
		film.setState({ kind: 'ready' });
	}

	/** Closes a film; what was read of it stays in this browser. */
	async remove(film: Film): Promise<void> {
		if (film.state.kind === 'reading') this.#stop.abort();
		await this.keeper.keep(film);
		film.close();
		this.#list = this.#list.filter((each) => each !== film);
		if (this.#selectedKey === film.key) this.#selectedKey = this.#list.at(-1)?.key ?? null;
	}

	/** Closes a film and erases what is kept of it. */
	async erase(film: Film): Promise<void> {
		if (film.state.kind === 'reading') this.#stop.abort();
		film.close();
		this.#list = this.#list.filter((each) => each !== film);
		if (this.#selectedKey === film.key) this.#selectedKey = this.#list.at(-1)?.key ?? null;
		await this.keeper.erase(film.key);
	}

	/** Closes all films and erases what is kept of any. */
	async eraseAll(): Promise<void> {
		this.#stop.abort();
		for (const film of this.#list) film.close();
		this.#list = [];
		this.#selectedKey = null;
		await this.keeper.eraseAll();
	}

	/** Stops reading until `enter`. */
	leave(): void {
		this.#left = true;
		this.#stop.abort();
		// Other pages look at something else, with the visitor's own settings.
		if (this.#followed === null) return;
		this.#followed = null;
		this.#settings.override({});
		void this.#session.configure();
	}

	/** `dropped`: added once it is known what is kept of them. */
	enter(dropped: readonly File[] = []): void {
		this.#left = false;
		void this.keeper.load().then(() => (dropped.length > 0 ? this.add(dropped) : undefined));
		void this.#work();
	}

	async #restore(film: Film, record: FilmRecord): Promise<void> {
		film.restore(record, await this.keeper.chunks(record.key));
	}

	async #work(): Promise<void> {
		if (this.#working) return;
		this.#working = true;
		try {
			for (let film = this.#next(); film !== undefined; film = this.#next()) await this.#read(film);
		} finally {
			this.#working = false;
		}
	}

	#next(): Film | undefined {
		if (this.#left) return undefined;
		const waiting = this.#list.filter(({ state }) => state.kind === 'waiting');
		return waiting.find(({ key }) => key === this.#selectedKey) ?? waiting[0];
	}

	async #read(film: Film): Promise<void> {
		this.#stop = new AbortController();
		const { signal } = this.#stop;
		film.setState({ kind: 'reading' });
		const end = (ended: 'whole' | 'cut-short'): void =>
			film.setState({ kind: 'done', ended: film.gaps.length > 0 ? 'damaged' : ended });
		const stopKeeping = this.keeper.keepWhile(film);
		// Browsers let hidden tabs sleep, but not a page that holds a lock.
		const release = holdAwake();
		try {
			if (film.file !== null && film.sha256 === null) {
				void hashFile(film.file, signal).then((hash) => hash !== null && film.setSha256(hash));
			}
			await this.#prepareAnalyser(film, signal);
			if (await film.read(this.#session, signal)) end(film.info?.cutShort === true ? 'cut-short' : 'whole');
		} catch (thrown) {
			const error = toAppError(thrown, 'film-damaged');
			if (!signal.aborted) {
				// All that can be read was read.
				if (error.code === 'film-cut-short') end('cut-short');
				else film.setState({ kind: 'failed', error });
			}
		} finally {
			release();
			// Paused, or the visitor went to another page, and it waits.
			if (film.state.kind === 'reading') film.setState({ kind: this.#left ? 'waiting' : 'paused' });
			await stopKeeping();
		}
	}

	/** Applies the models and rules of a film, and forgets the faces of what was looked at before. */
	async #prepareAnalyser(film: Film, signal: AbortSignal): Promise<void> {
		const { reading } = film;
		if (reading === null) throw new AppError('analysis-failed', 'nothing was begun');
		this.#settings.override(reading.rules);
		const wanted = reading.models.map(({ id }) => id);
		const running = this.#session.models.map(({ id }) => id);
		const isRunning = wanted.length === running.length && wanted.every((id, index) => id === running[index]);
		if (isRunning) await this.#session.configure();
		else await this.#session.chooseModels(wanted);
		signal.throwIfAborted();
		if (this.#followed !== film || film.table.frameCount === 0 || !isRunning) {
			this.#session.beginFilm();
			film.forgetFaces();
		}
		this.#followed = film;
	}
}

function holdAwake(): () => void {
	let release: () => void = () => undefined;
	const held = new Promise<void>((resolve) => (release = resolve));
	// Missing outside secure contexts, despite the type.
	if ('locks' in navigator) void navigator.locks.request('mien-film', { mode: 'shared' }, () => held);
	return release;
}
