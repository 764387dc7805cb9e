import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Analyser, type AnalyserEvent, type WorkerLike } from '../../../src/lib/client/analyser';
import type { FrameResult } from '../../../src/lib/core/types';
import type { Manifest } from '../../../src/lib/manifest';
import type { BackendReport, FromWorker, ToWorker, WorkerSettings } from '../../../src/lib/protocol';

const BACKEND: BackendReport = { chosen: 'wasm', reason: 'test', trials: [], threads: 2 };
const MANIFEST = { default: 'mien' } as Manifest;
const SETTINGS: WorkerSettings = {
	models: ['mien'],
	minConfidence: 0.6,
	maxFaces: 4,
	smoothingMs: 300,
	prior: 'everyday',
	use: 'live'
};
const OTHER: WorkerSettings = { ...SETTINGS, models: ['other'] };
const FRAME = { timeMs: 7, still: false, smallestFacePx: null };
const TIMEOUTS = { codeMs: 5000, startMs: 1000, configureMs: 800, frameMs: 100, stillMs: 8000 };

/** Answers by hand: each test says what the worker does. */
class FakeWorker implements WorkerLike {
	readonly received: ToWorker[] = [];
	terminated = false;
	refuses = false;
	onmessage: WorkerLike['onmessage'] = null;
	onmessageerror: WorkerLike['onmessageerror'] = null;
	onerror: WorkerLike['onerror'] = null;

	postMessage(message: ToWorker): void {
		if (this.refuses) throw new Error('DataCloneError');
		this.received.push(message);
	}

	terminate(): void {
		this.terminated = true;
	}

	send(data: FromWorker): void {
		this.onmessage?.({ data } as MessageEvent<FromWorker>);
	}

	die(): void {
		this.onerror?.({ message: 'out of memory' } as ErrorEvent);
	}

	ready(backend = BACKEND): void {
		this.send({ type: 'ready', backend, manifest: MANIFEST });
	}

	last<Type extends ToWorker['type']>(type: Type): Extract<ToWorker, { type: Type }> {
		const found = this.received.findLast(
			(message): message is Extract<ToWorker, { type: Type }> => message.type === type
		);
		if (found === undefined) throw new Error(`The worker was sent no "${type}"`);
		return found;
	}

	configured(): void {
		this.send({ type: 'configured', generation: this.last('configure').generation });
	}
}

class FakeBitmap {
	readonly width = 4;
	readonly height = 3;
	closed = 0;
	close(): void {
		this.closed++;
	}
}

function createAnalyser(timeouts = TIMEOUTS) {
	const workers: FakeWorker[] = [];
	const events: AnalyserEvent[] = [];
	const analyser = new Analyser({
		baseUrl: 'http://localhost/',
		onEvent: (event) => events.push(event),
		createWorker: () => {
			const worker = new FakeWorker();
			workers.push(worker);
			return worker;
		},
		timeouts
	});
	const worker = (): FakeWorker => {
		const last = workers.at(-1);
		if (last === undefined) throw new Error('No worker was started');
		return last;
	};
	return { analyser, workers, worker, events, types: () => events.map(({ type }) => type) };
}

/** Started, and running SETTINGS. */
async function createRunning({ timeouts = TIMEOUTS, backend = BACKEND } = {}) {
	const all = createAnalyser(timeouts);
	const started = all.analyser.start();
	all.worker().ready(backend);
	await started;
	const configured = all.analyser.configure(SETTINGS);
	all.worker().configured();
	await configured;
	return all;
}

function resultOf({ frameId, generation }: { frameId: number; generation: number }): FromWorker {
	const result = { width: 4, height: 3, timeMs: FRAME.timeMs, faces: [] } as unknown as FrameResult;
	return { type: 'result', frameId, generation, result };
}

