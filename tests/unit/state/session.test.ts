import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AnalyserEvent } from '../../../src/lib/client/analyser';
import type { FrameResult } from '../../../src/lib/core/types';
import { AppError } from '../../../src/lib/errors';
import type { Manifest } from '../../../src/lib/manifest';
import type { FrameOptions, WorkerSettings } from '../../../src/lib/protocol';
import type { FrameSource } from '../../../src/lib/sources/source';
import { Session, type SessionAnalyser } from '../../../src/lib/state/session.svelte';
import { Settings } from '../../../src/lib/state/settings.svelte';

const MANIFEST = {
	default: 'mien',
	models: [
		{ id: 'mien', labels: ['happy', 'sad'], input: { size: 48 }, priorRatio: { photo: [1, 2], live: [1, 3] } },
		{ id: 'other', labels: ['happy', 'sad'], input: { size: 48 }, unsureBelow: 0.62 }
	]
} as unknown as Manifest;

const READY: Extract<AnalyserEvent, { type: 'ready' }> = {
	type: 'ready',
	backend: { chosen: 'wasm', reason: '', trials: [], threads: 1 },
	manifest: MANIFEST
};

function resultOf(faceIds: readonly number[]): FrameResult {
	const reading = { scores: [1, 0], smoothed: [1, 0], top: 0 };
	const faces = faceIds.map((id) => ({ id, readings: { mien: reading, other: reading } }));
	const times = { read: 1, detect: 1, crop: 1, classify: {}, total: 3 };
	return { width: 4, height: 3, timeMs: 0, faces, times } as unknown as FrameResult;
}

/** A promise that the test settles. */
function deferred<T>() {
	let resolve: (value: T) => void = () => undefined;
	let reject: (error: unknown) => void = () => undefined;
	const promise = new Promise<T>((...settle) => ([resolve, reject] = settle));
	return { promise, resolve, reject };
}

class FakeAnalyser implements SessionAnalyser {
	emit: (event: AnalyserEvent) => void = () => undefined;
	configured: WorkerSettings[] = [];
	configure = vi.fn((settings: WorkerSettings): Promise<void> => {
		this.configured.push(settings);
		return Promise.resolve();
	});
	#started = false;
	inFlight = 0;
	get busy(): boolean {
		return this.inFlight > 0;
	}
	mostInFlight = 0;
	/** Pending analyses, for the test to settle. */
	frames: {
		still: boolean;
		smallestFacePx: number | null;
		hurried: boolean | undefined;
		resolve: (result: FrameResult | null) => void;
		reject: (error: unknown) => void;
	}[] = [];
	disconnect = () => undefined;
	connect = () => Promise.reject(new AppError('worker-died', 'no worker'));
	explain = () => Promise.reject(new AppError('worker-died', 'not in these tests'));
	rest = vi.fn();
	reset = vi.fn();
	dispose = vi.fn();
	stats = () => Promise.resolve({ tensors: 0, tensorBytes: 0 });

	/** As in the real one, a running worker does not become ready again. */
	start() {
		if (!this.#started) this.emit(READY);
		this.#started = true;
		return Promise.resolve({ backend: READY.backend, manifest: MANIFEST });
	}

	startAnew() {
		this.#started = false;
		return this.start();
	}

	async analyse(bitmap: ImageBitmap, { still, smallestFacePx, hurried }: FrameOptions) {
		bitmap.close();
		const { promise, resolve, reject } = deferred<FrameResult | null>();
		this.frames.push({ still, smallestFacePx, hurried, resolve, reject });
		this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
		try {
			return await promise;
		} finally {
			this.inFlight--;
		}
	}
}

class FakeSource implements FrameSource {
	readonly element = null;
	readonly mirrored = false;
	onend: ((error: AppError) => void) | null = null;
	started = deferred<undefined>();
	stopped = false;
	openBitmaps = 0;

	constructor(
		readonly live: boolean,
		readonly kind: 'camera' | 'photo' = live ? 'camera' : 'photo'
	) {}

	start(): Promise<void> {
		return this.started.promise;
	}

