import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseBackend, type BackendHost } from '../../../src/lib/worker/backend';
import { AppError } from '../../../src/lib/errors';
import type { BackendName } from '../../../src/lib/protocol';

interface Machine {
	/** Why a back end is ruled out. */
	readonly ruledOut?: Partial<Record<BackendName, string>>;
	/** Milliseconds of the workload; 'fails' if the back end does not start, 'hangs' if it never ends. */
	readonly speeds: Partial<Record<BackendName, number | 'fails' | 'hangs'>>;
	/** The same for WASM with one thread instead of two. */
	readonly singleMs?: number;
	/** How long the WASM binary takes to arrive, or 'never'. */
	readonly lineMs?: number | 'never';
}

function createHost({ ruledOut = {}, speeds, singleMs = 1000, lineMs = 0 }: Machine) {
	let threads = 1;
	const used: BackendName[] = [];
	const released: BackendName[] = [];
	const current = (): BackendName => used.at(-1) ?? 'cpu';
	const host: BackendHost = {
		ruleOut: (name) => Promise.resolve(ruledOut[name] ?? null),
		fetch: async (name) => {
			if (name !== 'wasm' || lineMs === 0) return;
			if (lineMs === 'never') throw new AppError('model-unreachable', 'engine.wasm: nothing came for 20 s');
			await new Promise((resolve) => setTimeout(resolve, lineMs));
		},
		use: (name, { mostThreads = 2 } = {}) => {
			used.push(name);
			threads = name === 'wasm' ? mostThreads : 1;
			return speeds[name] === 'fails' ? Promise.reject(new Error('no driver')) : Promise.resolve();
		},
		measure: (signal) => {
			const speed = speeds[current()];
			if (typeof speed === 'number') return Promise.resolve(current() === 'wasm' && threads === 1 ? singleMs : speed);
			return new Promise((_, reject) => {
				signal.addEventListener('abort', () => {
					reject(new Error('gave up'));
				});
			});
		},
		release: (name) => released.push(name),
		threads: () => threads
	};
	return { host, used, released, current };
}

