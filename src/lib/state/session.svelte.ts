/** Connects one source of pictures to the analyser, and tells the state of both at any time. */
import type { Analyser, AnalyserEvent } from '../client/analyser';
import type { Explanation, FrameResult, Prior, Use } from '../core/types';
import { DEFAULT_UNSURE_BELOW } from '../core/verdict';
import { AppError, toAppError, type ErrorCode } from '../errors';
import { classifiersOf, type ClassifierEntry, type Manifest } from '../manifest';
import type { BackendReport, FrameOptions, GrabbedFrame, WorkerSettings } from '../protocol';
import type { FrameSource } from '../sources/source';
import { countAgreement, NO_AGREEMENT, type Agreement } from './agreement';
import { announce, describeFaces, SILENT } from './announce';
import { farSearchAfter, isSearched, SEARCHED_PX, type FarSearch } from './far-search';
import { EMPTY_METER, measure, type Meter } from './meter';
import { advance, NOT_LOADED, shareOf, type Loading } from './loading';
import { DEFAULT_SETTINGS, type Settings } from './settings.svelte';
import type { SideWorker } from './side-worker';
import { statusOf, type Engine, type Status, type View } from './status';

export type SessionAnalyser = Pick<
	Analyser,
	| 'start'
	| 'startAnew'
	| 'configure'
	| 'busy'
	| 'analyse'
	| 'connect'
	| 'disconnect'
	| 'explain'
	| 'rest'
	| 'reset'
	| 'stats'
	| 'dispose'
>;

export interface SessionOptions {
	readonly createAnalyser: (onEvent: (event: AnalyserEvent) => void) => SessionAnalyser;
	readonly settings: Settings;
	/** Milliseconds of a clock that never goes back. */
	readonly now: () => number;
}

/** Error codes for sources that throw something other than an AppError at their start. */
const OPENING_FAILED = {
	camera: 'camera-busy',
	photo: 'picture-unreadable',
	stream: 'stream-unreachable'
} as const satisfies Record<FrameSource['kind'], ErrorCode>;
/** What a view needs to know of a model to show its readings. */
export interface ShownModel {
	readonly id: string;
	readonly title: string;
	/** Its place in the manifest, which decides its colour on every page. */
	readonly place: number;
	readonly labels: readonly string[];
	/** Side of its input in pixels. */
	readonly inputSize: number;
	/** What the odds of each label are multiplied by; null if they count as in training. */
	readonly priorRatio: readonly number[] | null;
	readonly unsureBelow: number;
}

/** Pictures that stand alone are searched for faces down to this height. */
const SMALLEST_IN_STILLS_PX = 16;
/** A dropped picture is tried again after this long: settings change, or the worker restarts. */
const RETRY_MS = 50;
/** How often a chosen model is requested, and the pause in between. */
const CHOICE_ATTEMPTS = 2;
const CHOICE_PAUSE_MS = 500;
/** How long a restart is shown once it is over: the worker may be back before the sentence can be read. */
const RESTART_TOLD_MS = 8000;
/** Figures that change more often cannot be read. */
const METER_EVERY_MS = 250;

/** Models being loaded while the previous ones go on. `progress`: 0..1, or null if unknown. */
export interface Switching {
	readonly ids: readonly string[];
	readonly progress: number | null;
}

