/** The pictures that a visitor chose: a queue through the analyser, one of them on the stage. */
import type { FaceResult, FrameResult } from '../core/types';
import { isArchiveName, isFilmName, isPictureName, isSoundName } from '../data-sets/names';
import { toAppError, type AppError, type ErrorCode } from '../errors';
import { PhotoSource } from '../sources/photo';
import type { Size } from '../sources/scale';
import { makeThumbnail } from '../sources/thumbnail';
import { countAgreement, NO_AGREEMENT, type Agreement } from './agreement';
import { describeFaces } from './announce';
import type { Session } from './session.svelte';
import type { SettingsData } from './settings.svelte';
import { startSideWorkers, type SideAnalyser, type SideWorker } from './side-worker';
import type { Status } from './status';

export type PhotoState =
	| { kind: 'waiting' }
	| { kind: 'working' }
	| { kind: 'cancelled' }
	/** `size`: of the file's picture, turned upright; the result's pixels are those of the analysed frame. */
	| { kind: 'done'; result: FrameResult; size: Size }
	| { kind: 'failed'; error: AppError };

export interface Photo {
	readonly id: number;
	/** With its folders, if it was chosen with them. */
	readonly name: string;
	readonly file: Blob;
	/** Address of a small copy, once there is one. */
	readonly thumbnail: string | null;
	readonly state: PhotoState;
}

/** The outcome of all pictures together. */
export interface Progress {
	readonly total: number;
	readonly done: number;
	readonly failed: number;
	readonly cancelled: number;
	/** Waiting or under way. */
	readonly open: number;
}

/** Files that were left out the last time some were added; `inArchives`: those within archives. */
export interface Skipped {
	readonly films: number;
	readonly sounds: number;
	readonly others: number;
	readonly inArchives: number;
	/** Damaged pictures in archives. */
	readonly damaged: number;
}

const NONE_SKIPPED: Skipped = { films: 0, sounds: 0, others: 0, inArchives: 0, damaged: 0 };

/** A file with its path within what was chosen or dropped. */
interface NamedBlob {
	readonly name: string;
	readonly file: Blob;
}

/** What decides, besides the models, what is found in a picture. */
type PhotoRules = Pick<SettingsData, 'minConfidence' | 'prior'>;

/** These may not be the picture's fault, so it is tried again. */
const WORKER_FAILURES: readonly ErrorCode[] = ['worker-died', 'worker-timeout', 'gpu-lost'];

/** This many waiting pictures are worth more workers, each of which takes about as long to start as a picture. */
const MANY = 6;

/** The browser asks before this many pictures are lost: reading them again takes longer than to answer. */
const ASKED_ABOUT = 10;

export class Photos {
	#list: readonly Photo[] = $state.raw([]);
	#selectedId: number | null = $state.raw(null);
	#shown: PhotoSource | null = $state.raw(null);
	/** What one look at the picture on the stage finds for sure; a search takes many times as long. */
	#glance: { readonly id: number; readonly result: FrameResult } | null = $state.raw(null);
	#skipped: Skipped = $state.raw(NONE_SKIPPED);
	/** The archive that is being unpacked, and the number of pictures from it so far. */
	#unpacking: { readonly name: string; readonly pictures: number } | null = $state.raw(null);
	/** Archives are unpacked one after another. */
	#unpacked: Promise<void> = Promise.resolve();
	/** Aborted only by `clear`; otherwise the queue goes on with what is there. */
	#archives = new AbortController();
	/** Whether the visitor stopped the queue: pictures added in the meantime are not read either. */
	#cancelled = false;
	#lastId = 0;
	#working = false;
	/** Whether more workers are on the same queue. */
	#shared = false;
	/** Whether the visitor is on another page: nothing is read. */
	#left = false;
	/** Why the selected picture cannot be shown, though it may have been read before. */
	#unshown: AppError | null = $state.raw(null);
	/** Abort the queue, and the picture that is being opened for the stage. */
	#queue = new AbortController();
	#opened = new AbortController();
	/** Settles once the picture for the stage has opened or failed to. */
	#opening: Promise<void> = Promise.resolve();
	#modelIds: readonly string[] = [];
	#rules: PhotoRules | null = null;
	/** The picture that will be read next. */
	#ahead: { readonly id: number; readonly source: PhotoSource; readonly opening: Promise<void> } | null = null;
	/** What all models that ran said about the faces, by picture. */
	#known: Readonly<Partial<Record<number, readonly FaceResult[]>>> = {};
	readonly #session: Session;
	readonly #createBeside: () => SideAnalyser;