	async grab() {
		await Promise.resolve();
		if (this.stopped) return null;
		this.openBitmaps++;
		return { close: () => this.openBitmaps-- } as unknown as ImageBitmap;
	}

	stop() {
		this.stopped = true;
	}
}

function setUp(options: { ready?: boolean } = {}) {
	const analyser = new FakeAnalyser();
	const settings = new Settings(null);
	let nowMs = 0;
	const session = new Session({
		createAnalyser: (onEvent) => {
			analyser.emit = onEvent;
			return analyser;
		},
		settings,
		now: () => (nowMs += 500)
	});
	if (options.ready ?? true) void session.load();
	const opened = async (source: FakeSource) => {
		source.started.resolve(undefined);
		await session.open(() => source);
		return source;
	};
	/** Settles the pending analysis, once there is one. */
	const answer = async (result: FrameResult | null) => {
		await vi.waitFor(() => expect(analyser.frames.length).toBeGreaterThan(0));
		analyser.frames.shift()?.resolve(result);
	};
	return { analyser, settings, session, opened, answer };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

afterEach(() => {
	vi.useRealTimers();
});

describe('a session that loads', () => {
	it('reports its progress, then is idle', async () => {
		const { analyser, session } = setUp({ ready: false });
		analyser.emit({ type: 'progress', stage: 'model', loaded: 1, total: 4 });
		expect(session.status).toMatchObject({ kind: 'loading', progress: expect.closeTo(0.16, 1) as number });
		void session.load();
		await settled();
		expect(session.status).toEqual({ kind: 'idle' });
		expect(session.model?.id).toBe('mien');
	});

	it('falls back to the default if the remembered model is gone', async () => {
		const { analyser, session, settings } = setUp({ ready: false });
		settings.update({ modelId: 'removed' });
		await session.load();
		expect(analyser.configured.map(({ models }) => models)).toEqual([['mien']]);
	});

	it('fails with the reason, and can be retried', async () => {
		const { analyser, session } = setUp({ ready: false });
		const error = new AppError('manifest-unreachable', 'status 404');
		analyser.emit({ type: 'fatal', error });
		expect(session.status).toEqual({ kind: 'failed', error });
		expect(session.notice).toBe(error);
		expect(session.loadFailed).toBe(true);
		await session.load();
		await settled();
		expect(session.status.kind).toBe('idle');
		expect(session.notice).toBeNull();
	});

	it('repeats a dismissed error with the next thing brought to it', async () => {
		const { analyser, session } = setUp({ ready: false });
		const error = new AppError('model-unreachable', 'status 404');
		analyser.emit({ type: 'fatal', error });
		session.close();
		expect(session.notice).toBe(error);
		session.dismissNotice();
		const cancelled = new AbortController();
		const waiting = session.analyseStill(() => Promise.reject(error), cancelled.signal);
		expect(session.notice).toBe(error);
		cancelled.abort(error);
		await expect(waiting).rejects.toBe(error);
	});

	it('retries a model that could not be loaded at first', async () => {
		const { analyser, session } = setUp({ ready: false });
		const error = new AppError('model-unreachable', 'status 404');
		analyser.configure.mockRejectedValueOnce(error);
		await session.load();
		await settled();
		expect(session.status).toEqual({ kind: 'failed', error });
		expect(session.loadFailed).toBe(true);
		const restart = vi.spyOn(analyser, 'startAnew');
		await session.load();
		await settled();
		// The list may be outdated too.
		expect(restart).toHaveBeenCalledOnce();
		expect(session.status.kind).toBe('idle');
		expect(session.notice).toBeNull();
		expect(session.model?.id).toBe('mien');
	});

	it('continues once the worker is restarted', async () => {
		const { analyser, session, opened } = setUp();
		await settled();
		await opened(new FakeSource(true));
		analyser.emit({ type: 'restarting', error: new AppError('worker-died', '') });
		expect(session.status.kind).toBe('loading');
		expect(session.notice?.code).toBe('worker-died');
		expect(session.restartError?.code).toBe('worker-died');
		analyser.emit(READY);
		await settled();
		expect(session.status.kind).toBe('running');
		expect(session.restartError).toBeNull();
		session.close();
	});

	it('shows a restart long enough to be read, even if the worker is back at once', async () => {
		const { analyser, session } = setUp();
		await settled();
		vi.useFakeTimers();
		const restart = () => {
			analyser.emit({ type: 'restarting', error: new AppError('worker-died', '') });
			analyser.emit(READY);
		};
		restart();
		vi.advanceTimersByTime(5000);
		expect(session.notice?.code).toBe('worker-died');
		// Another one, which the end of the first does not clear.
		restart();
		vi.advanceTimersByTime(5000);
		expect(session.notice?.code).toBe('worker-died');
		vi.advanceTimersByTime(5000);
		expect(session.notice).toBeNull();
	});
});

describe('a live source in a session', () => {
	it('is searched for far faces if a page sets their size, and gets a single look otherwise', async () => {
		const { analyser, session, settings, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(true));
		await vi.waitFor(() => expect(analyser.frames[0]?.smallestFacePx).toBeNull());
		settings.override({ smallestFacePx: 32 });
		await answer(null);
		await vi.waitFor(() => expect(analyser.frames[0]?.smallestFacePx).toBe(32));
		session.close();
	});

	it('asks for the camera, runs, and has one frame in flight', async () => {
		const { analyser, session, answer } = setUp();
		await settled();
		const source = new FakeSource(true);
		const opening = session.open(() => source);
		expect(session.status.kind).toBe('requesting-camera');
		source.started.resolve(undefined);
		await opening;
		expect(session.status.kind).toBe('running');
		for (let count = 1; count <= 5; count++) await answer(resultOf([count]));
		await vi.waitFor(() => expect(session.result?.faces[0]?.id).toBe(5));
		expect(analyser.mostInFlight).toBe(1);
		expect(session.meter.fps).toBeGreaterThan(0);
		session.close();
	});

	it('keeps the last result when a frame is dropped or fails', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(true));
		await answer(resultOf([7]));
		await answer(null);
		await vi.waitFor(() => expect(analyser.frames).toHaveLength(1));
		analyser.frames.shift()?.reject(new AppError('analysis-failed', ''));
		await vi.waitFor(() => expect(session.notice?.code).toBe('analysis-failed'));
		expect(session.result?.faces[0]?.id).toBe(7);
		await answer(resultOf([8]));
		await vi.waitFor(() => expect(session.result?.faces[0]?.id).toBe(8));
		session.close();
	});

	it('waits for the model before taking the first frame', async () => {
		const { analyser, session, opened } = setUp({ ready: false });
		const source = await opened(new FakeSource(true));
		await settled();
		expect(analyser.frames).toHaveLength(0);
		expect(session.status.kind).toBe('loading');
		await session.load();
		await vi.waitFor(() => expect(analyser.frames).toHaveLength(1));
		session.close();
		expect(source.stopped).toBe(true);
	});

	it('releases the camera and every bitmap when closed, and shows no late result', async () => {
		const { session, opened, answer } = setUp();
		await settled();
		const source = await opened(new FakeSource(true));
		session.close();
		await answer(resultOf([1])).catch(() => undefined);
		await settled();
		expect(source.stopped).toBe(true);
		expect(source.openBitmaps).toBe(0);
		expect(session.result).toBeNull();
		expect(session.status.kind).toBe('idle');
	});

	it('is stopped if it opens after it was given up', async () => {
		const { session } = setUp();
		await settled();
		const source = new FakeSource(true);
		const opening = session.open(() => source);
		session.close();
		source.started.resolve(undefined);
		await opening;
		expect(source.stopped).toBe(true);
		expect(session.status.kind).toBe('idle');
	});
});

