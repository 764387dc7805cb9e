import { expect, it, vi } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import type { GrabbedFrame, WorkerSettings } from '../../../src/lib/protocol';
import { SideWorker } from '../../../src/lib/state/side-worker';
import { frame } from './results';

it('gives no result of models or rules that were replaced while it read', async () => {
	const settings = (model: string): WorkerSettings => ({
		...{ models: [model], minConfidence: 0.5, maxFaces: 8, smoothingMs: 0 },
		...{ prior: 'everyday', use: 'photo' }
	});
	let inForce = settings('mien');
	const answers: ((result: FrameResult) => void)[] = [];
	const configure = vi.fn(() => Promise.resolve());
	const worker = new SideWorker(
		{
			start: () => Promise.resolve({} as never),
			configure,
			busy: false,
			analyse: () => new Promise((resolve) => answers.push(resolve)),
			dispose: () => undefined
		},
		() => inForce
	);
	const picture = { close: () => undefined } as GrabbedFrame;
	const options = { timeMs: 0, still: true, smallestFacePx: 16 };
	const before = worker.analyse(picture, options);
	await vi.waitFor(() => expect(answers).toHaveLength(1));
	inForce = settings('cnn');
	answers[0]?.(frame([]));
	expect(await before).toBeNull();
	const after = worker.analyse(picture, options);
	await vi.waitFor(() => expect(answers).toHaveLength(2));
	answers[1]?.(frame([]));
	expect(await after).toEqual(frame([]));
	expect(configure).toHaveBeenLastCalledWith(inForce);
});