export class Session {
	#engine: Engine = $state.raw({ kind: 'loading', progress: 0 });
	#loading: Loading = NOT_LOADED;
	#view: View = $state.raw({ kind: 'none' });
	#result: FrameResult | null = $state.raw(null);
	/** Whether the result is of a glance at a still that is still being searched. */
	#isGlance = $state.raw(false);
	#manifest: Manifest | null = $state.raw(null);
	#backend: BackendReport | null = $state.raw(null);
	#modelId: string | null = $state.raw(null);
	/** How labels count in what is shown. */
	#prior: Prior = $state.raw(DEFAULT_SETTINGS.prior);
	/** What the faces shown were read for. */
	#use: Use = $state.raw('live');
	#wantedUse: Use = 'live';
	/** Models that run next to it, for comparison. */
	#besideIds: readonly string[] = $state.raw([]);
	#wantedBesideIds: readonly string[] = [];
	/** The visitor's last choice that ran: restored if the next one fails. */
	#confirmedChoice: string | null;
	#inForce: WorkerSettings | null = null;
	/** Shows the models that already run; null once done. */
	#takeOver: (() => void) | null = null;
	#switching: Switching | null = $state.raw(null);
	#faceMs: Readonly<Record<string, number>> = $state.raw({});
	/** The choice that failed last, until it is tried again or dismissed. */
	#failedChoice: readonly string[] | null = $state.raw(null);
	/** Counts choices: one that was followed by a newer one reports nothing. */
	#choices = 0;
	#agreement: Agreement = $state.raw(NO_AGREEMENT);
	#shownMeter: Meter = $state.raw(EMPTY_METER);
	#notice: AppError | null = $state.raw(null);
	#announcer = $state.raw(SILENT);
	#meter: Meter = EMPTY_METER;
	#shownAtMs = -Infinity;
	/** Aborts the source that is opening or open. */
	#opened = new AbortController();
	#makeSource: (() => FrameSource) | null = null;
	/** Why the worker is being restarted, until it is ready. */
	#restartError: AppError | null = $state.raw(null);
	/** The live source whose frames are being pumped. */
	#pumped: FrameSource | null = null;
	#far: FarSearch = 'unknown';
	/** When a face was last in view. */
	#faceSeenMs = -Infinity;
	/** Counts pumps: a still is looked at again when settings change, and only the last look is shown. */
	#pumps = 0;
	readonly #analyser: SessionAnalyser;
	readonly #settings: Settings;
	readonly #now: () => number;

	constructor({ createAnalyser, settings, now }: SessionOptions) {
		this.#settings = settings;
		this.#confirmedChoice = settings.current.modelId;
		this.#now = now;
		this.#analyser = createAnalyser((event) => this.#receive(event));
	}