describe('failures of a source in a session', () => {
	it('are reported, and nothing is left open', async () => {
		const { session } = setUp();
		await settled();
		const source = new FakeSource(true);
		source.started.reject(new AppError('camera-denied', ''));
		await session.open(() => source);
		expect(session.status).toMatchObject({ kind: 'failed', error: { code: 'camera-denied' } });
		expect(session.notice?.code).toBe('camera-denied');
		expect(source.stopped).toBe(true);
	});

	it('get a fitting code if they are not an AppError', async () => {
		const { session } = setUp();
		const source = new FakeSource(false);
		source.started.reject(new TypeError('odd'));
		await session.open(() => source);
		expect(session.notice?.code).toBe('picture-unreadable');
	});

	it('end when a device appears if the camera was lost, but not if it was denied', async () => {
		const { session, opened } = setUp();
		await settled();
		const made: FakeSource[] = [];
		const make = () => {
			const source = new FakeSource(true);
			source.started.resolve(undefined);
			made.push(source);
			return source;
		};
		await session.open(make);
		made[0]?.onend?.(new AppError('camera-lost', ''));
		expect(session.status).toMatchObject({ kind: 'failed', error: { code: 'camera-lost' } });
		session.devicesChanged();
		await vi.waitFor(() => expect(session.status.kind).toBe('running'));
		expect(made).toHaveLength(2);
		expect(session.notice).toBeNull();

		const denied = new FakeSource(true);
		denied.started.reject(new AppError('camera-denied', ''));
		await session.open(() => denied);
		session.devicesChanged();
		expect(session.status.kind).toBe('failed');
		await opened(new FakeSource(false));
	});
});