	/** `createBeside`: one more analyser, for many pictures. */
	constructor(session: Session, createBeside: () => SideAnalyser) {
		this.#session = session;
		this.#createBeside = createBeside;
	}

	readonly selected: Photo | null = $derived(this.#list.find(({ id }) => id === this.#selectedId) ?? null);
	/** The result of the picture on the stage: at first, what a glance at it showed. */
	readonly result: FrameResult | null = $derived.by(() => {
		const state = this.selected?.state;
		if (state?.kind === 'done') return state.result;
		return state?.kind === 'working' && this.#glance?.id === this.#selectedId ? this.#glance.result : null;
	});
	readonly progress: Progress = $derived.by(() => {
		const count = (...kinds: PhotoState['kind'][]) =>
			this.#list.filter(({ state }) => kinds.includes(state.kind)).length;
		return {
			total: this.#list.length,
			done: count('done'),
			failed: count('failed'),
			cancelled: count('cancelled'),
			open: count('waiting', 'working')
		};
	});
	/** How often the compared models say the same, over the faces of all pictures. */
	readonly agreement: Agreement = $derived(
		this.#list.reduce(
			(sum, { state }) => (state.kind === 'done' ? countAgreement(sum, state.result, this.#session.models) : sum),
			NO_AGREEMENT
		)
	);
	/** Why the selected picture cannot be read or shown, or null. */
	readonly failure: AppError | null = $derived(
		this.selected?.state.kind === 'failed' ? this.selected.state.error : this.#unshown
	);
	/** The status of the picture on the stage; before that, of what the analyser still needs. */
	readonly status: Status = $derived.by(() => {
		const { status } = this.#session;
		if (this.selected === null || status.kind === 'loading' || status.kind === 'failed') return status;
		const { state } = this.selected;
		if (this.failure !== null) return { kind: 'failed', error: this.failure };
		if (this.#shown === null) return { kind: 'opening-picture' };
		if (state.kind === 'cancelled') return { kind: 'idle' };
		if (state.kind === 'done') return { kind: 'done' };
		return { kind: this.result === null ? 'analysing' : 'searching' };
	});
	/** The sentence for screen readers. */
	readonly announcement: string = $derived.by(() => {
		const model = this.#session.shownModel;
		if (this.selected === null || model === null) return '';
		const { name, state } = this.selected;
		if (state.kind === 'done') return `${name}. ${describeFaces(state.result, model)}`;
		return state.kind === 'failed' ? `${name} could not be read.` : '';
	});

	get list(): readonly Photo[] {
		return this.#list;
	}

	get selectedId(): number | null {
		return this.#selectedId;
	}

	/** The picture on the stage, or null while there is none. */
	get element(): HTMLCanvasElement | null {
		return this.#shown?.element ?? null;
	}

	/** Files that were left out the last time some were added. */
	get skipped(): Skipped {
		return this.#skipped;
	}

	get unpacking(): { readonly name: string; readonly pictures: number } | null {
		return this.#unpacking;
	}

	/**
	 * Appends pictures to the queue, those in archives as they are unpacked, and shows the first of them; files of
	 * other kinds are left out and counted.
	 */
	add(files: readonly NamedBlob[]): void {
		const archives = files.filter(isArchive);
		const pictures = files.filter((each) => !isArchive(each) && isPicture(each));
		const others = files.filter((each) => !isArchive(each) && !isPicture(each));
		const films = others.filter(isFilm).length;
		const sounds = others.filter(isSound).length;
		this.#skipped = { ...NONE_SKIPPED, films, sounds, others: others.length - films - sounds };
		this.#cancelled = false;
		this.#append(pictures, true);
		if (archives.length === 0) return;
		const { signal } = this.#archives;
		this.#unpacked = this.#unpacked.then(() => this.#unpack(archives, signal, pictures.length === 0));
	}

	#append(pictures: readonly NamedBlob[], look: boolean): void {
		const added = pictures.map(({ name, file }): Photo => ({
			id: ++this.#lastId,
			name,
			file,
			thumbnail: null,
			state: { kind: this.#cancelled ? 'cancelled' : 'waiting' }
		}));
		const [first] = added;
		if (first === undefined) return;
		this.#list = [...this.#list, ...added];
		if (look && this.#left) this.#selectedId = first.id;
		else if (look) void this.select(first.id);
		void this.#work();
	}

	async #unpack(archives: readonly NamedBlob[], signal: AbortSignal, look: boolean): Promise<void> {
		let isFirst = look;
		const isOver = (): boolean => signal.aborted;
		for (const { name, file } of archives) {
			if (isOver()) return;
			this.#unpacking = { name, pictures: 0 };
			try {
				const { unpackPictures } = await import('../data-sets/pictures');
				const take = (picture: NamedBlob): void => {
					this.#unpacking = { name, pictures: (this.#unpacking?.pictures ?? 0) + 1 };
					this.#append([picture], isFirst);
					isFirst = false;
				};
				const { others, damaged } = await unpackPictures(name, file, take, signal);
				const { inArchives } = this.#skipped;
				this.#skipped = {
					...this.#skipped,
					inArchives: inArchives + others,
					damaged: this.#skipped.damaged + damaged
				};
			} catch (thrown) {
				if (!isOver()) this.#session.tell(toAppError(thrown, 'archive-unreadable'));
			}
			if (!isOver()) this.#unpacking = null;
		}
	}

	/** Shows another picture. */
	select(id: number): Promise<void> {
		const photo = this.#find(id);
		if (photo === undefined) return Promise.resolve();
		this.#leaveStage();
		this.#selectedId = id;
		this.#opening = this.#show(photo, this.#opened.signal);
		return this.#opening;
	}

	async #show(photo: Photo, signal: AbortSignal): Promise<void> {
		const { id } = photo;
		const source = sourceOf(photo);
		try {
			await source.start(signal);
		} catch (thrown) {
			if (signal.aborted) return;
			this.#unshown = toAppError(thrown, 'picture-damaged');
			// What was read of it before is kept.
			if (this.#find(id)?.state.kind !== 'done') this.#update(id, { state: { kind: 'failed', error: this.#unshown } });
			return;
		}
		if (signal.aborted) source.stop();
		else this.#shown = source;
	}

	/** Stops the queue; what is not done stays where it is, and `resume` continues. */
	cancel(): void {
		this.#queue.abort();
		this.#queue = new AbortController();
		this.#cancelled = true;
		this.#restate(({ kind }) => kind === 'waiting' || kind === 'working', { kind: 'cancelled' });
	}

	resume(): void {
		this.#cancelled = false;
		this.#restate(({ kind }) => kind === 'cancelled', { kind: 'waiting' });
		void this.#work();
	}

	/** Reads again all pictures that one of these models has not read yet. */
	useModels(modelIds: readonly string[]): void {
		const isNew = modelIds.some((id) => !this.#modelIds.includes(id));
		this.#modelIds = modelIds;
		if (!isNew) return;
		const unread = (state: PhotoState): boolean =>
			state.kind === 'done' && state.result.faces.some(({ readings }) => modelIds.some((id) => !(id in readings)));
		this.#restate(unread, { kind: 'waiting' });
		void this.#work();
	}

	/** Reads all pictures again if these rules change what is found in them. */
	useRules({ minConfidence, prior }: PhotoRules): void {
		if (this.#rules?.minConfidence === minConfidence && this.#rules.prior === prior) return;
		this.#rules = { minConfidence, prior };
		this.#known = {};
		// Pictures under way are being read by the old rules.
		this.#queue.abort();
		this.#queue = new AbortController();
		this.#restate(({ kind }) => kind === 'done' || kind === 'working', { kind: 'waiting' });
		void this.#work();
	}

	/** From now on, the browser asks before a page with many pictures is closed or reloaded. */
	askBeforeLoss(): void {
		addEventListener('beforeunload', this.#ask);
	}

	readonly #ask = (event: Event): void => {
		if (this.#list.length >= ASKED_ABOUT) event.preventDefault();
	};

	/** Stops reading until `enter`, and shows nothing; pictures and their results stay. */
	leave(): void {
		this.#left = true;
		this.#queue.abort();
		this.#queue = new AbortController();
		this.#restate(({ kind }) => kind === 'working', { kind: 'waiting' });
		this.#leaveStage();
	}

	/** Shows the selected picture again, and goes on with the queue. */
	enter(): void {
		this.#left = false;
		if (this.#selectedId !== null) void this.select(this.#selectedId);
		void this.#work();
	}

	/** Forgets every picture. */
	clear(): void {
		this.#archives.abort();
		this.#archives = new AbortController();
		this.#unpacking = null;
		this.#cancelled = false;
		this.#queue.abort();
		this.#queue = new AbortController();
		this.#leaveStage();
		this.#selectedId = null;
		for (const { thumbnail } of this.#list) if (thumbnail !== null) URL.revokeObjectURL(thumbnail);
		this.#list = [];
		this.#skipped = NONE_SKIPPED;
		this.#known = {};
	}

	/** Opens a picture for as long as `use` runs; the one on the stage is not opened twice. */
	async open<T>(photo: Photo, signal: AbortSignal, use: (source: PhotoSource) => Promise<T>): Promise<T> {
		if (photo.id === this.#selectedId) {
			await this.#opening;
			if (photo.id === this.#selectedId && this.#shown !== null) return use(this.#shown);
		}
		const ahead = this.#ahead?.id === photo.id ? this.#ahead : null;
		if (ahead !== null) this.#ahead = null;
		const source = ahead?.source ?? sourceOf(photo);
		try {
			await (ahead?.opening ?? source.start(signal));
			return await use(source);
		} finally {
			source.stop();
		}
	}

	/** Opens the next picture while another one is being read: decoding and analysing keep one core busy each. */
	#openAhead(signal: AbortSignal): void {
		const next = this.#next();
		if (this.#ahead !== null || next === undefined || next.id === this.#selectedId) return;
		const source = sourceOf(next);
		const opening = source.start(signal);
		const ahead = { id: next.id, source, opening };
		this.#ahead = ahead;
		// Whoever takes it sees the failure; if nobody does, its pixels must not be left behind.
		const leave = (): void => {
			if (this.#ahead !== ahead) return;
			this.#ahead = null;
			source.stop();
		};
		opening.catch(leave);
		signal.addEventListener('abort', leave, { once: true });
	}

	async #work(): Promise<void> {
		if (this.#working) return;
		this.#working = true;
		try {
			for (let photo = this.#next(); photo !== undefined; photo = this.#next()) {
				const reading = this.#read(photo, this.#queue.signal);
				const waiting = this.#list.filter(({ state }) => state.kind === 'waiting').length;
				if (waiting >= MANY && !this.#shared) void this.#workBeside();
				await reading;
			}
		} finally {
			this.#working = false;
		}
	}

	/** Reads pictures of the same queue in more workers, until there are none. */
	async #workBeside(): Promise<void> {
		this.#shared = true;
		const workers = startSideWorkers(this.#session, this.#createBeside, navigator);
		const work = async (worker: SideWorker): Promise<void> => {
			try {
				for (let photo = this.#next(); photo !== undefined; photo = this.#next())
					if (!(await this.#read(photo, this.#queue.signal, worker))) return;
			} finally {
				worker.dispose();
			}
		};
		await Promise.all(workers.map(work));
		this.#shared = false;
	}

	/** The picture on the stage first, then in the order they were chosen. */
	#next(): Photo | undefined {
		if (this.#left) return undefined;
		const waiting = this.#list.filter(({ state }) => state.kind === 'waiting');
		return waiting.find(({ id }) => id === this.#selectedId) ?? waiting[0];
	}

	/** `beside`: a worker to use instead of the session's own, which steps in if that fails; then returns false. */
	async #read(photo: Photo, signal: AbortSignal, beside?: SideWorker): Promise<boolean> {
		if (this.#glance?.id === photo.id) this.#glance = null;
		this.#update(photo.id, { state: { kind: 'working' } });
		let by = beside;
		for (let attempt = 1; ; attempt++) {
			try {
				await this.open(photo, signal, async (source) => {
					if (this.#find(photo.id)?.thumbnail === null) await this.#addThumbnail(photo.id, source);
					this.#openAhead(signal);
					if (photo.id === this.#selectedId) {
						const glance = await this.#session.glanceAtStill(() => grabFrom(source), signal);
						// If it finds no face, that means little.
						if (glance.faces.length > 0) this.#glance = { id: photo.id, result: glance };
					}
					const result = await this.#session.analyseStill(() => grabFrom(source), signal, by);
					signal.throwIfAborted();
					const faces = withKnown(result.faces, this.#known[photo.id] ?? []);
					this.#known = { ...this.#known, [photo.id]: faces };
					const size = source.size ?? { width: result.width, height: result.height };
					this.#update(photo.id, { state: { kind: 'done', result: { ...result, faces }, size } });
				});
				return beside === by;
			} catch (thrown) {
				if (signal.aborted) return true;
				const error = toAppError(thrown, 'analysis-failed');
				// The picture left the stage while it was read: it is opened again.
				const isGone = error.message === LEFT_THE_STAGE;
				const again = isGone || by !== undefined || WORKER_FAILURES.includes(error.code);
				if (!isGone) by = undefined;
				if (again && attempt < 3) continue;
				this.#update(photo.id, { state: { kind: 'failed', error } });
				return true;
			}
		}
	}

	async #addThumbnail(id: number, { element }: PhotoSource): Promise<void> {
		if (element === null) return;
		const blob = await makeThumbnail(element);
		if (blob === null || this.#find(id) === undefined) return;
		this.#update(id, { thumbnail: URL.createObjectURL(blob) });
	}

	#find(id: number): Photo | undefined {
		return this.#list.find((photo) => photo.id === id);
	}

	#update(id: number, change: Partial<Photo>): void {
		this.#list = this.#list.map((photo) => (photo.id === id ? { ...photo, ...change } : photo));
	}

	#restate(fits: (state: PhotoState) => boolean, state: PhotoState): void {
		this.#list = this.#list.map((photo) => (fits(photo.state) ? { ...photo, state } : photo));
	}

	#leaveStage(): void {
		this.#opened.abort();
		this.#opened = new AbortController();
		this.#shown?.stop();
		this.#shown = null;
		this.#unshown = null;
	}
}

function sourceOf({ file, name }: Photo): PhotoSource {
	return new PhotoSource(() => Promise.resolve(file), name);
}

/** By type or name; the queue finds out whether it can be read. A file without either is tried. */
function isPicture({ name, file }: NamedBlob): boolean {
	if (file.type.startsWith('image/') || isPictureName(name)) return true;
	return file.type === '' && !/\.[^./]+$/.test(name);
}

function isArchive({ name, file }: NamedBlob): boolean {
	return (
		isArchiveName(name) ||
		/^application\/(x-)?(zip|zip-compressed|tar|gzip|7z-compressed|rar|vnd\.rar)$/.test(file.type)
	);
}

function isFilm({ name, file }: NamedBlob): boolean {
	return file.type.startsWith('video/') || isFilmName(name);
}

function isSound(each: NamedBlob): boolean {
	return !isFilm(each) && (each.file.type.startsWith('audio/') || isSoundName(each.name));
}

const LEFT_THE_STAGE = 'the picture left the stage';

async function grabFrom(source: PhotoSource): Promise<ImageBitmap> {
	const bitmap = await source.grab();
	if (bitmap === null) throw new Error(LEFT_THE_STAGE);
	return bitmap;
}

/** The faces with what other models said about them before, provided that they are the same faces. */
function withKnown(faces: readonly FaceResult[], known: readonly FaceResult[]): readonly FaceResult[] {
	const same =
		faces.length === known.length &&
		faces.every(({ box }, index) => JSON.stringify(box) === JSON.stringify(known[index]?.box));
	return same
		? faces.map((face, index) => ({ ...face, readings: { ...known[index]?.readings, ...face.readings } }))
		: faces;
}
