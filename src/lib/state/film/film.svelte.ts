/** One recording: what is known about its file, what was read of it, and what the visitor added. */
import type { FrameResult } from '../../core/types';
import { AppError, toAppError, type ErrorCode } from '../../errors';
import type { FilmFrame, FilmInfo, FilmReader, Sampling } from '../../sources/film/film';
import { farSearchAfter, isSearched, SEARCHED_PX, type FarSearch } from '../far-search';
import type { Session } from '../session.svelte';
import { isLost, type Range } from './episodes';
import { FaceNumbers } from './face-numbers';
import { FacePictures } from './face-pictures.svelte';
import { byFaceId, groupFaces, NO_EDITS, type Person } from './people';
import { Pace } from './pace';
import {
	DEFAULT_OPTIONS,
	type Ended,
	type FileStamp,
	type FilmRecord,
	type Marker,
	type Notes,
	type Reading,
	type ReadOptions
} from './record';
import { FilmTable, frameResult, type FilmChunk } from './table';

export type FilmState =
	| { kind: 'opening' }
	/** It can be read; nothing has been read yet. */
	| { kind: 'ready' }
	| { kind: 'waiting' }
	| { kind: 'reading' }
	| { kind: 'paused' }
	| { kind: 'done'; ended: Exclude<Ended, null> }
	/** What was read before stays. */
	| { kind: 'failed'; error: AppError };

/** These may not be the frame's fault, so it is tried again. */
const WORKER_FAILURES: readonly ErrorCode[] = ['worker-died', 'worker-timeout', 'gpu-lost'];
const ATTEMPTS = 3;
/** How often the frame being read is shown, and what grows is redrawn. */
const SHOW_EVERY_MS = 400;
/** Large tables take longer to draw: a millisecond between redraws for this many rows. */
const ROWS_PER_MS = 400;
/** Longer side of the picture that is shown while it is read. */
const PREVIEW_SIDE_PX = 960;
const MOST_PICTURES = 60;

export class Film {
	readonly name: string;
	readonly stamp: FileStamp;
	/** Key of what is stored in this browser. */
	readonly key: string;
	#file: File | null = $state.raw(null);
	#state: FilmState = $state.raw({ kind: 'opening' });
	#reader: FilmReader | null = $state.raw(null);
	#info: FilmInfo | null = $state.raw(null);
	#reading: Reading | null = $state.raw(null);
	#options: ReadOptions = $state.raw(DEFAULT_OPTIONS);
	/** Whether small faces are searched for, if that is automatic. */
	#far: FarSearch = 'begun';
	/** When a face was in view last, or the first frame. */
	#faceSeenS: number | null = null;
	#table: FilmTable = new FilmTable([]);
	/** Counts redraws; read by everything drawn. The table itself is not state, as each frame would then redraw. */
	#drawing = $state.raw(0);
	#drawnMs = -Infinity;
	#notes: Notes = $state.raw({ people: NO_EDITS, markers: [], excluded: [], epochMs: null });
	#lastNoteId = 0;
	#sha256: string | null = $state.raw(null);
	/** While it is read: the current frame, and its index in the table. */
	#preview: HTMLCanvasElement | null = $state.raw(null);
	#previewIndex = $state.raw(-1);
	#pace = $state.raw(new Pace());
	readonly #faces = new FaceNumbers();
	/** A table of what people saw in it, to compare with; null if there is none. */
	codes: File | null = $state.raw(null);
	readonly pictures = new FacePictures();

	constructor(file: File | null, stamp: FileStamp, key: string) {
		this.#file = file;
		this.name = stamp.name;
		this.stamp = stamp;
		this.key = key;
	}