	readonly status: Status = $derived.by(() => statusOf(this.#engine, this.#view, this.#result, this.#isGlance));
	/** What can be chosen. */
	readonly classifiers: readonly ClassifierEntry[] = $derived(
		this.#manifest === null ? [] : classifiersOf(this.#manifest)
	);
	/** The model whose readings are shown. */
	readonly model: ClassifierEntry | null = $derived(this.classifiers.find(({ id }) => id === this.#modelId) ?? null);
	/** All models that read each face, the one shown first. */
	readonly models: readonly ClassifierEntry[] = $derived(
		[this.#modelId, ...this.#besideIds].flatMap((wanted) => this.classifiers.find(({ id }) => id === wanted) ?? [])
	);

	/** All that can be chosen, with the visitor's settings or each one's own, as overlay, cards and exports need it. */
	readonly offered: readonly ShownModel[] = $derived(
		this.classifiers.map(({ id, title, place, labels, input, priorRatio, unsureBelow = DEFAULT_UNSURE_BELOW }) => ({
			...{ id, title, place, labels, inputSize: input.size },
			priorRatio: this.#prior === 'everyday' ? (priorRatio?.[this.#use] ?? null) : null,
			unsureBelow: this.#settings.current.unsureBelow ?? unsureBelow
		}))
	);
	/** Those of them that read each face, the one shown first. */
	readonly shownModels: readonly ShownModel[] = $derived(
		this.models.flatMap(({ id }) => this.offered.find((each) => each.id === id) ?? [])
	);
	readonly shownModel: ShownModel | null = $derived(this.shownModels[0] ?? null);

	/** Faces of the frame shown, or null before there is any. */
	get result(): FrameResult | null {
		return this.#result;
	}

	get manifest(): Manifest | null {
		return this.#manifest;
	}

	/** Models that are being loaded while the previous ones go on, or null. */
	get switching(): Switching | null {
		return this.#switching;
	}

	/** How often the models say the same, since their comparison on this source began. */
	get agreement(): Agreement {
		return this.#agreement;
	}

	/** Milliseconds per face of each model that ran, by id. */
	get faceMs(): Readonly<Record<string, number>> {
		return this.#faceMs;
	}

	/** Titles of the models of a choice that failed, while that is shown; empty if none did. */
	get failedModels(): readonly string[] {
		return (this.#failedChoice ?? []).map((id) => this.classifiers.find((each) => each.id === id)?.title ?? id);
	}

	get backend(): BackendReport | null {
		return this.#backend;
	}

	/** The settings of the worker, or null before it has any. */
	get inForce(): WorkerSettings | null {
		return this.#inForce;
	}

	/** What faces are read for. */
	get use(): Use {
		return this.#use;
	}

	get meter(): Meter {
		return this.#shownMeter;
	}

	/** The error that the visitor should be told about now. */
	get notice(): AppError | null {
		return this.#notice;
	}

	/** Why the worker is being restarted, or null if it is not. */
	get restartError(): AppError | null {
		return this.#restartError;
	}

	/** True if `load` should be called again: nothing can be analysed until then. */
	get loadFailed(): boolean {
		return this.#engine.kind === 'failed';
	}

	get #loadError(): AppError | null {
		return this.#engine.kind === 'failed' ? this.#engine.error : null;
	}

	/** The sentence for screen readers. */
	get announcement(): string {
		return this.#announcer.spoken;
	}

	/** The source that is open, or null. */
	get source(): FrameSource | null {
		return this.#view.kind === 'open' ? this.#view.source : null;
	}

	/** Loads the back end, the detector and the chosen model. Failures become the status. */
	async load(): Promise<void> {
		this.#beginLoading();
		this.#notice = null;
		const { modelId } = this.#settings.current;
		try {
			// The worker runs, so it was the model that could not be loaded: the worker's list may be outdated.
			if (this.#manifest !== null) await this.#analyser.startAnew(modelId);
			else await this.#analyser.start(modelId);
		} catch {
			// The analyser also reports it as an event, which is where it is handled.
		}
	}

	/** Pages of pictures and films call this before they have any read; `open` goes by its source. */
	readFor(use: Use): void {
		if (use === this.#wantedUse) return;
		this.#wantedUse = use;
		void this.configure();
	}

	/** Shows and analyses what `make` returns, instead of the previous source. Resolves when open or failed. */
	async open(make: () => FrameSource): Promise<void> {
		this.close();
		const { signal } = this.#opened;
		const source = make();
		this.#makeSource = make;
		this.readFor(source.kind === 'photo' ? 'photo' : 'live');
		this.#view = { kind: 'opening', sourceKind: source.kind };
		source.onend = (error) => {
			if (!signal.aborted) this.#failSource(error);
		};
		signal.addEventListener('abort', () => source.stop(), { once: true });
		try {
			await source.start(signal);
		} catch (thrown) {
			if (!signal.aborted) {
				this.#failSource(toAppError(thrown, OPENING_FAILED[source.kind]));
			}
			return;
		}
		if (signal.aborted) return;
		this.#analyser.reset();
		this.#view = { kind: 'open', source };
		this.#analyseSource();
	}

	/** Goes back to showing nothing, and releases the camera. */
	close(): void {
		this.#leaveSource();
		this.#notice = this.#loadError;
		this.#makeSource = null;
		this.#view = { kind: 'none' };
	}

	/** Cameras were plugged in or removed: one that was lost or missing is opened again. */
	devicesChanged(): void {
		if (this.#view.kind !== 'failed' || this.#makeSource === null) return;
		const { code } = this.#view.error;
		if (code === 'camera-lost' || code === 'camera-missing') void this.open(this.#makeSource);
	}

	/** Shows this model from now on and remembers it; if it cannot be loaded, the previous one stays. */
	async chooseModel(modelId: string): Promise<void> {
		await this.chooseModels([modelId, ...this.#besideIds.filter((id) => id !== modelId)]);
	}

	/** Runs these models on every face, the first of them shown; if one cannot be loaded, the previous ones stay. */
	async chooseModels(ids: readonly string[]): Promise<void> {
		const [modelId, ...besideIds] = ids;
		if (modelId === undefined) return;
		const choice = ++this.#choices;
		const isNewest = (): boolean => choice === this.#choices;
		this.#failedChoice = null;
		for (let attempt = 1; attempt <= CHOICE_ATTEMPTS; attempt++) {
			this.#settings.update({ modelId });
			this.#wantedBesideIds = besideIds;
			const failure = await this.#configure();
			if (failure === null || !isNewest()) return;
			this.#settings.update({ modelId: this.#confirmedChoice });
			this.#wantedBesideIds = this.#besideIds;
			// A busy machine sometimes takes a file for lost that is only late.
			if (failure.code === 'model-unreachable' && attempt < CHOICE_ATTEMPTS) {
				await sleep(CHOICE_PAUSE_MS);
				if (isNewest()) continue;
				return;
			}
			this.#failedChoice = ids;
			this.#failConfiguration(failure);
			return;
		}
	}

	/** Tries the failed choice again. */
	async retryChoice(): Promise<void> {
		const ids = this.#failedChoice;
		this.#notice = null;
		if (ids !== null) await this.chooseModels(ids);
	}

	/** Keeps only the model shown: on other pages, those compared with it would run unseen. */
	endComparison(): void {
		if (this.models.length > 1 || this.#wantedBesideIds.length > 0)
			void this.chooseModels(this.models.slice(0, 1).map(({ id }) => id));
	}

	/** Applies the settings. True if they are now in force. */
	async configure(): Promise<boolean> {
		if (this.#wantedModel() === null) return false;
		const failure = await this.#configure();
		if (failure !== null) this.#failConfiguration(failure);
		return failure === null;
	}

	#failConfiguration(error: AppError): void {
		this.#switching = null;
		this.#notice = error;
		this.#engine = this.#modelId === null ? { kind: 'failed', error } : { kind: 'ready' };
	}

	/** Returns what prevented it, or null. */
	async #configure(): Promise<AppError | null> {
		const modelId = this.#wantedModel();
		if (modelId === null) return null;
		this.#takeOver?.();
		const besideIds = this.#wantedBesideIds;
		const models = [modelId, ...besideIds];
		const { smoothingMs, minConfidence, maxFaces, prior } = this.#settings.current;
		const use = this.#wantedUse;
		const wanted: WorkerSettings = { models, smoothingMs, minConfidence, maxFaces, prior, use };
		const running = [this.#modelId, ...this.#besideIds];
		const changes = models.length !== running.length || models.some((id, index) => id !== running[index]);
		if (this.#modelId !== null && changes) this.#switching = { ids: models, progress: null };
		try {
			await this.#analyser.configure(wanted);
		} catch (thrown) {
			return toAppError(thrown, 'model-unreachable');
		}
		this.#inForce = wanted;
		this.#confirmedChoice = this.#settings.current.modelId;
		this.#takeOver = () => {
			this.#takeOver = null;
			this.#switching = null;
			if (changes) this.#agreement = NO_AGREEMENT;
			this.#modelId = modelId;
			this.#besideIds = besideIds;
			this.#prior = prior;
			this.#use = use;
		};
		// Live, the previous models are shown until the new ones have read a frame, so that no face goes blank.
		if (this.source?.live !== true || this.#result === null) this.#takeOver();
		this.#engine = { kind: 'ready' };
		this.#analyseSource();
		return null;
	}

	/** Tells the visitor about a failure outside the analysis. */
	tell(error: AppError): void {
		this.#notice = error;
	}

	dismissNotice(): void {
		this.#notice = null;
		this.#failedChoice = null;
	}

	/** A port to the worker for a task next to the frames; see Analyser. */
	connect(onLost: (error: AppError) => void): Promise<MessagePort> {
		return this.#analyser.connect(onLost);
	}

	disconnect(onLost: (error: AppError) => void): void {
		this.#analyser.disconnect(onLost);
	}

	/**
	 * The faces of a single picture, as soon as the analyser is free for it; if the models cannot be loaded, once
	 * `load` has been called again. `grab` returns the picture, again if it was dropped because settings changed.
	 * Rejects with an AppError, or when `signal` aborts. `by` reads it instead of the session's own worker.
	 */
	analyseStill(grab: () => Promise<ImageBitmap>, signal: AbortSignal, by?: SideWorker): Promise<FrameResult> {
		const options = { timeMs: this.#now(), still: true, smallestFacePx: SMALLEST_IN_STILLS_PX };
		return this.#analyse(grab, options, signal, by);
	}

	/** What one look at a picture finds for sure, to be shown while it is searched; otherwise like `analyseStill`. */
	glanceAtStill(grab: () => Promise<ImageBitmap>, signal: AbortSignal): Promise<FrameResult> {
		return this.#analyse(grab, { timeMs: this.#now(), still: true, smallestFacePx: null }, signal);
	}

	/**
	 * The faces of the next frame of a recording, tracked and smoothed on its own clock (`timeMs`); otherwise like
	 * `analyseStill`. Call `beginFilm` before the first one.
	 */
	analyseFilm(
		grab: () => Promise<GrabbedFrame>,
		options: Pick<FrameOptions, 'timeMs' | 'smallestFacePx'>,
		signal: AbortSignal
	): Promise<FrameResult> {
		return this.#analyse(grab, { ...options, still: false }, signal);
	}

	/** Forgets the faces of what was looked at before; their ids are not used again. */
	beginFilm(): void {
		this.#analyser.reset();
	}

	async #analyse(
		grab: () => Promise<GrabbedFrame>,
		options: FrameOptions,
		signal: AbortSignal,
		analyser: Pick<SessionAnalyser, 'busy' | 'analyse'> = this.#analyser
	): Promise<FrameResult> {
		// If loading failed, this waits for another try: show the error again, as the visitor may have dismissed it.
		this.#notice ??= this.#loadError;
		for (;;) {
			signal.throwIfAborted();
			if (this.#engine.kind === 'ready' && !analyser.busy) {
				const picture = await grab();
				if (signal.aborted) picture.close();
				signal.throwIfAborted();
				const result = await analyser.analyse(picture, options);
				if (result !== null) return result;
			}
			await sleep(RETRY_MS);
		}
	}

	/**
	 * Looks at this face for three seconds (REST_MS), while it is at rest, and from then on reads it relative to that;
	 * see Reading.rest. Forgotten when the face leaves the view, the source is closed, or labels come to count
	 * differently.
	 */
	learnRest(faceId: number): void {
		this.#analyser.rest(faceId, true);
	}

	/** Reads this face like any other again. */
	forgetRest(faceId: number): void {
		this.#analyser.rest(faceId, false);
	}

	/** Which parts of a face (FaceResult.input) speak for its label. Rejects with an AppError. */
	explain(input: Uint8Array): Promise<Explanation> {
		if (this.#modelId === null) return Promise.reject(new AppError('analysis-failed', 'No model is running'));
		return this.#analyser.explain(this.#modelId, input);
	}

	/** Live tensors in the worker: for diagnostics. */
	stats(): ReturnType<SessionAnalyser['stats']> {
		return this.#analyser.stats();
	}

	dispose(): void {
		this.close();
		this.#analyser.dispose();
	}

	#receive(event: AnalyserEvent): void {
		switch (event.type) {
			case 'progress': {
				const progress = event.total > 0 ? Math.min(1, event.loaded / event.total) : null;
				// While other models run, loading is shown next to them.
				if (this.#engine.kind === 'ready') this.#switching = this.#switching && { ...this.#switching, progress };
				else {
					this.#loading = advance(this.#loading, event.stage, progress);
					this.#engine = { kind: 'loading', progress: shareOf(this.#loading) };
				}
				break;
			}
			case 'ready':
				this.#manifest = event.manifest;
				this.#backend = event.backend;
				this.#endRestart();
				void this.configure();
				break;
			case 'restarting':
				this.#beginLoading();
				this.#restartError = event.error;
				this.#notice = event.error;
				break;
			case 'fatal':
				this.#restartError = null;
				this.#engine = { kind: 'failed', error: event.error };
				this.#notice = event.error;
				break;
			default:
				event satisfies never;
		}
	}

	#beginLoading(): void {
		this.#loading = NOT_LOADED;
		this.#engine = { kind: 'loading', progress: 0 };
	}

	#endRestart(): void {
		const error = this.#restartError;
		if (error === null) return;
		this.#restartError = null;
		setTimeout(() => {
			if (this.#notice === error) this.#notice = null;
		}, RESTART_TOLD_MS);
	}

	#wantedModel(): string | null {
		if (this.#manifest === null) return null;
		const { modelId } = this.#settings.current;
		const known = this.classifiers.some(({ id }) => id === modelId);
		return known ? modelId : this.#manifest.default;
	}

	#analyseSource(): void {
		if (this.#view.kind !== 'open' || this.#modelId === null) return;
		const { source } = this.#view;
		if (source.live && this.#pumped === source) return;
		this.#pumped = source;
		this.#far = 'unknown';
		this.#faceSeenMs = this.#now();
		void this.#pump(source, this.#opened.signal);
	}

	/**
	 * One frame in flight: the next is grabbed when the result of the last has arrived. A still is grabbed until it is
	 * read; what a glance finds for sure is shown until it has been searched, which takes many times as long.
	 */
	async #pump(source: FrameSource, signal: AbortSignal): Promise<void> {
		const pump = ++this.#pumps;
		const isCurrent = () => !signal.aborted && pump === this.#pumps;
		let isRead = false;
		let isGlance = !source.live && this.#result === null;
		while (isCurrent() && (source.live || !isRead)) {
			try {
				// If a still was dropped, another frame is under way, or the worker is starting.
				while (!source.live && this.#analyser.busy && isCurrent()) await sleep(RETRY_MS);
				const picture = await source.grab();
				if (picture === null) return;
				if (!isCurrent()) {
					picture.close();
					return;
				}
				const smallestFacePx = isGlance ? null : this.#smallestFacePx(source);
				const options = { timeMs: this.#now(), still: !source.live, smallestFacePx, hurried: source.live };
				const result = await this.#analyser.analyse(picture, options);
				if (result === null) continue;
				isRead = !isGlance;
				// If a glance finds no face, that means little.
				if (isCurrent() && (isRead || result.faces.length > 0)) {
					this.#isGlance = isGlance;
					this.#show(result, source.live);
				}
				isGlance = false;
			} catch (thrown) {
				isRead = true;
				if (!isCurrent()) continue;
				this.#isGlance = false;
				const error = toAppError(thrown, 'analysis-failed');
				// Near faces are also found without the far detector.
				if (isSearched(this.#far) && error.code.startsWith('model-')) this.#far = 'impossible';
				else this.#notice = error;
			}
		}
	}

	/** A still is searched at once; a live picture as the settings say or, by default, as `far-search.ts` decides. */
	#smallestFacePx(source: FrameSource): number | null {
		const { smallestFacePx } = this.#settings.current;
		if (!source.live || smallestFacePx !== null) return source.live ? smallestFacePx : SMALLEST_IN_STILLS_PX;
		return isSearched(this.#far) ? SEARCHED_PX : null;
	}

	#show(result: FrameResult, live: boolean): void {
		const nowMs = this.#now();
		this.#takeOver?.();
		this.#result = result;
		if (result.faces.length > 0) this.#faceSeenMs = nowMs;
		if (live) this.#far = farSearchAfter(this.#far, result, nowMs - this.#faceSeenMs);
		this.#meter = measure(this.#meter, result.times, nowMs);
		if (nowMs - this.#shownAtMs >= METER_EVERY_MS) {
			this.#shownMeter = this.#meter;
			this.#shownAtMs = nowMs;
			this.#measureModels(result);
		}
		this.#agreement = countAgreement(this.#agreement, result, this.models);
		if (this.shownModel === null) return;
		const sentence = describeFaces(result, this.shownModel);
		this.#announcer = live ? announce(this.#announcer, sentence, nowMs) : { ...SILENT, spoken: sentence };
	}

	/** Milliseconds per face by model: the time for several faces is divided among them. */
	#measureModels({ faces, times }: FrameResult): void {
		if (faces.length === 0) return;
		const perFace = Object.entries(times.classify).map(([id, ms]) => [id, ms / faces.length] as const);
		this.#faceMs = { ...this.#faceMs, ...Object.fromEntries(perFace) };
	}

	#failSource(error: AppError): void {
		this.#leaveSource();
		this.#view = { kind: 'failed', error };
		this.#notice = error;
	}

	#leaveSource(): void {
		this.#opened.abort();
		this.#takeOver?.();
		this.#opened = new AbortController();
		this.#pumped = null;
		this.#isGlance = false;
		this.#result = null;
		this.#meter = EMPTY_METER;
		this.#shownMeter = EMPTY_METER;
		this.#shownAtMs = -Infinity;
		this.#announcer = SILENT;
		this.#agreement = NO_AGREEMENT;
	}
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
