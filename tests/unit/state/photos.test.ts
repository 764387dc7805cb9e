import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { AppError } from '../../../src/lib/errors';
import { Photos } from '../../../src/lib/state/photos.svelte';
import type { Session } from '../../../src/lib/state/session.svelte';
import { face, frame, MODEL } from './results';

/** Names of pictures in the order in which they were decoded, and how many are open. */
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

/** A list of pictures, which `analyse` reads. */
function listOf(
	analyse: () => Promise<FrameResult>,
	names: readonly string[] = ['a.jpg'],
	glance: () => Promise<FrameResult> = () => Promise.resolve(frame([]))
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
	const analyseStill = async (grab: () => Promise<unknown>): Promise<FrameResult> => {
		await grab();
		return analyse();
	};
	const session = { models: [MODEL], analyseStill, glanceAtStill: glance, status: { kind: 'idle' } };
	const photos = new Photos(session as unknown as Session);
	photos.useRules({ minConfidence: 0.5, prior: 'everyday' });
	photos.add(names.map((name) => ({ name, file: new Blob() })));
	return photos;
}

afterEach(() => {
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
});

describe('a picture that is being read', () => {
	it('is read again where rules change meanwhile', async () => {
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

	it('has one small picture, however often the worker dies meanwhile', async () => {
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

describe('a glance', () => {
	it('shows the picture on the stage what it is sure of, until that is searched; lists and exports wait', async () => {
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

	it('that finds nobody shows nothing: the search may find someone', async () => {
		const answers: ((result: FrameResult) => void)[] = [];
		const photos = listOf(() => new Promise((resolve) => answers.push(resolve)));
		await vi.waitFor(() => expect(answers).toHaveLength(1));
		expect(photos.result).toBeNull();
		expect(photos.status.kind).toBe('analysing');
	});

	it('is taken at the picture on the stage alone', async () => {
		const glance = vi.fn(() => Promise.resolve(frame([])));
		const photos = listOf(() => Promise.resolve(frame([])), ['a.jpg', 'b.jpg', 'c.jpg'], glance);
		await vi.waitFor(() => expect(photos.progress.done).toBe(3));
		expect(glance).toHaveBeenCalledTimes(1);
	});
});

describe('a folder', () => {
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

	it('leaves nothing open behind where it is cancelled', async () => {
		const photos = listOf(() => new Promise(() => undefined), NAMES);
		await vi.waitFor(() => expect(decoded.open).toBe(2));
		photos.cancel();
		await vi.waitFor(() => expect(decoded.open).toBe(1));
	});
});