describe('a still in a session', () => {
	it('gets a glance, then one search as a still, and is read out at once', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(false));
		expect(session.status.kind).toBe('analysing');
		await vi.waitFor(() => expect(analyser.frames[0]).toMatchObject({ still: true, smallestFacePx: null }));
		await answer(resultOf([1]));
		await vi.waitFor(() => expect(analyser.frames[0]).toMatchObject({ still: true, smallestFacePx: 16 }));
		expect(session.result?.faces).toHaveLength(1);
		expect(session.status.kind).toBe('searching');
		await answer(resultOf([1, 2]));
		await vi.waitFor(() => expect(session.status.kind).toBe('done'));
		expect(session.result?.faces).toHaveLength(2);
		await settled();
		expect(analyser.frames).toHaveLength(0);
		expect(session.announcement).toBe('Face 1: happy, face 2: happy.');
	});

	it('is analysed again if it was dropped', async () => {
		const { session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(false));
		for (const result of [null, resultOf([1]), null, resultOf([1])]) await answer(result);
		await vi.waitFor(() => expect(session.status.kind).toBe('done'));
	});

	it('is not said to have no faces before it was searched', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(false));
		await answer(resultOf([]));
		await vi.waitFor(() => expect(analyser.frames[0]?.smallestFacePx).toBe(16));
		expect(session.result).toBeNull();
		await answer(resultOf([]));
		await vi.waitFor(() => expect(session.status.kind).toBe('done'));
		expect(session.result?.faces).toEqual([]);
	});

	it('keeps what a glance found if the search fails, and says why', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(false));
		await answer(resultOf([1]));
		await vi.waitFor(() => expect(analyser.frames[0]?.smallestFacePx).toBe(16));
		analyser.frames.shift()?.reject(new AppError('model-unreachable', 'far'));
		await vi.waitFor(() => expect(session.status.kind).toBe('done'));
		expect(session.result?.faces).toHaveLength(1);
		expect(session.notice?.code).toBe('model-unreachable');
	});

	it('waits for the frame of the previous camera, which is not shown', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(true));
		await vi.waitFor(() => expect(analyser.frames).toHaveLength(1));
		session.close();
		await opened(new FakeSource(false));
		await settled();
		expect(analyser.frames.map(({ still }) => still)).toEqual([false]);
		await answer(resultOf([1]));
		await answer(resultOf([2]));
		await vi.waitFor(() => expect(session.result?.faces[0]?.id).toBe(2));
		expect(analyser.mostInFlight).toBe(1);
	});

	it('is analysed again with another model', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(false));
		await answer(resultOf([1]));
		await answer(resultOf([1]));
		await session.chooseModel('other');
		expect(session.model?.id).toBe('other');
		await answer(resultOf([2]));
		await vi.waitFor(() => expect(session.result?.faces[0]?.id).toBe(2));
		expect(analyser.configured.at(-1)?.models).toEqual(['other']);
	});
});

