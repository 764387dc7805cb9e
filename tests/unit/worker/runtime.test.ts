import { describe, expect, it } from 'vitest';
import type { Classifier, DetectedFace, Frame } from '../../../src/lib/core/types';
import { AppError } from '../../../src/lib/errors';
import type { FrameOptions, FromWorker, WorkerSettings } from '../../../src/lib/protocol';
import { createQueue } from '../../../src/lib/worker/queue';
import { Runtime } from '../../../src/lib/worker/runtime';

const SETTINGS: WorkerSettings = {
	models: ['small'],
	minConfidence: 0.5,
	maxFaces: 4,
	smoothingMs: 0,
	prior: 'training',
	use: 'live'
};
const POINT = { x: 20, y: 20 };
const FACE: DetectedFace = {
	box: { x: 10, y: 10, width: 20, height: 20 },
	landmarks: { rightEye: POINT, leftEye: { x: 26, y: 20 }, nose: POINT, mouth: POINT, rightEar: POINT, leftEar: POINT },
	confidence: 0.9
};

/** What the far detector proposes, and the near one sees only in a close look. */
const FAR_FACE: DetectedFace = { ...FACE, box: { x: 30, y: 30, width: 4, height: 4 } };

const SIDE_PX = 40;

/** Top left corners of faces centred in a mosaic's cells of 64 pixels. */
const CELLS = [
	[16, 16],
	[80, 16],
	[16, 80],
	[80, 80]
] as const;

class FakeBitmap {
	readonly width = SIDE_PX;
	readonly height = SIDE_PX;
	closed = false;
	close(): void {
		this.closed = true;
	}
}

/** `counts`: gets the size of each batch. */
function createClassifier(id: string, counts: number[]): Classifier {
	return {
		id,
		labels: ['neutral', 'happy'],
		input: { size: 4, channels: 1, range: [0, 1], crop: { scale: 1, shift: [0, 0], align: false } },
		classify: (_, count) => {
			counts.push(count);
			return Promise.resolve(Array.from({ length: count }, () => [0.25, 0.75]));
		}
	};
}

/** Resolves once pending loads are done. */
function settled(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve));
}

/** A runtime whose detector finds one face, when the test lets it. */
function createRuntime() {
	const posted: FromWorker[] = [];
	const loads = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
	const retained: (readonly string[])[] = [];
	let detecting: Promise<void> = Promise.resolve();
	let nowMs = 0;
	const all = {
		posted,
		loads,
		retained,
		/** Sizes of the batches that were classified. */
		counts: [] as number[],
		face: FACE,
		readFails: false,
		isEmpty: false,
		detectFails: false,
		farLoads: 0,
		farFails: false,
		/** What the far detector waits for while it loads. */
		farLoading: Promise.resolve(),
		/** Stops the detector until the returned function is called. */
		hold: (): (() => void) => {
			let release: () => void = () => undefined;
			detecting = new Promise((resolve) => (release = resolve));
			return release;
		},
		types: () => posted.map(({ type }) => type)
	};
	const runtime = new Runtime({
		detector: {
			detect: async (frame, { region } = {}) => {
				await detecting;
				if (all.detectFails) throw new Error('no memory');
				// A mosaic: a face in each of its cells, half as high as the cell.
				if (frame.width !== SIDE_PX) return CELLS.map(([x, y]) => ({ ...FACE, box: { x, y, width: 32, height: 32 } }));
				return region !== undefined && region.width < frame.width ? [FAR_FACE] : [all.face];
			}
		},
		farDetector: async () => {
			all.farLoads++;
			await all.farLoading;
			if (all.farFails) throw new AppError('model-unreachable', 'HTTP 404');
			return { detect: () => Promise.resolve([FAR_FACE]) };
		},
		registry: {
			classifier: (id) =>
				new Promise((resolve, reject) => {
					loads.set(id, {
						resolve: () => {
							resolve(createClassifier(id, all.counts));
						},
						reject
					});
				}),
			priorRatio: (_, prior, use) => (prior === 'training' ? undefined : use === 'live' ? [9, 1] : [3, 1]),
			retain: (ids) => retained.push(ids)
		},
		exclusively: createQueue(),
		readFrame: (): Promise<Frame> =>
			all.readFails
				? Promise.reject(new Error('detached'))
				: Promise.resolve({
						width: SIDE_PX,
						height: SIDE_PX,
						data: new Uint8ClampedArray(SIDE_PX ** 2 * 4).fill(all.isEmpty ? 0 : 255)
					}),
		firstFaceId: 1,
		now: () => (nowMs += 1),
		post: (message) => posted.push(message)
	});
	let frameId = 0;
	const analyse = async (
		generation: number,
		{ timeMs = 0, still = false, smallestFacePx = null, stream = 0, hurried = false }: Partial<FrameOptions> = {}
	) => {
		const bitmap = new FakeBitmap();
		frameId++;
		await runtime.analyse({
			type: 'frame',
			generation,
			frameId,
			picture: bitmap,
			options: { timeMs, still, smallestFacePx, stream, hurried }
		});
		return bitmap;
	};
	const configure = async (generation: number, settings = SETTINGS) => {
		const configured = runtime.configure(generation, settings);
		for (const id of settings.models) loads.get(id)?.resolve();
		await configured;
	};
	return Object.assign(all, { runtime, analyse, configure });
}

