import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { AppError } from '../../../src/lib/errors';
import { Photos } from '../../../src/lib/state/photos.svelte';
import type { Session } from '../../../src/lib/state/session.svelte';
import { face, frame, MODEL } from './results';

vi.mock('../../../src/lib/sources/photo', () => ({
	PhotoSource: class {
		element: unknown = null;
		readonly size = { width: 10, height: 10 };
		start() {
			this.element = { width: 10, height: 10 };
			return Promise.resolve();
		}
		grab() {
			return Promise.resolve({ close: () => undefined });
		}
		stop() {
			this.element = null;
		}
	}
}));

/** A list of one picture, which `analyse` reads. */
function listOf(analyse: () => Promise<FrameResult>) {
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
	const photos = new Photos({ models: [MODEL], analyseStill, status: { kind: 'idle' } } as unknown as Session);
	photos.useRules({ minConfidence: 0.5, prior: 'everyday' });
	photos.add([{ name: 'a.jpg', file: new Blob() }]);
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