describe('a comparison of models', () => {
	it('can end while its second model is still loading', async () => {
		const { analyser, session } = setUp();
		await settled();
		// As in the real one, both calls settle together, in order.
		const { promise, resolve } = deferred<undefined>();
		analyser.configure.mockReturnValueOnce(promise).mockReturnValueOnce(promise);
		const compared = session.chooseModels(['mien', 'other']);
		session.endComparison();
		resolve(undefined);
		await compared;
		await settled();
		expect(session.models.map(({ id }) => id)).toEqual(['mien']);
		expect(analyser.configure.mock.calls.at(-1)?.[0].models).toEqual(['mien']);
	});
});

describe('the label counting shown', () => {
	it('applies to the result shown: it stays live until the first result that counts differently', async () => {
		const { settings, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(true));
		await answer(resultOf([1]));
		await vi.waitFor(() => expect(session.result).not.toBeNull());
		expect(session.shownModel?.priorRatio).toEqual([1, 3]);
		settings.update({ prior: 'training' });
		await session.configure();
		expect(session.shownModel?.priorRatio).toEqual([1, 3]);
		await answer(resultOf([1]));
		await vi.waitFor(() => expect(session.shownModel?.priorRatio).toBeNull());
	});
});

describe('a model that cannot be loaded', () => {
	it('leaves the previous one in use and in the settings', async () => {
		const { analyser, session, settings } = setUp();
		await settled();
		analyser.configure.mockRejectedValueOnce(new AppError('model-invalid', 'sha256'));
		await session.chooseModel('other');
		expect(session.notice?.code).toBe('model-invalid');
		expect(session.model?.id).toBe('mien');
		expect(settings.current.modelId).toBeNull();
		expect(session.status.kind).toBe('idle');
	});

	it('leaves it too if another one, chosen in between, cannot be loaded either', async () => {
		const { analyser, session, settings } = setUp();
		await settled();
		await session.chooseModel('mien');
		const loading = deferred<undefined>();
		// The second choice is tried twice.
		for (let call = 1; call <= 3; call++) analyser.configure.mockReturnValueOnce(loading.promise);
		const choices = [session.chooseModel('other'), session.chooseModel('third')];
		loading.reject(new AppError('model-unreachable', '404'));
		await Promise.all(choices);
		expect(session.model?.id).toBe('mien');
		expect(settings.current.modelId).toBe('mien');
		expect(session.switching).toBeNull();
		expect(session.failedModels).toEqual(['third']);
	});

	it('is requested once more if the file did not arrive, silently', async () => {
		const { analyser, session } = setUp();
		await settled();
		analyser.configure.mockRejectedValueOnce(new AppError('model-unreachable', 'no data'));
		await session.chooseModel('other');
		expect(session.model?.id).toBe('other');
		expect(session.notice).toBeNull();
	});

	it('is named, and chosen again on retry', async () => {
		const { analyser, session } = setUp();
		await settled();
		analyser.configure.mockRejectedValueOnce(new AppError('model-invalid', 'sha256'));
		await session.chooseModels(['mien', 'other']);
		expect(session.models.map(({ id }) => id)).toEqual(['mien']);
		expect(session.failedModels).toEqual(['mien', 'other']);
		await session.retryChoice();
		expect(session.models.map(({ id }) => id)).toEqual(['mien', 'other']);
		expect(session.notice).toBeNull();
		expect(session.failedModels).toEqual([]);
	});
});

