/** A kiosk: a session that starts by itself, is supervised, and counts what it sees. */
import { untrack } from 'svelte';
import type { FrameResult } from '../../core/types';
import type { ErrorCode } from '../../errors';
import { FramedSource } from '../../sources/framed';
import { GatewaySource, type GatewayReport } from '../../sources/gateway';
import { TRANSPORT_TITLES } from '../../sources/gateway-routes';
import { Pace } from '../../sources/pace';
import type { Login } from '../../sources/request';
import type { Size } from '../../sources/scale';
import { createSource } from '../../sources/stream';
import type { App } from '../app';
import { DEFAULT_SETTINGS } from '../settings.svelte';
import { sourceName } from './cameras';
import type { KioskControls } from './commands';
import type { KioskConfig } from './config';
import { onErasure } from './erasure';
import type { IncidentCounts } from './incidents';
import type { KioskLog } from './log.svelte';
import { MINUTE_MS, minuteOf } from './minutes';
import { reportMetrics } from './metrics';
import type { Publisher } from './publisher.svelte';
import { loggedFace, newToRest, type ReadingRules } from './reading';
import { type Incident, type Observation, supervise, UNWATCHED, type Watch } from './supervise';
import { frameIntervalMs, noteFrame, UNTHROTTLED } from './throttle';
import { takeTurns } from './turns';
import { Vitals } from './vitals';
import { keepAwake } from './wake-lock';

/** Faces are searched for down to this share of the smallest size read: near its limit, a search misses some. */
const SEARCHED_SHARE = 0.75;
/** As many as the detector gives: faces that are not read would not be hidden either. */
const MAX_FACES = 32;
/** Incidents up to this long before this page's turn are counted; another page has counted older ones. */
const EARLY_MS = 10_000;
const TICK_MS = 250;
const ALONE_MS = 5000;
/** How often a page that does not count reads what another one counted. */
const READ_MS = 10_000;

/** How often a broker is told how the kiosk runs. */
const DIAGNOSE_EVERY_MS = 30_000;
/** For the server's metrics: up if the last result is no older than this. */
const UP_MS = 10_000;

/** Failures that the analysis recovers from by itself. */
const RECOVERING: ReadonlySet<ErrorCode> = new Set(['gpu-lost', 'worker-died', 'worker-timeout']);

export interface KioskOptions {
	readonly app: Pick<App, 'session' | 'settings'>;
	readonly config: KioskConfig;
	/** Asked each time the source is opened: logins may be changed while the kiosk runs. */
	readonly login: () => Login | null;
	/** STUN and TURN servers, with their logins. */
	readonly ice: () => readonly RTCIceServer[];
	readonly log: KioskLog;
	readonly incidents: IncidentCounts;
	/** Null without a broker. */
	readonly publisher: Pick<Publisher, 'run' | 'describe' | 'forget' | 'occupancy' | 'diagnose' | 'alive'> | null;
	/** Where the page reports its figures, and under which name; null if it does not. */
	readonly metrics: { readonly url: string; readonly kiosk: string } | null;
	/** Ends the worker and starts another one. */
	readonly restartWorker: () => void;
	/** Saves what should be kept, then reloads the page if possible; remembers when. */
	readonly reloader: { readonly reloadedMs: number; reload(save: () => Promise<void>): Promise<void> };
}

export class Kiosk implements KioskControls {
	watch: Watch = $state.raw(UNWATCHED);
	/** Time of the last tick, in milliseconds of the steady clock. */
	nowMs = $state(0);
	/** When a face was last in view, or the kiosk started. */
	lastFaceMs = $state(0);
	/** False while another page in this browser counts for the same source, such as next to a preview. */
	isCounting = $state(true);
	/** Which way to a gateway's camera is in use; null for other sources. */
	gateway: GatewayReport | null = $state.raw(null);
	/** Whether the device has become slow. */
	throttle = $state.raw(UNTHROTTLED);
	/** What is shown: as in the address, unless a command said otherwise. */
	shown: KioskConfig['show'] = $state('video');
	isPaused = $state(false);
	/** Size of the picture on the screen, in device pixels. */
	room: Size = { width: Infinity, height: Infinity };
	readonly config: KioskConfig;
	#vitals = new Vitals(0, 0);
	#isOccupied = false;
	#isAlive = true;
	#diagnosedMs = -Infinity;
	#gatewaySource: GatewaySource | null = null;
	/** The source's pace, kept across retries. */
	readonly #pace = new Pace();
	readonly #options: KioskOptions;
	readonly #stopped = new AbortController();
	#results = 0;
	#run = 0;
	#runOf: readonly unknown[] = [];
	#readMs = -Infinity;
	/** Incidents from before this page's turn to count: it may come any moment, or another page may be counting. */
	#early: { readonly incident: Incident; readonly wallMs: number }[] = [];
	readonly #turn = firstTurn();