function idsOf(message: FromWorker | undefined): number[] {
	if (message?.type !== 'result') throw new Error(`Expected a result but found ${String(message?.type)}`);
	return message.result.faces.map(({ id }) => id);
}

describe('Runtime', () => {
	it('drops and closes frames before there are settings', async () => {
		const { analyse, posted } = createRuntime();
		expect((await analyse(1)).closed).toBe(true);
		expect(posted).toEqual([{ type: 'dropped', generation: 1, frameId: 1 }]);
	});

	it('analyses a frame, closes it, and reports how long reading it took', async () => {
		const { analyse, configure, posted } = createRuntime();
		await configure(1);
		expect((await analyse(1, { timeMs: 40 })).closed).toBe(true);
		expect(posted[0]).toEqual({ type: 'configured', generation: 1 });
		expect(posted[1]).toMatchObject({
			type: 'result',
			generation: 1,
			frameId: 1,
			result: { width: 40, timeMs: 40, times: { read: 1 }, faces: [{ readings: { small: { top: 1 } } }] }
		});
	});

	it('counts labels as in training, or as in everyday faces for a use', async () => {
		const { analyse, configure, posted } = createRuntime();
		const wanted = [
			{ prior: 'training', use: 'live' },
			{ prior: 'everyday', use: 'live' },
			{ prior: 'everyday', use: 'photo' }
		] as const;
		for (const [generation, counting] of wanted.entries()) {
			await configure(generation, { ...SETTINGS, ...counting });
			await analyse(generation);
		}
		const scores = posted.flatMap((message) =>
			message.type === 'result' ? message.result.faces.map(({ readings }) => readings['small']?.scores) : []
		);
		// Odds of 1 to 3 become 9 to 3, or 3 to 3.
		expect(scores).toEqual([
			[0.25, 0.75],
			[expect.closeTo(0.75, 9), expect.closeTo(0.25, 9)],
			[expect.closeTo(0.5, 9), expect.closeTo(0.5, 9)]
		]);
	});

	it('reads each face in two squares for photos and films, and live in one', async () => {
		const all = createRuntime();
		for (const [index, use] of (['live', 'photo'] as const).entries()) {
			const configured = all.configure(index + 1, { ...SETTINGS, use });
			all.loads.get('small')?.resolve();
			await configured;
			await all.analyse(index + 1, { still: use === 'photo' });
			await all.analyse(index + 1);
		}
		expect(all.counts).toEqual([1, 1, 2, 2]);
	});

	it('keeps the old settings until the new models are loaded, then disposes the old ones', async () => {
		const { runtime, analyse, configure, posted, loads, retained } = createRuntime();
		await configure(1);
		const configuring = runtime.configure(2, { ...SETTINGS, models: ['large'] });
		await analyse(1);
		expect(posted.at(-1)).toMatchObject({ type: 'result', generation: 1 });
		expect(retained).toEqual([['small']]);
		loads.get('large')?.resolve();
		await configuring;
		expect(retained).toEqual([['small'], ['large']]);
		await analyse(1);
		expect(posted.at(-1)).toMatchObject({ type: 'dropped', generation: 1 });
		await analyse(2);
		expect(posted.at(-1)).toMatchObject({
			type: 'result',
			generation: 2,
			result: { faces: [{ readings: { large: {} } }] }
		});
	});

	it('does not dispose the models of a frame being analysed', async () => {
		const { analyse, configure, hold, posted, retained } = createRuntime();
		await configure(1);
		const release = hold();
		const frame = analyse(1);
		const configured = configure(2, { ...SETTINGS, models: ['large'] });
		await new Promise((resolve) => setTimeout(resolve));
		expect(posted.at(-1)).toEqual({ type: 'configured', generation: 2 });
		expect(retained).toEqual([['small']]);
		release();
		await Promise.all([frame, configured]);
		expect(posted.at(-1)).toMatchObject({ type: 'result', generation: 1 });
		expect(retained).toEqual([['small'], ['large']]);
	});

	it('drops and closes a frame whose models were replaced while the far detector loaded', async () => {
		const all = createRuntime();
		await all.configure(1);
		let loaded: () => void = () => undefined;
		all.farLoading = new Promise((resolve) => (loaded = resolve));
		const frame = all.analyse(1, { smallestFacePx: 4 });
		await all.configure(2, { ...SETTINGS, models: ['large'] });
		expect(all.retained).toEqual([['small'], ['large']]);
		loaded();
		expect((await frame).closed).toBe(true);
		expect(all.posted.at(-1)).toMatchObject({ type: 'dropped', generation: 1 });
		await all.analyse(2);
		expect(all.posted.at(-1)).toMatchObject({ type: 'result', generation: 2 });
	});

	it('keeps the old settings if new ones fail, with the error code', async () => {
		const { runtime, analyse, configure, posted, loads } = createRuntime();
		await configure(1);
		const configuring = runtime.configure(2, { ...SETTINGS, models: ['large'] });
		loads.get('large')?.reject(new AppError('model-unreachable', 'HTTP 404'));
		await configuring;
		const failure = { code: 'model-unreachable', message: 'HTTP 404', said: null };
		expect(posted.at(-1)).toEqual({ type: 'failed', generation: 2, failure });
		await analyse(1);
		expect(posted.at(-1)).toMatchObject({ type: 'result', generation: 1 });
	});

	it('says nothing about settings that were replaced while they loaded', async () => {
		const { runtime, configure, loads, types, retained } = createRuntime();
		const first = runtime.configure(1, { ...SETTINGS, models: ['large'] });
		await configure(2);
		loads.get('large')?.resolve();
		await first;
		expect(types()).toEqual(['configured']);
		expect(retained).toEqual([['small']]);
	});

	it('closes a frame that cannot be read or analysed, says so, and takes the next', async () => {
		const all = createRuntime();
		await all.configure(1);
		all.readFails = true;
		expect((await all.analyse(1)).closed).toBe(true);
		const failure = { code: 'analysis-failed', message: 'detached', said: null };
		expect(all.posted.at(-1)).toEqual({ type: 'failed', generation: 1, frameId: 1, failure });
		all.readFails = false;
		all.detectFails = true;
		expect((await all.analyse(1)).closed).toBe(true);
		expect(all.posted.at(-1)).toMatchObject({ type: 'failed', frameId: 2, failure: { message: 'no memory' } });
		all.detectFails = false;
		await all.analyse(1);
		expect(all.posted.at(-1)).toMatchObject({ type: 'result', frameId: 3 });
	});

	it.each([true, false])(
		'finds far faces if asked to, and loads their detector only then (still: %s)',
		async (still) => {
			const all = createRuntime();
			await all.configure(1);
			await all.analyse(1, { still });
			expect(idsOf(all.posted.at(-1))).toEqual([1]);
			expect(all.farLoads).toBe(0);
			await all.analyse(1, { still, smallestFacePx: 4 });
			expect(idsOf(all.posted.at(-1))).toEqual([1, 2]);
			expect(all.farLoads).toBe(1);
		}
	);

	it('says why there is no far detector, closes the frame, and takes the next', async () => {
		const all = createRuntime();
		await all.configure(1);
		all.farFails = true;
		expect((await all.analyse(1, { still: true, smallestFacePx: 16 })).closed).toBe(true);
		expect(all.posted.at(-1)).toMatchObject({ type: 'failed', frameId: 1, failure: { code: 'model-unreachable' } });
		all.farFails = false;
		await all.analyse(1, { still: true, smallestFacePx: 16 });
		expect(all.posted.at(-1)).toMatchObject({ type: 'result', frameId: 2 });
	});

	it('gives a hurried frame a single look while the far detector loads, and a search after that', async () => {
		const all = createRuntime();
		await all.configure(1);
		let loaded: () => void = () => undefined;
		all.farLoading = new Promise((resolve) => (loaded = resolve));
		await all.analyse(1, { smallestFacePx: 4, hurried: true });
		await all.analyse(1, { smallestFacePx: 4, hurried: true });
		expect(idsOf(all.posted.at(-1))).toEqual([1]);
		loaded();
		await settled();
		await all.analyse(1, { smallestFacePx: 4, hurried: true });
		expect(idsOf(all.posted.at(-1))).toEqual([1, 2]);
		expect(all.farLoads).toBe(1);
	});

	it('fails a single hurried frame if the far detector cannot be loaded, and retries with the next', async () => {
		const all = createRuntime();
		await all.configure(1);
		all.farFails = true;
		await all.analyse(1, { smallestFacePx: 4, hurried: true });
		expect(all.posted.at(-1)).toMatchObject({ type: 'result', frameId: 1 });
		await settled();
		await all.analyse(1, { smallestFacePx: 4, hurried: true });
		expect(all.posted.at(-1)).toMatchObject({ type: 'failed', frameId: 2, failure: { code: 'model-unreachable' } });
		all.farFails = false;
		await all.analyse(1, { smallestFacePx: 4, hurried: true });
		await settled();
		await all.analyse(1, { smallestFacePx: 4, hurried: true });
		expect(idsOf(all.posted.at(-1))).toEqual([1, 2]);
	});

	it('drops a second frame while one is being analysed', async () => {
		const { analyse, configure, hold, posted } = createRuntime();
		await configure(1);
		const release = hold();
		const first = analyse(1);
		expect((await analyse(1)).closed).toBe(true);
		expect(posted.at(-1)).toEqual({ type: 'dropped', generation: 1, frameId: 2 });
		release();
		await first;
		expect(posted.at(-1)).toMatchObject({ type: 'result', frameId: 1 });
	});

	it('drops a live frame on which nothing was drawn, as it does not show an empty room', async () => {
		const all = createRuntime();
		await all.configure(1);
		await all.analyse(1, { timeMs: 0 });
		all.isEmpty = true;
		await all.analyse(1, { timeMs: 30 });
		expect(all.types().slice(-2)).toEqual(['result', 'dropped']);
		all.isEmpty = false;
		await all.analyse(1, { timeMs: 60 });
		expect(idsOf(all.posted.at(-1))).toEqual([1]);
	});

	describe('a face at rest', () => {
		/** Frames of three seconds and one more; gives each one's progress of the look and share of the first label. */
		async function look(fromMs: number, { analyse, posted }: ReturnType<typeof createRuntime>, generation = 1) {
			posted.length = 0;
			for (let timeMs = fromMs; timeMs <= fromMs + 3500; timeMs += 500) await analyse(generation, { timeMs });
			return posted.flatMap((message) =>
				message.type === 'result'
					? message.result.faces.map(({ readings: { small } }) => [small?.rest, small?.scores[0]])
					: []
			);
		}
		async function ready() {
			const all = createRuntime();
			await all.configure(1);
			await all.analyse(1);
			return all;
		}

		it('is learned, then read against, until undone', async () => {
			const all = await ready();
			all.runtime.rest({ stream: 0, faceId: 1, learn: true });
			const looked = await look(500, all);
			expect(looked[0]).toEqual([0, 0.25]);
			// Odds of 1 to 3 at rest become 2 to 1, as far as the limit allows.
			const raised = Math.exp(1.5) / 3;
			expect(looked.at(-1)).toEqual([1, expect.closeTo(raised / (1 + raised), 9)]);
			all.runtime.rest({ stream: 0, faceId: 1, learn: false });
			expect((await look(4500, all)).at(-1)).toEqual([undefined, 0.25]);
		});

		it('is forgotten on a reset, along with earlier requests', async () => {
			const all = await ready();
			all.runtime.rest({ stream: 0, faceId: 1, learn: true });
			await look(500, all);
			all.runtime.rest({ stream: 0, faceId: 2, learn: true });
			all.runtime.reset();
			expect((await look(4500, all)).every(([rest]) => rest === undefined)).toBe(true);
		});

		it('is forgotten when labels count differently, and kept otherwise', async () => {
			const all = await ready();
			all.runtime.rest({ stream: 0, faceId: 1, learn: true });
			await look(500, all);
			await all.configure(2, { ...SETTINGS, maxFaces: 3 });
			expect((await look(4500, all, 2))[0]?.[0]).toBe(1);
			await all.configure(3, { ...SETTINGS, use: 'photo' });
			expect((await look(8500, all, 3))[0]?.[0]).toBeUndefined();
		});

		it('is not lost if requested during a frame', async () => {
			const all = await ready();
			const release = all.hold();
			const analysing = all.analyse(1, { timeMs: 500 });
			all.runtime.rest({ stream: 0, faceId: 1, learn: true });
			release();
			await analysing;
			expect((await look(1000, all)).at(-1)?.[0]).toBe(1);
		});

		it('belongs to its own stream, whichever has the next frame', async () => {
			const all = await ready();
			all.runtime.rest({ stream: 2, faceId: 1, learn: true });
			expect((await look(500, all)).at(-1)?.[0]).toBeUndefined();
			all.runtime.reset(1);
			all.posted.length = 0;
			for (const timeMs of [4500, 5000]) await all.analyse(1, { timeMs, stream: 2 });
			expect(all.posted.at(-1)).toMatchObject({
				result: { faces: [{ readings: { small: { rest: expect.any(Number) as number } } }] }
			});
		});

		it('does not affect stills', async () => {
			const all = await ready();
			all.runtime.rest({ stream: 0, faceId: 1, learn: true });
			all.posted.length = 0;
			await all.analyse(1, { still: true });
			expect(all.posted[0]).toMatchObject({ result: { faces: [{ readings: { small: { scores: [0.25, 0.75] } } }] } });
			expect((await look(500, all)).at(-1)?.[0]).toBe(1);
		});
	});

	it('keeps ids from frame to frame until reset, even during a frame, and never reuses any', async () => {
		const all = createRuntime();
		const { runtime, analyse, configure, hold, posted } = all;
		await configure(1);
		await analyse(1, { timeMs: 0 });
		expect(idsOf(posted.at(-1))).toEqual([1]);
		await analyse(1, { timeMs: 30 });
		expect(idsOf(posted.at(-1))).toEqual([1]);
		all.face = { ...FACE, box: { ...FACE.box, x: 500 } };
		await analyse(1, { timeMs: 60 });
		expect(idsOf(posted.at(-1))).toEqual([2]);
		const release = hold();
		const during = analyse(1, { timeMs: 90 });
		await new Promise((resolve) => setTimeout(resolve));
		runtime.reset();
		release();
		await during;
		expect(idsOf(posted.at(-1))).toEqual([2]);
		await analyse(1, { timeMs: 0 });
		expect(idsOf(posted.at(-1))).toEqual([3]);
	});

	it('explains a face with a running model, and says why it cannot with another', async () => {
		const { runtime, configure, posted } = createRuntime();
		const input = new Uint8Array(16);
		await configure(1);
		await runtime.explain({ type: 'explain', requestId: 5, modelId: 'small', input });
		expect(posted.at(-1)).toMatchObject({ type: 'explained', requestId: 5, explanation: { label: 1, score: 0.75 } });
		await runtime.explain({ type: 'explain', requestId: 6, modelId: 'other', input });
		expect(posted.at(-1)).toMatchObject({ type: 'failed', requestId: 6, failure: { code: 'model-unknown' } });
	});

	it('lets frames run between the slices of an explanation', async () => {
		const { runtime, analyse, configure, types } = createRuntime();
		await configure(1);
		const explaining = runtime.explain({
			type: 'explain',
			requestId: 5,
			modelId: 'small',
			input: new Uint8Array(16)
		});
		await Promise.all([explaining, analyse(1)]);
		expect(types()).toEqual(['configured', 'result', 'explained']);
	});
});
