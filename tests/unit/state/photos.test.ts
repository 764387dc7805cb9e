import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { AppError } from '../../../src/lib/errors';
import { Photos } from '../../../src/lib/state/photos.svelte';
import type { BackendReport, GrabbedFrame } from '../../../src/lib/protocol';
import type { Session } from '../../../src/lib/state/session.svelte';
import type { SideAnalyser, SideWorker } from '../../../src/lib/state/side-worker';
import { face, frame, MODEL } from './results';

/** Names of pictures in the order they were decoded, and how many are open. */
const decoded = vi.hoisted(() => ({ names: [] as string[], open: 0 }));

vi.mock('../../../src/lib/sources/photo', () => ({
	PhotoSource: class {
		element: unknown = null;
		readonly size = { width: 10, height: 10 };
		readonly #name: string;
		constructor(_: unknown, name: string) {
			this.#name = name;
		}
		start() {
			decoded.names.push(this.#name);
			if (this.#name.startsWith('broken')) return Promise.reject(new AppError('picture-damaged', ''));
			decoded.open++;
			this.element = { width: 10, height: 10 };
			return Promise.resolve();
		}
		grab() {
			return Promise.resolve({ close: () => undefined });
		}
		stop() {
			if (this.element !== null) decoded.open--;
			this.element = null;
		}
	}
}));

/** A list of pictures, read by `analyse`. */
function listOf(
	analyse: () => Promise<FrameResult>,
	names: readonly string[] = ['a.jpg'],
	glance: () => Promise<FrameResult> = () => Promise.resolve(frame([])),
	beside?: { readonly create: () => SideAnalyser; readonly backend?: Partial<BackendReport> }
) {
	decoded.names.length = 0;
	decoded.open = 0;
	vi.stubGlobal(
		'OffscreenCanvas',
		class {
			getContext() {
				return { drawImage: () => undefined };
			}
			convertToBlob() {
				return Promise.resolve(new Blob(['x'], { type: 'image/webp' }));
			}
		}
	);
	const analyseStill = async (
		grab: () => Promise<GrabbedFrame>,
		signal: AbortSignal,
		by?: SideWorker
	): Promise<FrameResult> => {
		for (;;) {
			signal.throwIfAborted();
			const picture = await grab();
			if (by === undefined) return analyse();
			const result = await by.analyse(picture, { timeMs: 0, still: true, smallestFacePx: 16 });
			if (result !== null) return result;
		}
	};
	const backend = { chosen: 'wasm', threads: 1, ...beside?.backend };
	const parts = { backend, inForce: { models: ['mien'] }, status: { kind: 'idle' } };
	const session = { models: [MODEL], analyseStill, glanceAtStill: glance, ...parts };
	const photos = new Photos(session as unknown as Session, beside?.create ?? (() => expect.fail('no other worker')));
	photos.useRules({ minConfidence: 0.5, prior: 'everyday' });
	photos.add(names.map((name) => ({ name, file: new Blob() })));
	return photos;
}

afterEach(() => {
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
});

describe('a picture that is being read', () => {
	it('is read again if the rules change in the meantime', async () => {
		const answers: ((result: FrameResult) => void)[] = [];
		const photos = listOf(() => new Promise((resolve) => answers.push(resolve)));
		await vi.waitFor(() => expect(answers).toHaveLength(1));
		photos.useRules({ minConfidence: 0.5, prior: 'training' });
		answers[0]?.(frame([face(1, [0.9, 0.1])]));
		await vi.waitFor(() => expect(answers).toHaveLength(2));
		expect(photos.list[0]?.state.kind).toBe('working');
		answers[1]?.(frame([face(1, [0.4, 0.6])]));
		await vi.waitFor(() => expect(photos.list[0]?.state).toMatchObject({ kind: 'done' }));
	});

	it('has a single thumbnail, however often the worker dies', async () => {
		const made = vi.spyOn(URL, 'createObjectURL');
		let attempts = 0;
		const photos = listOf(() =>
			++attempts < 3 ? Promise.reject(new AppError('worker-died', 'gone')) : Promise.resolve(frame([]))
		);
		await vi.waitFor(() => expect(photos.list[0]?.state.kind).toBe('done'));
		expect(attempts).toBe(3);
		expect(made).toHaveBeenCalledTimes(1);
	});
});

describe('a glance at a picture', () => {
	it('shows on the stage what it is sure of until the search is done; lists and exports wait', async () => {
		const answers: ((result: FrameResult) => void)[] = [];
		const photos = listOf(
			() => new Promise((resolve) => answers.push(resolve)),
			['a.jpg'],
			() => Promise.resolve(frame([face(1, [0.9, 0.1])]))
		);
		await vi.waitFor(() => expect(photos.result?.faces).toHaveLength(1));
		expect(photos.status.kind).toBe('searching');
		expect(photos.list[0]?.state.kind).toBe('working');
		expect(photos.announcement).toBe('');
		await vi.waitFor(() => expect(answers).toHaveLength(1));
		answers[0]?.(frame([face(1, [0.9, 0.1]), face(2, [0.2, 0.8])]));
		await vi.waitFor(() => expect(photos.status.kind).toBe('done'));
		expect(photos.result?.faces).toHaveLength(2);
	});

	it('that finds nobody shows nothing, as the search may find someone', async () => {
		const answers: ((result: FrameResult) => void)[] = [];
		const photos = listOf(() => new Promise((resolve) => answers.push(resolve)));
		await vi.waitFor(() => expect(answers).toHaveLength(1));
		expect(photos.result).toBeNull();
		expect(photos.status.kind).toBe('analysing');
	});

	it('is taken only at the picture on the stage', async () => {
		const glance = vi.fn(() => Promise.resolve(frame([])));
		const photos = listOf(() => Promise.resolve(frame([])), ['a.jpg', 'b.jpg', 'c.jpg'], glance);
		await vi.waitFor(() => expect(photos.progress.done).toBe(3));
		expect(glance).toHaveBeenCalledTimes(1);
	});
});

describe('a folder of pictures', () => {
	const NAMES = ['a.jpg', 'b.jpg', 'broken.jpg', 'c.jpg'];

	it('has the next picture decoded, and only that, while one is analysed', async () => {
		const answers: ((result: FrameResult) => void)[] = [];
		const photos = listOf(() => new Promise((resolve) => answers.push(resolve)), NAMES);
		await vi.waitFor(() => expect(answers).toHaveLength(1));
		expect(decoded.names).toEqual(['a.jpg', 'b.jpg']);
		answers[0]?.(frame([]));
		await vi.waitFor(() => expect(answers).toHaveLength(2));
		expect(decoded.names.slice(0, 3)).toEqual(['a.jpg', 'b.jpg', 'broken.jpg']);
		answers[1]?.(frame([]));
		await vi.waitFor(() => expect(answers).toHaveLength(3));
		answers[2]?.(frame([]));
		await vi.waitFor(() => expect(photos.progress.open).toBe(0));
		expect(photos.list.map(({ state }) => state.kind)).toEqual(['done', 'done', 'failed', 'done']);
		expect(decoded.names.filter((name) => name === 'b.jpg')).toHaveLength(1);
		// The one on the stage.
		expect(decoded.open).toBe(1);
	});

	it('leaves nothing open if it is cancelled', async () => {
		const photos = listOf(() => new Promise(() => undefined), NAMES);
		await vi.waitFor(() => expect(decoded.open).toBe(2));
		photos.cancel();
		await vi.waitFor(() => expect(decoded.open).toBe(1));
	});
});

describe('a folder of many pictures', () => {
	const NAMES = Array.from({ length: 9 }, (_, index) => `${index}.jpg`);

	/** Other workers: how many were started, how many still run, and how many pictures each was asked for. */
	function others(analyse: () => Promise<FrameResult | null>) {
		const told = { started: 0, running: 0, asked: [] as number[] };
		const create = (): SideAnalyser => {
			const place = told.started++;
			told.running++;
			told.asked.push(0);
			return {
				start: () => Promise.resolve({} as never),
				configure: () => Promise.resolve(),
				busy: false,
				analyse: () => {
					told.asked[place] = (told.asked[place] ?? 0) + 1;
					return analyse();
				},
				dispose: () => told.running--
			};
		};
		return { told, create };
	}

	const soon = async (): Promise<FrameResult> => {
		await new Promise((resolve) => setTimeout(resolve, 1));
		return frame([face(1, [0.9, 0.1])]);
	};

	function withCores(hardwareConcurrency: number, deviceMemory?: number): void {
		vi.stubGlobal('navigator', { hardwareConcurrency, deviceMemory });
	}

	it('is shared among the cores, each picture read by one worker, and the workers end with it', async () => {
		withCores(3);
		const { told, create } = others(soon);
		const own = vi.fn(soon);
		const photos = listOf(own, NAMES, undefined, { create });
		await vi.waitFor(() => expect(photos.progress.done).toBe(NAMES.length));
		expect(told.started).toBe(2);
		expect(own.mock.calls.length + told.asked.reduce((sum, count) => sum + count, 0)).toBe(NAMES.length);
		expect(Math.min(own.mock.calls.length, ...told.asked)).toBeGreaterThan(1);
		await vi.waitFor(() => expect(told.running).toBe(0));
	});

	it.each([
		['of few pictures', NAMES.slice(0, 5), 8, {}],
		['on a GPU', NAMES, 8, { chosen: 'webgpu' }],
		['on one core', NAMES, 1, {}],
		['with threads on all cores', NAMES, 4, { threads: 4 }]
	] as const)('is read by one worker: %s', async (_, names, cores, backend) => {
		withCores(cores);
		const { told, create } = others(soon);
		const photos = listOf(soon, names, undefined, { create, backend });
		await vi.waitFor(() => expect(photos.progress.done).toBe(names.length));
		expect(told.started).toBe(0);
	});

	it.each([
		[16, undefined, 3],
		[16, 8, 3],
		[8, 4, 1]
	])('has, on %s cores with %s GB, %s other workers', async (cores, gigabytes, workers) => {
		withCores(cores, gigabytes);
		const { told, create } = others(soon);
		const photos = listOf(soon, NAMES, undefined, { create });
		await vi.waitFor(() => expect(photos.progress.done).toBe(NAMES.length));
		expect(told.started).toBe(workers);
	});

	it('is read to its end if other workers cannot start, or die', async () => {
		withCores(3);
		const { told, create } = others(() => Promise.reject(new AppError('backend-unavailable', 'no memory')));
		const photos = listOf(soon, NAMES, undefined, { create });
		await vi.waitFor(() => expect(photos.progress.done).toBe(NAMES.length));
		expect(told.asked).toEqual([1, 1]);
		await vi.waitFor(() => expect(told.running).toBe(0));
	});

	it('keeps its other workers despite damaged pictures, and takes pictures that are added late', async () => {
		withCores(2);
		const { told, create } = others(soon);
		const photos = listOf(soon, ['a.jpg', 'broken 1.jpg', 'broken 2.jpg', ...NAMES], undefined, { create });
		await vi.waitFor(() => expect(photos.progress.open).toBe(0));
		photos.add([{ name: 'late.jpg', file: new Blob() }]);
		await vi.waitFor(() => expect(photos.progress).toMatchObject({ done: NAMES.length + 2, failed: 2, open: 0 }));
		expect(told.asked[0]).toBeGreaterThan(1);
	});

	it('stops in all workers at once, and continues without one that hangs', async () => {
		withCores(2);
		const { told, create } = others(() => new Promise(() => undefined));
		const photos = listOf(soon, NAMES, undefined, { create });
		await vi.waitFor(() => expect(told.asked).toEqual([1]));
		photos.cancel();
		expect(photos.progress.open).toBe(0);
		photos.resume();
		await vi.waitFor(() => expect(photos.progress.done).toBe(NAMES.length));
	});
});