	readonly people: readonly Person[] = $derived.by(() => {
		return this.#drawing < 0 ? [] : groupFaces(this.#table, this.#notes.people);
	});
	readonly shownPeople: readonly Person[] = $derived(this.people.filter(({ hidden }) => !hidden));
	/** By face id. */
	readonly personOf: ReadonlyMap<number, Person> = $derived(byFaceId(this.people));
	/** The range to read. */
	readonly range: Range = $derived({
		fromS: Math.max(this.#info?.startS ?? 0, this.#options.fromS ?? -Infinity),
		toS: Math.min(this.#info?.endS ?? 0, this.#options.toS ?? Infinity)
	});
	/** How much of that has been read: 0..1. */
	readonly progress: number = $derived.by(() => {
		if (this.#drawing < 0 || this.#state.kind === 'ready') return 0;
		if (this.#state.kind === 'done' && this.#state.ended === 'whole') return 1;
		const { fromS, toS } = this.range;
		const lastS = this.#table.lastS;
		return lastS === null || toS <= fromS ? 0 : Math.min(1, Math.max(0, (lastS - fromS) / (toS - fromS)));
	});
	/** Seconds of film read per second, recently; null while unknown. */
	readonly speed: number | null = $derived.by(() => {
		return this.#drawing < 0 ? null : this.#pace.speed;
	});
	readonly secondsLeft: number | null = $derived.by(() => {
		const lastS = this.#drawing < 0 ? null : this.#table.lastS;
		return this.speed === null || lastS === null ? null : Math.max(0, this.range.toS - lastS) / this.speed;
	});
	/** What is in the frame being read. */
	readonly previewResult: FrameResult | null = $derived.by(() => {
		return this.#drawing < 0 || this.#previewIndex < 0 ? null : this.resultOf(this.#previewIndex);
	});

	get file(): File | null {
		return this.#file;
	}

	get state(): FilmState {
		return this.#state;
	}

	get info(): FilmInfo | null {
		return this.#info;
	}

	get reader(): FilmReader | null {
		return this.#reader;
	}

	get reading(): Reading | null {
		return this.#reading;
	}

	get options(): ReadOptions {
		return this.#options;
	}

	get notes(): Notes {
		return this.#notes;
	}

	get sha256(): string | null {
		return this.#sha256;
	}

	get preview(): HTMLCanvasElement | null {
		return this.#preview;
	}

	/** What was read. Anything that draws it should depend on `drawing`. */
	get table(): FilmTable {
		return this.#table;
	}

	get drawing(): number {
		return this.#drawing;
	}

	/** Times whose frames cannot be decoded. */
	get gaps(): readonly Range[] {
		return this.#drawing < 0 ? [] : this.#table.gaps;
	}

	get hasRows(): boolean {
		return this.#drawing >= 0 && this.#table.frameCount > 0;
	}

	/** Opens the file, or opens it again; failures become the state. `open`: sources/film/open.ts. */
	async open(file: File, open: (file: Blob) => Promise<FilmReader>): Promise<void> {
		const before = this.#state;
		this.#file = file;
		try {
			this.#reader?.close();
			this.#reader = await open(file);
			this.#info = this.#reader.info;
			if (this.#notes.epochMs === null) this.note({ epochMs: this.#info.recordedAtMs });
			if (before.kind === 'opening' || this.#reading === null) this.#state = { kind: 'ready' };
			else if (before.kind === 'failed') this.#state = { kind: 'paused' };
		} catch (thrown) {
			this.#state = { kind: 'failed', error: toAppError(thrown, 'film-unreadable') };
		}
	}

	setOptions(options: ReadOptions): void {
		this.#options = options;
	}

	setState(state: FilmState): void {
		this.#state = state;
	}

	setSha256(hash: string | null): void {
		this.#sha256 = hash;
	}

	/** Starts over; what was read before is dropped. */
	begin(reading: Reading): void {
		this.#reading = reading;
		this.#options = reading.options;
		this.#table = new FilmTable(reading.models);
		this.#far = 'begun';
		this.#faceSeenS = null;
		this.pictures.clear();
		this.#notes = { ...this.#notes, people: NO_EDITS };
		this.#faces.continueFrom(0);
		this.#previewIndex = -1;
		this.#redraw();
	}

	/** Restores what was stored of it. */
	restore(record: FilmRecord, chunks: readonly FilmChunk[]): void {
		this.#reading = record.reading;
		this.#options = record.reading.options;
		this.#info ??= record.info;
		this.#sha256 = record.sha256;
		this.#notes = record.notes;
		const { markers, excluded } = record.notes;
		this.#lastNoteId = Math.max(0, ...[...markers, ...excluded].map(({ id }) => id));
		this.#table = new FilmTable(record.reading.models);
		for (const chunk of chunks) this.#table.addChunk(chunk);
		for (const { fromS, toS } of record.gaps ?? []) this.#table.lose(fromS, toS);
		this.#faces.continueFrom(Math.max(0, ...this.#table.faceIds));
		this.#state = record.ended === null ? { kind: 'paused' } : { kind: 'done', ended: record.ended };
		this.#redraw();
	}

	/** The analyser starts over: none of its ids refers to an earlier face. */
	forgetFaces(): void {
		this.#faces.forget();
	}

	/**
	 * Reads on from where it stopped, until the end (true), or until `signal` aborts (false). Rejects with an AppError
	 * if the film cannot be read any further.
	 */
	async read(session: Session, signal: AbortSignal): Promise<boolean> {
		const reader = this.#reader;
		if (reader === null) throw new AppError('film-gone', 'the file is not open');
		this.#pace = new Pace();
		const sampling: Sampling = { ...this.range, perSecond: this.#options.perSecond, afterS: this.#table.lastS };
		try {
			const lose = (fromS: number, toS: number): void => this.#table.lose(fromS, toS);
			for await (const frame of reader.frames(sampling, signal, lose)) {
				const shown = this.#isDue() ? this.#draw(frame) : null;
				// A failure is reported below.
				shown?.catch(() => undefined);
				const result = await this.#analyse(session, frame, signal);
				await this.#keep(frame, result, shown);
			}
			return true;
		} catch (thrown) {
			if (signal.aborted) return false;
			throw toAppError(thrown, 'film-damaged');
		} finally {
			this.#preview = null;
			this.#previewIndex = -1;
			this.#redraw();
		}
	}

	/** Changes what the visitor has added. */
	note(change: Partial<Notes>): void {
		this.#notes = { ...this.#notes, ...change };
	}

	/** The marker at a moment, a new one if there is none. */
	markerAt(timeS: number): Marker {
		const there = this.#notes.markers.find((each) => each.timeS === timeS);
		if (there !== undefined) return there;
		const marker = { id: ++this.#lastNoteId, timeS, text: '' };
		this.note({ markers: [...this.#notes.markers, marker].sort((a, b) => a.timeS - b.timeS) });
		return marker;
	}

	exclude(range: Range): void {
		const added = { ...range, id: ++this.#lastNoteId };
		this.note({ excluded: [...this.#notes.excluded, added].sort((a, b) => a.fromS - b.fromS) });
	}

	isExcluded(timeS: number): boolean {
		return this.#notes.excluded.some(({ fromS, toS }) => timeS >= fromS && timeS < toS);
	}

	/** What is in an analysed frame, as overlay and cards show it, without hidden persons. */
	resultOf(index: number): FrameResult | null {
		if (index < 0 || index >= this.#table.frameCount || this.#info === null) return null;
		return frameResult(this.#table, index, this.#info.size, (faceId) => {
			const person = this.personOf.get(faceId);
			return person === undefined ? faceId : person.hidden ? null : person.id;
		});
	}

	/** What was found at this time: in the last analysed frame before it, if that is not too long ago. */
	resultAt(timeS: number): FrameResult | null {
		const index = this.#drawing < 0 ? -1 : this.#table.indexAt(timeS);
		if (index < 0 || isLost(this.#table, index, timeS)) return null;
		const nextS = index + 1 < this.#table.frameCount ? this.#table.timeAt(index + 1) : Infinity;
		const stepS = 1 / (this.#options.perSecond ?? 10);
		if (nextS === Infinity && timeS - this.#table.timeAt(index) > 2 * stepS) return null;
		return this.resultOf(index);
	}

	/** Takes a picture of each person from the film; a film that was read before has none. */
	async takePictures(): Promise<void> {
		const canvas = this.#canvas();
		const context = canvas.getContext('2d');
		for (const person of this.people.slice(0, MOST_PICTURES)) {
			const span = this.#table.spanOf(person.id);
			if (span === null || this.pictures.ofAny(person.faceIds) !== null) continue;
			const [from, to] = this.#table.rowsOf(span.first);
			const row = Array.from({ length: to - from }, (_, offset) => from + offset).find(
				(each) => this.#table.faceIdAt(each) === person.id
			);
			const frame = await this.#reader?.at(this.#table.timeAt(span.first)).catch(() => null);
			if (row === undefined || frame === undefined || frame === null || context === null) continue;
			await frame.draw(context);
			const face = { id: person.id, box: this.#table.boxAt(row) };
			this.pictures.take(canvas, face, canvas.width / (this.#info?.size.width ?? canvas.width));
		}
	}

	close(): void {
		this.#reader?.close();
		this.#reader = null;
		this.pictures.clear();
	}

	async #analyse(session: Session, frame: FilmFrame, signal: AbortSignal): Promise<FrameResult> {
		const options = { timeMs: frame.timeS * 1000, smallestFacePx: this.#smallestInFrame() };
		for (let attempt = 1; ; attempt++) {
			try {
				return await session.analyseFilm(() => frame.grab(), options, signal);
			} catch (thrown) {
				signal.throwIfAborted();
				const error = toAppError(thrown, 'analysis-failed');
				if (!WORKER_FAILURES.includes(error.code) || attempt === ATTEMPTS) throw error;
				// The next worker knows none of the faces; their numbers go on from here.
				this.forgetFaces();
			}
		}
	}

	#smallestInFrame(): number | null {
		const { smallestFacePx } = this.#options;
		if (smallestFacePx === 'auto') return isSearched(this.#far) ? SEARCHED_PX : null;
		if (smallestFacePx === null || this.#info === null) return null;
		return Math.max(8, Math.round((smallestFacePx * this.#info.analysedSize.width) / this.#info.size.width));
	}

	/** Whether to show a frame that is read now. */
	#isDue(): boolean {
		return performance.now() - this.#drawnMs >= Math.max(SHOW_EVERY_MS, this.#table.rowCount / ROWS_PER_MS);
	}

	/** `shown`: if the frame is shown, its picture, which was drawn while it was analysed. */
	async #keep(frame: FilmFrame, result: FrameResult, shown: Promise<HTMLCanvasElement> | null): Promise<void> {
		if (this.#info === null) return;
		const faces = result.faces.map((face) => ({ ...face, id: this.#faces.of(face.id) }));
		const scale = this.#info.size.width / result.width;
		this.#table.add(frame.frame, frame.timeS, faces, scale);
		const nowMs = performance.now();
		this.#pace.add(nowMs, frame.timeS);
		if (faces.length > 0) this.#faceSeenS = frame.timeS;
		this.#faceSeenS ??= frame.timeS;
		this.#far = farSearchAfter(this.#far, result, 1000 * (frame.timeS - this.#faceSeenS));
		const wanted = faces.filter((face) => this.pictures.wants(face));
		if (shown === null && wanted.length === 0) return;
		const canvas = await (shown ?? this.#draw(frame));
		for (const face of wanted) this.pictures.take(canvas, face, canvas.width / result.width);
		if (shown === null) return;
		this.#drawnMs = nowMs;
		this.#previewIndex = this.#table.frameCount - 1;
		this.#redraw();
	}

	async #draw(frame: FilmFrame): Promise<HTMLCanvasElement> {
		const canvas = this.#preview ?? this.#canvas();
		this.#preview = canvas;
		const context = canvas.getContext('2d');
		if (context !== null) await frame.draw(context);
		return canvas;
	}

	/** A canvas for a picture of the film. */
	#canvas(): HTMLCanvasElement {
		const { width, height } = this.#info?.size ?? { width: 1, height: 1 };
		const factor = Math.min(1, PREVIEW_SIDE_PX / Math.max(width, height));
		const canvas = document.createElement('canvas');
		canvas.width = Math.round(width * factor);
		canvas.height = Math.round(height * factor);
		canvas.setAttribute('role', 'img');
		canvas.setAttribute('aria-label', `The frame of ${this.name} that is being read`);
		return canvas;
	}

	#redraw(): void {
		this.#drawing++;
	}
}