describe('far faces in a live picture', () => {
	const asked = ({ frames }: FakeAnalyser) =>
		vi.waitFor(() => {
			expect(frames).toHaveLength(1);
			return frames[0]?.smallestFacePx;
		});

	it('are searched for as soon as the first look shows none, without waiting for their detector', async () => {
		const { analyser, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(true));
		expect(await asked(analyser)).toBeNull();
		await answer(resultOf([]));
		expect(await asked(analyser)).toBe(24);
		expect(analyser.frames[0]).toMatchObject({ still: false, hurried: true });
	});

	it('are searched for anew in the next picture', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(true));
		await answer(resultOf([]));
		expect(await asked(analyser)).toBe(24);
		session.close();
		await answer(resultOf([]));
		await opened(new FakeSource(true));
		expect(await asked(analyser)).toBeNull();
	});

	it('have no effect if their detector cannot be loaded: near ones are found as before', async () => {
		const { analyser, session, opened, answer } = setUp();
		await settled();
		await opened(new FakeSource(true));
		for (let frame = 1; frame <= 3; frame++) await answer(resultOf([]));
		expect(await asked(analyser)).toBe(24);
		analyser.frames.shift()?.reject(new AppError('model-unreachable', '404'));
		expect(await asked(analyser)).toBeNull();
		expect(session.notice).toBeNull();
	});
});

describe('several models in a session', () => {
	it('run beside the one shown, and their agreement is counted', async () => {
		const { analyser, session, settings } = setUp();
		await settled();
		await session.chooseModels(['other', 'mien']);
		expect(analyser.configured.at(-1)?.models).toEqual(['other', 'mien']);
		expect(session.models.map(({ id }) => id)).toEqual(['other', 'mien']);
		expect(session.model?.id).toBe('other');
		expect(settings.current.modelId).toBe('other');
		const source = new FakeSource(true);
		source.started.resolve(undefined);
		await session.open(() => source);
		await vi.waitFor(() => expect(analyser.frames).toHaveLength(1));
		analyser.frames[0]?.resolve(resultOf([1, 2]));
		await vi.waitFor(() => expect(session.agreement.readings).toBe(2));
		expect(session.agreement).toEqual({ readings: 2, unanimous: 2, withFirst: { mien: 2 } });
	});

	it('load while the previous ones keep running, and are shown with the first frame they have read', async () => {
		const { analyser, session } = setUp();
		await settled();
		const source = new FakeSource(true);
		source.started.resolve(undefined);
		await session.open(() => source);
		await vi.waitFor(() => expect(analyser.frames).toHaveLength(1));
		analyser.frames[0]?.resolve(resultOf([1]));
		await vi.waitFor(() => expect(session.result).not.toBeNull());
		const loading = deferred<undefined>();
		analyser.configure.mockReturnValueOnce(loading.promise);
		const choosing = session.chooseModel('other');
		analyser.emit({ type: 'progress', stage: 'model', loaded: 1, total: 4 });
		expect(session.status.kind).toBe('running');
		expect(session.switching).toEqual({ ids: ['other'], progress: 0.25 });
		expect(session.model?.id).toBe('mien');
		loading.resolve(undefined);
		await choosing;
		// Its button does not revert in between.
		expect(session.switching?.ids).toEqual(['other']);
		expect(session.model?.id).toBe('mien');
		await vi.waitFor(() => expect(analyser.frames).toHaveLength(2));
		analyser.frames[1]?.resolve(resultOf([1]));
		await vi.waitFor(() => expect(session.model?.id).toBe('other'));
		expect(session.switching).toBeNull();
	});
});