/** The code that a promise rejected with, readable at any time. */
function watch(promise: Promise<unknown>): { outcome: () => unknown } {
	let outcome: unknown = 'pending';
	promise.then(
		(value: unknown) => (outcome = value),
		(error: unknown) => (outcome = (error as { code: string }).code)
	);
	return { outcome: () => outcome };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('Analyser: ids of faces', () => {
	it('are never given twice, even by a new worker', async () => {
		const { analyser, worker } = await createRunning();
		const result = analyser.analyse(new FakeBitmap(), FRAME);
		const { frameId, generation } = worker().last('frame');
		const faces = [{ id: 3 }, { id: 57 }, { id: 8 }];
		worker().send({ type: 'result', frameId, generation, result: { faces } as unknown as FrameResult });
		await result;
		worker().die();
		await vi.advanceTimersByTimeAsync(1000);
		expect(worker().last('start').firstFaceId).toBe(58);
	});
});

describe('Analyser: the time limit of a still', () => {
	it('does not change when settings arrive in between', async () => {
		const { analyser, worker, types } = await createRunning();
		const still = watch(analyser.analyse(new FakeBitmap(), { ...FRAME, still: true }));
		void analyser.configure(SETTINGS);
		worker().configured();
		await vi.advanceTimersByTimeAsync(TIMEOUTS.stillMs - 100);
		expect(still.outcome()).toBe('pending');
		await vi.advanceTimersByTimeAsync(200);
		expect(still.outcome()).toBe('worker-timeout');
		expect(types()).toContain('restarting');
	});
});

describe('Analyser: start', () => {
	it('starts once for several calls and reports progress', async () => {
		const { analyser, workers, worker, events } = createAnalyser();
		const both = Promise.all([analyser.start(), analyser.start()]);
		worker().send({ type: 'progress', stage: 'detector', loaded: 1, total: 2 });
		worker().ready();
		expect((await both)[1]).toEqual({ backend: BACKEND, manifest: MANIFEST });
		expect(workers).toHaveLength(1);
		expect(worker().received).toEqual([
			{ type: 'start', baseUrl: 'http://localhost/', backend: 'auto', model: null, firstFaceId: 1 }
		]);
		expect(events).toEqual([
			{ type: 'progress', stage: 'detector', loaded: 1, total: 2 },
			{ type: 'ready', backend: BACKEND, manifest: MANIFEST }
		]);
	});

	it('fails at once when the worker says why, and can be tried again', async () => {
		const { analyser, workers, worker, types } = createAnalyser();
		const start = watch(analyser.start());
		worker().send({ type: 'failed', failure: { code: 'manifest-invalid', message: 'no', said: null } });
		await vi.advanceTimersByTimeAsync(0);
		expect(start.outcome()).toBe('manifest-invalid');
		expect(types()).toEqual(['fatal']);
		expect(worker().terminated).toBe(true);
		const again = analyser.start();
		worker().ready();
		await expect(again).resolves.toBeDefined();
		expect(workers).toHaveLength(2);
	});

	it('tries a silent worker three times, then gives up', async () => {
		const { analyser, workers, types } = createAnalyser();
		const start = watch(analyser.start());
		const configure = watch(analyser.configure(SETTINGS));
		await vi.advanceTimersByTimeAsync(10_000);
		expect(workers).toHaveLength(3);
		expect(workers.every(({ terminated }) => terminated)).toBe(true);
		expect(types()).toEqual(['restarting', 'restarting', 'fatal']);
		expect(start.outcome()).toBe('worker-timeout');
		expect(configure.outcome()).toBe('worker-timeout');
	});

	it('says so when its code cannot be loaded, and gives up after three tries', async () => {
		const { analyser, workers, types } = createAnalyser();
		const start = analyser.start().catch((thrown: unknown) => (thrown as { said: string }).said);
		for (let attempt = 0; attempt < 3; attempt++) {
			workers.at(-1)?.onerror?.(new Event('error') as ErrorEvent);
			await vi.advanceTimersByTimeAsync(2000);
		}
		expect(types()).toEqual(['restarting', 'restarting', 'fatal']);
		expect(await start).toContain('could not be loaded');
	});

	it('reports at once that its code stopped loading, and can be tried again', async () => {
		const codeMs = 500;
		const { analyser, workers, worker, types } = createAnalyser({ ...TIMEOUTS, codeMs });
		const start = watch(analyser.start());
		await vi.advanceTimersByTimeAsync(codeMs);
		expect([start.outcome(), workers.length, types()]).toEqual(['model-unreachable', 1, ['fatal']]);
		const again = analyser.start();
		worker().ready();
		await again;
	});

	it('gets a new list of models when started anew', async () => {
		const { analyser, workers, worker, types } = createAnalyser();
		const start = analyser.start();
		worker().ready();
		await start;
		const configure = watch(analyser.configure(SETTINGS));
		const again = analyser.startAnew();
		expect(workers).toHaveLength(2);
		expect(workers[0]?.terminated).toBe(true);
		worker().ready();
		await expect(again).resolves.toBeDefined();
		expect(configure.outcome()).toBe('worker-died');
		expect(types()).toEqual(['ready', 'ready']);
	});

	it('keeps waiting while there is progress', async () => {
		const { analyser, workers, worker } = createAnalyser();
		const start = analyser.start();
		for (let second = 0; second < 5; second++) {
			await vi.advanceTimersByTimeAsync(900);
			worker().send({ type: 'progress', stage: 'model', loaded: second, total: 9 });
		}
		worker().ready();
		await start;
		expect(workers).toHaveLength(1);
	});

	it('survives a browser that refuses to make a worker', async () => {
		const events: AnalyserEvent[] = [];
		const createWorker = (): WorkerLike => {
			throw new Error('blocked');
		};
		const analyser = new Analyser({
			baseUrl: 'http://localhost/',
			onEvent: (event) => events.push(event),
			createWorker
		});
		const start = watch(analyser.start());
		await vi.advanceTimersByTimeAsync(10_000);
		expect(start.outcome()).toBe('worker-died');
		expect(events.at(-1)?.type).toBe('fatal');
	});
});

describe('Analyser: settings', () => {
	it('sends settings given before the start when the worker is ready', async () => {
		const { analyser, worker } = createAnalyser();
		const configured = analyser.configure(SETTINGS);
		void analyser.start();
		worker().ready();
		worker().configured();
		await configured;
		expect(worker().last('configure').settings).toEqual(SETTINGS);
	});

	it('keeps the old settings while new ones load and after they failed', async () => {
		const { analyser, worker } = await createRunning();
		const old = worker().last('configure').generation;
		const configure = watch(analyser.configure(OTHER));
		const during = watch(analyser.analyse(new FakeBitmap(), FRAME));
		expect(worker().last('frame').generation).toBe(old);
		worker().send(resultOf(worker().last('frame')));
		const failure = { code: 'model-invalid', message: 'broken', said: null } as const;
		worker().send({ type: 'failed', generation: worker().last('configure').generation, failure });
		await vi.advanceTimersByTimeAsync(0);
		expect(configure.outcome()).toBe('model-invalid');
		expect(during.outcome()).toMatchObject({ width: 4 });
		void analyser.analyse(new FakeBitmap(), FRAME);
		expect(worker().last('frame').generation).toBe(old);
		expect(worker().terminated).toBe(false);
	});

	it('settles a replaced call together with the one that replaced it', async () => {
		const { analyser, worker } = await createRunning();
		const first = watch(analyser.configure(OTHER));
		const firstGeneration = worker().last('configure').generation;
		const second = watch(analyser.configure({ ...OTHER, maxFaces: 1 }));
		worker().send({ type: 'configured', generation: firstGeneration });
		await vi.advanceTimersByTimeAsync(0);
		expect(first.outcome()).toBe('pending');
		worker().configured();
		await vi.advanceTimersByTimeAsync(0);
		expect(first.outcome()).toBe(undefined);
		expect(second.outcome()).toBe(undefined);
	});

	it('drops a result of settings no longer in force', async () => {
		const { analyser, worker } = await createRunning();
		const frame = watch(analyser.analyse(new FakeBitmap(), FRAME));
		void analyser.configure(OTHER);
		worker().configured();
		worker().send(resultOf(worker().last('frame')));
		await vi.advanceTimersByTimeAsync(0);
		expect(frame.outcome()).toBe(null);
		expect(analyser.busy).toBe(false);
	});
});

describe('Analyser: frames', () => {
	it('hands a frame over and gives its result', async () => {
		const { analyser, worker } = await createRunning();
		const bitmap = new FakeBitmap();
		const frame = analyser.analyse(bitmap, FRAME);
		expect(analyser.busy).toBe(true);
		expect(worker().last('frame')).toMatchObject({ picture: bitmap, options: FRAME });
		worker().send(resultOf(worker().last('frame')));
		expect(await frame).toMatchObject({ width: 4, timeMs: 7 });
		expect(analyser.busy).toBe(false);
	});

	it('closes and drops a frame that it cannot take', async () => {
		const early = new FakeBitmap();
		expect(await createAnalyser().analyser.analyse(early, FRAME)).toBe(null);
		expect(early.closed).toBe(1);
		const { analyser, worker } = await createRunning();
		void analyser.analyse(new FakeBitmap(), FRAME);
		const second = new FakeBitmap();
		expect(await analyser.analyse(second, FRAME)).toBe(null);
		expect(second.closed).toBe(1);
		expect(worker().received.filter(({ type }) => type === 'frame')).toHaveLength(1);
	});

	it('closes a bitmap that cannot be sent', async () => {
		const { analyser, worker } = await createRunning();
		worker().refuses = true;
		const bitmap = new FakeBitmap();
		await expect(analyser.analyse(bitmap, FRAME)).rejects.toMatchObject({ code: 'analysis-failed' });
		expect(bitmap.closed).toBe(1);
		expect(analyser.busy).toBe(false);
	});

	it('distinguishes a dropped frame from a failed one, and ignores answers to others', async () => {
		const { analyser, worker } = await createRunning();
		const first = analyser.analyse(new FakeBitmap(), FRAME);
		const { frameId, generation } = worker().last('frame');
		worker().send({ type: 'dropped', generation, frameId: frameId + 5 });
		expect(analyser.busy).toBe(true);
		worker().send({ type: 'dropped', generation, frameId });
		expect(await first).toBe(null);
		const second = analyser.analyse(new FakeBitmap(), FRAME);
		const failure = { code: 'analysis-failed', message: 'bad', said: null } as const;
		worker().send({ type: 'failed', generation, frameId: frameId + 1, failure });
		await expect(second).rejects.toMatchObject({ code: 'analysis-failed', message: 'bad', said: null });
	});
});

describe('Analyser: a worker that dies or hangs', () => {
	it('has its frame in flight rejected and is replaced by another that gets the settings', async () => {
		const { analyser, workers, worker, types } = await createRunning();
		const frame = watch(analyser.analyse(new FakeBitmap(), FRAME));
		worker().die();
		await vi.advanceTimersByTimeAsync(0);
		expect(frame.outcome()).toBe('worker-died');
		expect(analyser.busy).toBe(true);
		expect(await analyser.analyse(new FakeBitmap(), FRAME)).toBe(null);
		await vi.advanceTimersByTimeAsync(250);
		expect(workers).toHaveLength(2);
		worker().ready();
		expect(worker().last('configure').settings).toEqual(SETTINGS);
		worker().configured();
		expect(types()).toEqual(['ready', 'restarting', 'ready']);
		const next = analyser.analyse(new FakeBitmap(), FRAME);
		worker().send(resultOf(worker().last('frame')));
		expect(await next).not.toBe(null);
	});

	it('is replaced when a frame takes too long', async () => {
		const { analyser, workers, events } = await createRunning();
		const frame = watch(analyser.analyse(new FakeBitmap(), FRAME));
		await vi.advanceTimersByTimeAsync(TIMEOUTS.frameMs);
		expect(frame.outcome()).toBe('worker-timeout');
		expect(events.at(-1)).toMatchObject({ type: 'restarting', error: { code: 'worker-timeout' } });
		await vi.advanceTimersByTimeAsync(250);
		expect(workers).toHaveLength(2);
	});

	describe('after frames at a steady pace', () => {
		const timeouts = { ...TIMEOUTS, configureMs: 120_000, frameMs: 30_000 };

		async function playFrames(
			{ analyser, worker }: Awaited<ReturnType<typeof createRunning>>,
			count: number,
			ms: number
		) {
			for (let frame = 0; frame < count; frame++) {
				const result = analyser.analyse(new FakeBitmap(), FRAME);
				await vi.advanceTimersByTimeAsync(ms);
				worker().send(resultOf(worker().last('frame')));
				await result;
			}
		}

		it('is noticed soon', async () => {
			const running = await createRunning({ timeouts });
			await playFrames(running, 100, 50);
			const frame = watch(running.analyser.analyse(new FakeBitmap(), FRAME));
			await vi.advanceTimersByTimeAsync(4999);
			expect(frame.outcome()).toBe('pending');
			await vi.advanceTimersByTimeAsync(1);
			expect(frame.outcome()).toBe('worker-timeout');
		});

		it('gets more time if one of the frames was slow', async () => {
			const running = await createRunning({ timeouts });
			await playFrames(running, 99, 50);
			await playFrames(running, 1, 900);
			const frame = watch(running.analyser.analyse(new FakeBitmap(), FRAME));
			await vi.advanceTimersByTimeAsync(7100);
			expect(frame.outcome()).toBe('pending');
			await vi.advanceTimersByTimeAsync(100);
			expect(frame.outcome()).toBe('worker-timeout');
		});

		it.each<[string, (running: Awaited<ReturnType<typeof createRunning>>) => Promise<unknown>]>([
			['after few frames', (running) => playFrames(running, 99, 50)],
			[
				'after a change of models',
				async (running) => {
					await playFrames(running, 200, 50);
					const configured = running.analyser.configure(OTHER);
					running.worker().configured();
					await configured;
				}
			],
			[
				'if the frames were those of the previous worker',
				async (running) => {
					await playFrames(running, 200, 50);
					running.worker().die();
					await vi.advanceTimersByTimeAsync(250);
					running.worker().ready();
					running.worker().configured();
				}
			]
		])('has the full time limit %s', async (_, play) => {
			const running = await createRunning({ timeouts });
			await play(running);
			const frame = watch(running.analyser.analyse(new FakeBitmap(), FRAME));
			await vi.advanceTimersByTimeAsync(29_999);
			expect(frame.outcome()).toBe('pending');
			await vi.advanceTimersByTimeAsync(1);
			expect(frame.outcome()).toBe('worker-timeout');
		});

		it('has the full time limit on a GPU, which may compile for a frame with more faces', async () => {
			const running = await createRunning({ timeouts, backend: { ...BACKEND, chosen: 'webgl' } });
			await playFrames(running, 200, 50);
			const frame = watch(running.analyser.analyse(new FakeBitmap(), FRAME));
			await vi.advanceTimersByTimeAsync(29_999);
			expect(frame.outcome()).toBe('pending');
		});
	});

	it('gets its time limit once more, and only once, after the page stood still', async () => {
		const { analyser, worker } = await createRunning();
		const frame = watch(analyser.analyse(new FakeBitmap(), FRAME));
		// Its timers fire late, before the answer that is queued behind them.
		const now = performance.now.bind(performance);
		const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 13_000);
		await vi.advanceTimersByTimeAsync(TIMEOUTS.frameMs);
		expect(frame.outcome()).toBe('pending');
		worker().send(resultOf(worker().last('frame')));
		await vi.advanceTimersByTimeAsync(0);
		expect(frame.outcome()).toMatchObject({ width: 4 });

		const second = watch(analyser.analyse(new FakeBitmap(), FRAME));
		clock.mockImplementation(() => now() + 26_000);
		await vi.advanceTimersByTimeAsync(TIMEOUTS.frameMs);
		clock.mockImplementation(() => now() + 39_000);
		expect(second.outcome()).toBe('pending');
		await vi.advanceTimersByTimeAsync(TIMEOUTS.frameMs);
		expect(second.outcome()).toBe('worker-timeout');
		clock.mockRestore();
	});

	it('gets more time for a frame while settings are loading, as a model may be compiling', async () => {
		const { analyser, worker } = await createRunning();
		const frame = watch(analyser.analyse(new FakeBitmap(), FRAME));
		void analyser.configure(OTHER);
		await vi.advanceTimersByTimeAsync(TIMEOUTS.frameMs * 2);
		expect(frame.outcome()).toBe('pending');
		worker().send(resultOf(worker().last('frame')));
		await vi.advanceTimersByTimeAsync(0);
		expect(frame.outcome()).toMatchObject({ width: 4 });
	});

	it('goes back to the previous settings when new ones kill the worker', async () => {
		const { analyser, worker } = await createRunning();
		const configure = watch(analyser.configure(OTHER));
		worker().die();
		await vi.advanceTimersByTimeAsync(250);
		expect(configure.outcome()).toBe('worker-died');
		worker().ready();
		expect(worker().last('configure').settings).toEqual(SETTINGS);
	});

	it('is restarted after losing its GPU, with growing delays and without limit', async () => {
		const { worker, workers, types } = await createRunning();
		const waits: number[] = [];
		for (let round = 0; round < 9; round++) {
			worker().send({ type: 'failed', failure: { code: 'gpu-lost', message: 'gone', said: null } });
			const startMs = Date.now();
			await vi.advanceTimersToNextTimerAsync();
			waits.push(Date.now() - startMs);
			expect(workers).toHaveLength(round + 2);
			worker().ready();
			worker().configured();
		}
		expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
		expect(types()).not.toContain('fatal');
	});

	it('is restarted again when the previous settings cannot be restored', async () => {
		const { worker, workers, events } = await createRunning();
		worker().die();
		await vi.advanceTimersByTimeAsync(250);
		worker().ready();
		const failure = { code: 'model-unreachable', message: 'offline', said: null } as const;
		worker().send({ type: 'failed', generation: worker().last('configure').generation, failure });
		expect(events.at(-1)).toMatchObject({ type: 'restarting', error: { code: 'model-unreachable' } });
		await vi.advanceTimersByTimeAsync(500);
		expect(workers).toHaveLength(3);
	});

	it('gets the previous settings back when new ones fail right after a restart', async () => {
		const { analyser, worker } = await createRunning();
		worker().die();
		const configure = watch(analyser.configure(OTHER));
		await vi.advanceTimersByTimeAsync(250);
		worker().ready();
		const { generation, settings } = worker().last('configure');
		expect(settings).toEqual(OTHER);
		const failure = { code: 'model-unreachable', message: 'offline', said: null } as const;
		worker().send({ type: 'failed', generation, failure });
		await vi.advanceTimersByTimeAsync(0);
		expect(configure.outcome()).toBe('model-unreachable');
		expect(worker().last('configure').settings).toEqual(SETTINGS);
		worker().configured();
		expect(analyser.busy).toBe(false);
	});

	it('is ignored once it has been replaced', async () => {
		const { workers, worker, types } = await createRunning();
		worker().die();
		workers[0]?.ready();
		workers[0]?.die();
		expect(types()).toEqual(['ready', 'restarting']);
	});
});