const NO_GPU = { webgpu: 'software adapter', webgl: 'software renderer' };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('chooseBackend', () => {
	it('loads nothing but WASM if there is no GPU, and says so', async () => {
		const { host, used } = createHost({ ruledOut: NO_GPU, speeds: { wasm: 14 } });
		const report = await chooseBackend('auto', host);
		expect(used).toEqual(['wasm']);
		expect(report).toEqual({
			chosen: 'wasm',
			reason: "The only one that runs well here: 14.0 ms for a frame's work.",
			threads: 2,
			trials: [
				{ name: 'webgpu', ms: null, note: 'software adapter' },
				{ name: 'webgl', ms: null, note: 'software renderer' },
				{ name: 'wasm', ms: 14, note: 'tried' },
				{ name: 'cpu', ms: null, note: 'not tried: always slower than WASM' }
			]
		});
	});

	it('does not time a back end without rival on one thread, as the first face would have to wait', async () => {
		const { host } = createHost({ ruledOut: NO_GPU, speeds: { wasm: 'hangs' } });
		const report = await chooseBackend('auto', { ...host, threads: () => 1 });
		expect(report).toMatchObject({ chosen: 'wasm', reason: 'The only one that runs well here.', threads: 1 });
		expect(report.trials[2]).toEqual({ name: 'wasm', ms: null, note: 'nothing to compare with' });
	});

	it('takes a GPU that is fast enough without loading another', async () => {
		const { host, used } = createHost({ speeds: { webgpu: 4, wasm: 3 } });
		const report = await chooseBackend('auto', host);
		expect(report.chosen).toBe('webgpu');
		expect(report.reason).toBe("Fast enough: 4.0 ms for a frame's work.");
		expect(used).toEqual(['webgpu']);
	});

	it('takes WASM if it beats a slow GPU, and frees the GPU', async () => {
		const { host, used, released } = createHost({ speeds: { webgpu: 30, wasm: 12 } });
		const report = await chooseBackend('auto', host);
		expect(report.chosen).toBe('wasm');
		expect(report.reason).toBe("The fastest: 12.0 ms for a frame's work, against 30.0 ms with webgpu.");
		expect(used).toEqual(['webgpu', 'wasm']);
		expect(released).toEqual(['webgpu']);
	});

	it('goes back to the GPU if WASM turns out slower, and frees WASM', async () => {
		const { host, current, released } = createHost({ speeds: { webgpu: 20, wasm: 45 } });
		const report = await chooseBackend('auto', host);
		expect(report).toMatchObject({ chosen: 'webgpu', threads: 1 });
		expect(current()).toBe('webgpu');
		expect(released).toEqual(['wasm']);
	});

	it('tries WebGL if WebGPU fails', async () => {
		const { host } = createHost({ speeds: { webgpu: 'fails', webgl: 6 } });
		const { chosen, trials } = await chooseBackend('auto', host);
		expect(chosen).toBe('webgl');
		expect(trials[0]).toEqual({ name: 'webgpu', ms: null, note: 'failed: no driver' });
	});

	it('does not wait for a GPU that hangs', async () => {
		const { host, released } = createHost({ ruledOut: { webgl: 'none' }, speeds: { webgpu: 'hangs', wasm: 12 } });
		const report = chooseBackend('auto', host);
		await vi.advanceTimersByTimeAsync(600);
		const { chosen, trials } = await report;
		expect(chosen).toBe('wasm');
		expect(trials[0]?.note).toBe('not ready within 600 ms');
		expect(released).toEqual(['webgpu']);
	});

	it('takes one thread if two are slowed by a busy machine', async () => {
		for (const wanted of ['auto', 'wasm'] as const) {
			const busy = createHost({ ruledOut: NO_GPU, speeds: { wasm: 300 }, singleMs: 90 });
			expect(await chooseBackend(wanted, busy.host)).toMatchObject({ chosen: 'wasm', threads: 1 });
			const slow = createHost({ ruledOut: NO_GPU, speeds: { wasm: 50 }, singleMs: 90 });
			expect(await chooseBackend(wanted, slow.host)).toMatchObject({ chosen: 'wasm', threads: 2 });
		}
	});

	it('falls back to plain JavaScript', async () => {
		const { host } = createHost({ ruledOut: NO_GPU, speeds: { wasm: 'fails', cpu: 300 } });
		expect((await chooseBackend('auto', host)).chosen).toBe('cpu');
	});

	it('waits for a binary on a slow connection, which does not count towards the trial', async () => {
		const { host } = createHost({ ruledOut: NO_GPU, speeds: { wasm: 14, cpu: 300 }, lineMs: 60_000 });
		const report = chooseBackend('auto', host);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(await report).toMatchObject({ chosen: 'wasm' });
	});

	it.each(['auto', 'known'] as const)(
		'reports a missing binary instead of falling back to plain JavaScript (%s)',
		async (how) => {
			const { host, used } = createHost({ ruledOut: NO_GPU, speeds: { wasm: 14, cpu: 300 }, lineMs: 'never' });
			const known = how === 'known' ? { chosen: 'wasm', reason: '', trials: [], threads: 1 } : null;
			await expect(chooseBackend('auto', host, known)).rejects.toMatchObject({ code: 'model-unreachable' });
			expect(used).toEqual([]);
		}
	);

	it('does without a missing binary if there is a GPU, however slow', async () => {
		const { host } = createHost({ speeds: { webgpu: 30, wasm: 14 }, lineMs: 'never' });
		const { chosen, trials } = await chooseBackend('auto', host);
		expect(chosen).toBe('webgpu');
		expect(trials).toContainEqual({ name: 'wasm', ms: null, note: 'failed: engine.wasm: nothing came for 20 s' });
	});

	it('says why none runs', async () => {
		const { host } = createHost({ ruledOut: NO_GPU, speeds: { wasm: 'fails', cpu: 'fails' } });
		await expect(chooseBackend('auto', host)).rejects.toMatchObject({
			code: 'backend-unavailable',
			message: 'webgpu: software adapter; webgl: software renderer; wasm: failed: no driver; cpu: failed: no driver'
		});
	});

	describe('with the report of an earlier visit', () => {
		const known = {
			chosen: 'wasm',
			reason: 'The fastest.',
			threads: 2,
			trials: [{ name: 'webgpu', ms: 30, note: 'tried' }]
		};

		it('starts on the same one without a trial, and repeats the old report', async () => {
			const { host, used } = createHost({ speeds: { webgpu: 'hangs', wasm: 'hangs' } });
			expect(await chooseBackend('auto', host, known)).toEqual(known);
			expect(used).toEqual(['wasm']);
		});

		it('tries all if that one no longer runs', async () => {
			const { host, used } = createHost({ speeds: { webgpu: 'fails', webgl: 'fails', wasm: 14 } });
			const report = await chooseBackend('auto', host, { ...known, chosen: 'webgpu' });
			expect(report).toMatchObject({
				chosen: 'wasm',
				reason: "The only one that runs well here: 14.0 ms for a frame's work."
			});
			expect(used).toEqual(['webgpu', 'webgpu', 'webgl', 'wasm']);
		});

		it.each([null, 'wasm', {}, { ...known, chosen: 'quantum' }, { ...known, trials: null }])(
			'tries all if the stored report is %j',
			async (kept) => {
				const { host } = createHost({ ruledOut: NO_GPU, speeds: { wasm: 14 } });
				expect((await chooseBackend('auto', host, kept)).trials).toHaveLength(4);
			}
		);

		it('still takes the one asked for', async () => {
			const { host } = createHost({ speeds: { cpu: 1 } });
			expect((await chooseBackend('cpu', host, known)).chosen).toBe('cpu');
		});
	});

	it('takes the one asked for even if it would be ruled out, and no other', async () => {
		const { host, used } = createHost({ ruledOut: NO_GPU, speeds: { webgpu: 500 } });
		const report = await chooseBackend('webgpu', host);
		expect(report).toMatchObject({ chosen: 'webgpu', reason: 'Asked for.' });
		expect(used).toEqual(['webgpu']);
		const broken = createHost({ speeds: { webgpu: 'fails', wasm: 3 } });
		await expect(chooseBackend('webgpu', broken.host)).rejects.toMatchObject({ code: 'backend-unavailable' });
	});
});