describe('a picture of a batch', () => {
	const bitmap = () => Promise.resolve({ close: () => undefined } as ImageBitmap);

	it('waits until the models run, and is retried if it was dropped', async () => {
		const { session, analyser } = setUp({ ready: false });
		const waiting = session.analyseStill(bitmap, new AbortController().signal);
		await settled();
		expect(analyser.frames).toHaveLength(0);
		await session.load();
		await vi.waitUntil(() => analyser.frames.length === 1);
		expect(analyser.frames[0]).toMatchObject({ still: true, smallestFacePx: 16 });
		analyser.frames.shift()?.resolve(null);
		await vi.waitUntil(() => analyser.frames.length === 1);
		analyser.frames.shift()?.resolve(resultOf([1, 2]));
		expect((await waiting).faces).toHaveLength(2);
	});

	it('waits for a retry while the models cannot be loaded', async () => {
		const { session, analyser } = setUp({ ready: false });
		analyser.configure.mockRejectedValueOnce(new AppError('model-unreachable', '404'));
		const waiting = session.analyseStill(bitmap, new AbortController().signal);
		await session.load();
		await settled();
		expect(session.loadFailed).toBe(true);
		await session.load();
		await vi.waitUntil(() => analyser.frames.length === 1);
		analyser.frames.shift()?.resolve(resultOf([1]));
		expect((await waiting).faces).toHaveLength(1);
	});

	it('is not fetched while the worker reads another, even one that nobody waits for any more', async () => {
		const { session, analyser } = setUp({ ready: true });
		await session.load();
		const cancelled = new AbortController();
		const abandoned = session.analyseStill(bitmap, cancelled.signal);
		await vi.waitUntil(() => analyser.frames.length === 1);
		cancelled.abort();
		const grab = vi.fn(bitmap);
		const waiting = session.analyseStill(grab, new AbortController().signal);
		await new Promise((resolve) => setTimeout(resolve, 120));
		expect(grab).not.toHaveBeenCalled();
		analyser.frames.shift()?.resolve(resultOf([1]));
		await abandoned.catch(() => undefined);
		await vi.waitUntil(() => analyser.frames.length === 1);
		analyser.frames.shift()?.resolve(resultOf([1, 2]));
		expect((await waiting).faces).toHaveLength(2);
		expect(grab).toHaveBeenCalledTimes(1);
	});

	it('ends when cancelled', async () => {
		const { session } = setUp({ ready: false });
		const cancelled = new AbortController();
		const waiting = session.analyseStill(bitmap, cancelled.signal);
		cancelled.abort();
		await expect(waiting).rejects.toThrow('abort');
	});
});

describe('the threshold of "unsure"', () => {
	it("is each model's own, or 0.4 if it has none, until the visitor moves it", async () => {
		const { session, settings } = setUp({ ready: true });
		await session.chooseModels(['mien', 'other']);
		const thresholds = () => session.shownModels.map(({ id, unsureBelow }) => [id, unsureBelow]);
		expect(thresholds()).toEqual([
			['mien', 0.4],
			['other', 0.62]
		]);
		settings.update({ unsureBelow: 0.5 });
		expect(thresholds()).toEqual([
			['mien', 0.5],
			['other', 0.5]
		]);
		settings.update({ unsureBelow: null });
		expect(session.shownModel?.unsureBelow).toBe(0.4);
	});
});

describe('the expected label frequencies', () => {
	it('go to the worker and into exports, as set by the visitor', async () => {
		const { session, settings, analyser } = setUp({ ready: true });
		await session.configure();
		expect(analyser.configured.at(-1)?.prior).toBe('everyday');
		expect(session.offered.map(({ priorRatio }) => priorRatio)).toEqual([[1, 3], null]);
		settings.update({ prior: 'training' });
		await session.configure();
		expect(analyser.configured.at(-1)?.prior).toBe('training');
		expect(session.offered.map(({ priorRatio }) => priorRatio)).toEqual([null, null]);
	});

	it('are those of photos for a photo or a page that reads pictures, and otherwise those of live use', async () => {
		const { session, analyser, opened } = setUp({ ready: true });
		await session.configure();
		expect(analyser.configured.at(-1)?.use).toBe('live');
		await opened(new FakeSource(false));
		await vi.waitFor(() => expect(session.use).toBe('photo'));
		expect(analyser.configured.at(-1)?.use).toBe('photo');
		expect(session.offered[0]?.priorRatio).toEqual([1, 2]);
		session.close();
		await opened(new FakeSource(true));
		await vi.waitFor(() => expect(session.offered[0]?.priorRatio).toEqual([1, 3]));
		session.close();
		session.readFor('photo');
		await vi.waitFor(() => expect(session.offered[0]?.priorRatio).toEqual([1, 2]));
		const asked = analyser.configured.length;
		session.readFor('photo');
		expect(analyser.configured).toHaveLength(asked);
	});
});