describe('Analyser: other calls', () => {
	it('passes on resting faces, resets and stats', async () => {
		const { analyser, worker } = await createRunning();
		analyser.rest(3, true);
		expect(worker().received.at(-1)).toEqual({ type: 'rest', stream: 0, faceId: 3, learn: true });
		analyser.reset();
		expect(worker().received.at(-1)).toEqual({ type: 'reset', stream: 0 });
		const stats = analyser.stats();
		worker().send({ type: 'stats', tensors: 12, tensorBytes: 340 });
		expect(await stats).toMatchObject({ tensors: 12, tensorBytes: 340 });
	});

	it('settles everything pending when disposed, and starts nothing more', async () => {
		const { analyser, workers, worker } = await createRunning();
		const frame = watch(analyser.analyse(new FakeBitmap(), FRAME));
		const configure = watch(analyser.configure(OTHER));
		const stats = watch(analyser.stats());
		analyser.dispose();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(frame.outcome()).toBe(null);
		expect(configure.outcome()).toBe('worker-died');
		expect(stats.outcome()).toBe('worker-died');
		expect(worker().terminated).toBe(true);
		expect(workers).toHaveLength(1);
		await expect(analyser.start()).rejects.toMatchObject({ code: 'worker-died' });
		expect(await analyser.analyse(new FakeBitmap(), FRAME)).toBe(null);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('settles a pending start and cancels a restart when disposed', async () => {
		const { analyser, workers, worker } = createAnalyser();
		const start = watch(analyser.start());
		worker().die();
		analyser.dispose();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(start.outcome()).toBe('worker-died');
		expect(workers).toHaveLength(1);
	});
});

describe('Analyser: explanations', () => {
	const input = new Uint8Array(4);
	const explanation = { label: 1, score: 0.9, cells: 1, map: Float32Array.of(0.2), evidence: Float32Array.of(1) };

	it('are asked for by face, and each answer goes to its caller', async () => {
		const { analyser, worker } = await createRunning();
		const first = watch(analyser.explain('mien', input));
		const { requestId } = worker().last('explain');
		const second = analyser.explain('mien', input);
		worker().send({ type: 'explained', requestId: worker().last('explain').requestId, explanation });
		expect(await second).toEqual(explanation);
		expect(first.outcome()).toBe('pending');
		worker().send({ type: 'failed', requestId, failure: { code: 'model-unknown', message: '', said: null } });
		await vi.advanceTimersByTimeAsync(0);
		expect(first.outcome()).toBe('model-unknown');
	});

	it('fail if no model runs, if the worker dies, and if it does not answer in time', async () => {
		await expect(createAnalyser().analyser.explain('mien', input)).rejects.toThrow('No model');
		const { analyser, worker, types } = await createRunning();
		const dying = watch(analyser.explain('mien', input));
		worker().die();
		await vi.advanceTimersByTimeAsync(0);
		expect(dying.outcome()).toBe('worker-died');
		const other = await createRunning();
		const late = watch(other.analyser.explain('mien', input));
		await vi.advanceTimersByTimeAsync(TIMEOUTS.configureMs + 1);
		expect(late.outcome()).toBe('worker-timeout');
		expect(types()).toContain('restarting');
	});
});
