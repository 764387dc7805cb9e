import { expect, it, vi } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import type { GrabbedFrame, WorkerSettings } from '../../../src/lib/protocol';
import { SideWorker } from '../../../src/lib/state/side-worker';
import { frame } from './results';

const options = { timeMs: 0, still: true, smallestFacePx: 16 };

const settings = (model: string): WorkerSettings => ({
	...{ models: [model], minConfidence: 0.5, maxFaces: 8, smoothingMs: 0 },
	...{ prior: 'everyday', use: 'photo' }
});

function make() {
	const analyser = {
		start: () => Promise.resolve({} as never),
		configure: vi.fn(() => Promise.resolve()),
		busy: false,
		analyse: vi.fn(() => new Promise<FrameResult>((resolve) => answers.push(resolve))),
		dispose: () => undefined
	};
	const answers: ((result: FrameResult) => void)[] = [];
	const inForce = { settings: settings('mien') };
	const close = vi.fn();
	const worker = new SideWorker(analyser, () => inForce.settings);
	return { analyser, answers, inForce, close, picture: { close } as unknown as GrabbedFrame, worker };
}

it('a side worker gives no result for models or rules that were replaced while it read', async () => {
	const { analyser, answers, inForce, picture, worker } = make();
	expect(await worker.analyse(picture, options)).toBeNull();
	const before = worker.analyse(picture, options);
	await vi.waitFor(() => expect(answers).toHaveLength(1));
	inForce.settings = settings('cnn');
	answers[0]?.(frame([]));
	expect(await before).toBeNull();
	expect(await worker.analyse(picture, options)).toBeNull();
	const after = worker.analyse(picture, options);
	await vi.waitFor(() => expect(answers).toHaveLength(2));
	answers[1]?.(frame([]));
	expect(await after).toEqual(frame([]));
	expect(analyser.configure).toHaveBeenLastCalledWith(inForce.settings);
});

it('a side worker asks for a picture again after starting, as nobody may want it any more', async () => {
	const { analyser, close, picture, worker } = make();
	expect(await worker.analyse(picture, options)).toBeNull();
	expect(close).toHaveBeenCalledOnce();
	expect(analyser.analyse).not.toHaveBeenCalled();
});