	constructor(options: KioskOptions) {
		this.#options = options;
		this.config = options.config;
		this.shown = options.config.show;
	}

	reload(): void {
		const { reloader, log } = this.#options;
		void reloader.reload(() => log.flush());
	}

	restartWorker(): void {
		this.#options.restartWorker();
	}

	show(what: KioskConfig['show']): void {
		this.shown = what;
	}

	nextSource(): void {
		if (this.isPaused) return;
		if (this.#gatewaySource === null) this.#openSource();
		else this.#gatewaySource.giveUpWay();
	}

	pause(): void {
		this.isPaused = true;
		this.#gatewaySource = null;
		this.#options.app.session.close();
	}

	resume(): void {
		if (!this.isPaused) return;
		this.isPaused = false;
		this.#openSource();
	}

	/** How faces are read; null until there is a model. */
	readonly rules: ReadingRules | null = $derived.by(() => {
		const { shownModel } = this.#options.app.session;
		if (shownModel === null) return null;
		const { id, labels, unsureBelow } = shownModel;
		return { modelId: id, labels, minFacePx: this.config.minFacePx, threshold: unsureBelow };
	});

	/** Nobody has been in view for some seconds. */
	readonly isAlone: boolean = $derived.by(() => this.nowMs - this.lastFaceMs > ALONE_MS);
	/** End of the current minute, by the wall clock. */
	minuteEndMs = $state(0);

	readonly isIdle: boolean = $derived.by(() => {
		const { idleMinutes } = this.config;
		return idleMinutes > 0 && this.nowMs - this.lastFaceMs > idleMinutes * 60_000;
	});

	/** Opens the source and supervises everything, until the returned function is called. */
	start(): () => void {
		const { app, config, log, incidents, publisher } = this.#options;
		const { signal } = this.#stopped;
		app.settings.override({
			modelId: config.model,
			unsureBelow: config.threshold,
			smallestFacePx: SEARCHED_SHARE * config.minFacePx,
			maxFaces: MAX_FACES,
			// Only the address counts here, not what a visitor changed on this browser's live page.
			minConfidence: DEFAULT_SETTINGS.minConfidence,
			smoothingMs: DEFAULT_SETTINGS.smoothingMs,
			prior: DEFAULT_SETTINGS.prior,
			theme: 'dark'
		});
		this.nowMs = performance.now();
		this.lastFaceMs = this.nowMs;
		this.#vitals = new Vitals(this.nowMs, 1000 * config.occupiedSeconds);
		publisher?.occupancy(false);
		keepAwake(signal);
		this.isCounting = false;
		// Two regions of one picture count as two kiosks.
		const { source, region } = config;
		takeTurns(`mien.kiosk ${JSON.stringify(region === null ? source : [source, region])}`, () => this.#count(), signal);
		onErasure(() => {
			log.forget();
			incidents.clear();
			publisher?.forget();
		}, signal);
		this.#openSource();
		if (this.#options.metrics !== null) {
			const { url, kiosk } = this.#options.metrics;
			const sample = () => ({
				arrived: app.session.source?.arrived ?? null,
				analysed: this.#results,
				inferenceMs: app.session.meter.times?.total ?? null,
				faces: app.session.result?.faces.length ?? 0,
				incidents: this.#incidentCount(),
				heapMb: heapMb(),
				up: performance.now() - this.#vitals.resultMs < UP_MS
			});
			reportMetrics(url, kiosk, sample, signal);
		}
		let left = false;
		// A page that is being left sees its connections end, which is no incident.
		const tick = () => {
			if (!left) this.#tick();
		};
		const timer = setInterval(tick, TICK_MS);
		// Timers of hidden pages fire once a minute: catch up at once.
		document.addEventListener(
			'visibilitychange',
			() => {
				// A page is also hidden after it has been left, when a database write would not finish in time.
				if (!left) void log.flush().then(tick);
			},
			{ signal }
		);
		window.addEventListener(
			'pagehide',
			() => {
				left = true;
				log.leave();
			},
			{ signal }
		);
		window.addEventListener('pageshow', () => (left = false), { signal });
		const stopWatching = $effect.root(() => {
			$effect(() => {
				const { result } = app.session;
				// Once for each result, even if other state that counting reads changes.
				untrack(() => this.#saw(result));
			});
			$effect(() => {
				if (app.session.model !== null) publisher?.describe(app.session.model.labels);
			});
		});
		return () => {
			clearInterval(timer);
			stopWatching();
			this.#stopped.abort();
			app.session.close();
			app.settings.override({});
		};
	}

	/** Counts from now on, and tells the broker, until the returned function is called. */
	#count(): () => Promise<void> {
		const { log, publisher } = this.#options;
		const ended = new AbortController();
		const wallMs = Date.now();
		void log.restore(wallMs).then(() => log.prune(wallMs));
		const published = publisher?.run(ended.signal);
		this.isCounting = true;
		for (const each of this.#early) this.#countIncident(each.incident, each.wallMs);
		this.#early = [];
		this.#turn.resolve();
		return async () => {
			this.isCounting = false;
			await log.flush();
			ended.abort();
			await published;
		};
	}

	#openSource(): void {
		const { app, config, login, ice } = this.#options;
		const { lowMemory } = config;
		const onReport = (report: GatewayReport) => (this.gateway = report);
		void app.session.open(() => {
			const source = createSource(config.source, { login: login(), ice: ice(), lowMemory, onReport, pace: this.#pace });
			this.#gatewaySource = source instanceof GatewaySource ? source : null;
			return new FramedSource(source, config, {
				mirrored: config.mirror,
				everyMs: () => frameIntervalMs(this.throttle, config.fps),
				room: () => (this.shown === 'figures' ? null : this.room)
			});
		});
	}

	#saw(result: FrameResult | null): void {
		if (result === null) return;
		const { app, log } = this.#options;
		this.#results++;
		this.throttle = noteFrame(this.throttle, result.times.detect, performance.now());
		const runOf = [app.session.source, app.session.backend];
		if (runOf.some((part, index) => part !== this.#runOf[index])) {
			this.#runOf = runOf;
			this.#run++;
		}
		const nowMs = performance.now();
		const hasFace = result.faces.length > 0;
		this.#vitals.saw(nowMs, hasFace);
		if (hasFace) this.lastFaceMs = nowMs;
		this.#tellVitals(nowMs);
		const { rules } = this;
		if (rules === null) return;
		if (this.config.resting) {
			for (const faceId of newToRest(result.faces, rules)) app.session.learnRest(faceId);
		}
		if (!this.isCounting) return;
		log.frame({
			wallMs: Date.now(),
			steadyMs: result.timeMs,
			run: this.#run,
			faces: result.faces.map((face) => loggedFace(face, rules))
		});
	}

	#tick(): void {
		const { app, config, log, reloader } = this.#options;
		const { session } = app;
		const seen = this.#observe();
		const { watch, action, incidents } = supervise(this.watch, seen, {
			memoryMb: config.memoryMb,
			reloadedMs: reloader.reloadedMs
		});
		this.watch = watch;
		this.nowMs = seen.nowMs;
		this.minuteEndMs = minuteOf(seen.wallMs) + MINUTE_MS;
		if (this.isCounting) {
			log.tick(seen.wallMs);
			for (const incident of incidents) this.#countIncident(incident, seen.wallMs);
		} else {
			const happened = incidents.map((incident) => ({ incident, wallMs: seen.wallMs }));
			this.#early = [...this.#early, ...happened].filter(({ wallMs }) => seen.wallMs - wallMs < EARLY_MS);
		}
		if (!this.isCounting && seen.nowMs - this.#readMs > READ_MS) {
			this.#readMs = seen.nowMs;
			void log.restore(seen.wallMs);
		}
		this.#tellVitals(seen.nowMs);
		this.#tellDiagnostics(seen);
		// One damaged picture is no reason to stop.
		if (session.notice?.code === 'analysis-failed') session.dismissNotice();
		switch (action) {
			case 'open-source':
				this.#openSource();
				break;
			case 'load-engine':
				void session.load();
				break;
			case 'reload-page':
				// On a slow machine this page's turn may not have come yet: wait, so that the cause is counted first.
				void reloader.reload(() => this.#turn.promise.then(() => log.flush()));
				break;
			case 'none':
		}
	}

	/** Tells the broker at once what changed. */
	#tellVitals(nowMs: number): void {
		const { publisher } = this.#options;
		const isOccupied = this.#vitals.isOccupied(nowMs);
		if (isOccupied !== this.#isOccupied) publisher?.occupancy(isOccupied);
		this.#isOccupied = isOccupied;
		const isAlive = this.#vitals.isAlive(nowMs, this.isPaused);
		if (isAlive !== this.#isAlive) publisher?.alive(isAlive);
		this.#isAlive = isAlive;
	}

	/** Tells the broker now and then how the kiosk runs. */
	#tellDiagnostics({ nowMs, heapMb: memoryMb }: Observation): void {
		const { app, publisher } = this.#options;
		if (publisher === null || nowMs - this.#diagnosedMs < DIAGNOSE_EVERY_MS) return;
		this.#diagnosedMs = nowMs;
		const { fps } = app.session.meter;
		const { source } = this.config;
		const transport = this.gateway?.transport ?? null;
		publisher.diagnose({
			fps: fps === null ? null : Number(fps.toFixed(1)),
			source: sourceName(source),
			transport: transport === null ? null : TRANSPORT_TITLES[transport],
			memoryMb: memoryMb === null ? null : Math.round(memoryMb),
			incidents: this.#incidentCount(),
			paused: this.isPaused,
			slow: this.throttle.isSlow
		});
	}

	#incidentCount(): number {
		return Object.values(this.#options.incidents.counts).reduce((sum, count) => sum + count, 0);
	}

	#countIncident(incident: Incident, wallMs: number): void {
		this.#options.log.incident(incident, wallMs);
		this.#options.incidents.add(incident);
	}

	#observe(): Observation {
		const { session } = this.#options.app;
		const { status, restartError } = session;
		const opening = status.kind === 'requesting-camera' || status.kind === 'opening-stream';
		const failed = status.kind === 'failed' && session.source === null;
		return {
			nowMs: performance.now(),
			wallMs: Date.now(),
			source: session.source !== null ? 'open' : opening ? 'opening' : failed ? 'failed' : 'none',
			error: status.kind === 'failed' ? status.error.code : null,
			engine: session.loadFailed ? 'failed' : 'up',
			recovering: restartError !== null && RECOVERING.has(restartError.code) ? restartError.code : null,
			results: this.#results,
			visible: document.visibilityState === 'visible',
			patienceMs: Math.max(this.#pace.firstLimitMs, this.#pace.nextLimitMs),
			heapMb: heapMb(),
			random: Math.random()
		};
	}
}

/** A promise of this page's first turn to count. */
function firstTurn(): { readonly promise: Promise<void>; readonly resolve: () => void } {
	let resolve = (): void => undefined;
	const promise = new Promise<void>((settle) => (resolve = settle));
	return { promise, resolve };
}

/** Megabytes that the page's scripts hold; null if the browser does not tell (Chromium does). */
function heapMb(): number | null {
	const { memory } = performance as Performance & { readonly memory?: { readonly usedJSHeapSize: number } };
	return memory === undefined ? null : memory.usedJSHeapSize / 1e6;
}
