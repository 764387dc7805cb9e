/** The browser's part in choosing a back end: what this machine offers, and how each is loaded. */
import { removeBackend, setBackend } from '@tensorflow/tfjs-core';
import type { BackendName } from '../protocol';
import type { BackendHost } from './backend';
import { useWasm, wasmArrives } from './backend-wasm';
import { createQueue } from './queue';
import { measureWorkload } from './workload';

/** Small networks gain little from more. */
const MOST_THREADS = 4;

/** Names of software renderers; WASM is many times faster than those. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b/i;

/** A host for `chooseBackend` in a browser's worker. `now`: milliseconds of a monotonic clock. */
export function createBackendHost(now: () => number): BackendHost {
	let threads = 1;
	let wasmThreads = 1;
	/** Back ends that tfjs knows, as their code could be loaded. */
	const known = new Set<BackendName>();
	/** tfjs has one current back end: starting one must finish before the next. */
	const inTurn = createQueue();
	const use: BackendHost['use'] = async (name, { mostThreads = MOST_THREADS, signal } = {}) => {
		const start = await STARTS[name]();
		known.add(name);
		await inTurn(async () => {
			signal?.throwIfAborted();
			threads = await start(Math.min(mostThreads, usefulThreads()));
			if (name === 'wasm') wasmThreads = threads;
		});
	};
	let reasons: Partial<Record<BackendName, Promise<string | null>>> | null = null;
	/** Whether WASM runs, once known; null if it was not started early, or is in use. */
	let early: Promise<boolean> | null = null;
	/** WASM is usually chosen in the end: it starts while the GPU is queried, which waits for another process. */
	const ask = (): Partial<Record<BackendName, Promise<string | null>>> => {
		const webgpu = ruleOut('webgpu');
		const wasm = typeof WebAssembly === 'object' ? use('wasm') : Promise.reject(new Error('no WebAssembly'));
		early = wasm.then(
			() => true,
			() => false
		);
		// WebGL last, as it blocks the thread.
		return { webgpu, webgl: early.then(() => ruleOut('webgl')) };
	};
	return {
		ruleOut: (name) => {
			reasons ??= ask();
			return reasons[name] ?? ruleOut(name);
		},
		fetch: (name) => (name === 'wasm' ? wasmArrives(usefulThreads()) : Promise.resolve()),
		use: async (name, options = {}) => {
			const started = name === 'wasm' && options.mostThreads === undefined ? early : null;
			early = name === 'wasm' ? null : early;
			if (started === null || !(await started)) {
				await use(name, options);
				return;
			}
			await inTurn(async () => {
				options.signal?.throwIfAborted();
				threads = wasmThreads;
				await makeCurrent('wasm');
			});
		},
		measure: (signal) => measureWorkload(now, signal),
		release: (name) => {
			if (known.has(name)) removeBackend(name);
		},
		threads: () => threads
	};
}

/** Loads a back end's code; returns a function that makes it current with so many threads and returns their number. */
const STARTS: Record<BackendName, () => Promise<(threads: number) => Promise<number>>> = {
	webgpu: () => import('@tensorflow/tfjs-backend-webgpu').then(() => () => makeCurrent('webgpu')),
	webgl: () => import('@tensorflow/tfjs-backend-webgl').then(() => () => makeCurrent('webgl')),
	// Usually needed, so its code is not loaded separately.
	wasm: () => Promise.resolve(useWasm),
	cpu: () => import('@tensorflow/tfjs-backend-cpu').then(() => () => makeCurrent('cpu'))
};

async function makeCurrent(name: BackendName): Promise<number> {
	if (!(await setBackend(name))) throw new Error('it could not be started');
	return 1;
}

/**
 * One less than the number of cores: the page and the camera need one too, and threads that wait for it hold up all
 * others. `npm run bench` on two cores, in turn: one thread took 34 and 30 ms for a frame with one face, two took 45
 * and 64.
 */
function usefulThreads(): number {
	// WebKitGTK isolates pages but still has no shared memory.
	const shares = globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined';
	return shares ? Math.max(1, navigator.hardwareConcurrency - 1) : 1;
}

async function ruleOut(name: BackendName): Promise<string | null> {
	switch (name) {
		case 'webgpu':
			return ruleOutWebgpu();
		case 'webgl':
			return ruleOutWebgl();
		case 'wasm':
			return typeof WebAssembly === 'object' ? null : 'this browser has no WebAssembly';
		case 'cpu':
			return null;
	}
}

async function ruleOutWebgpu(): Promise<string | null> {
	if (!('gpu' in navigator)) return 'this browser has no WebGPU';
	try {
		const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
		if (adapter === null) return 'no graphics adapter';
		const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
		const software = isFallbackAdapter || SOFTWARE.test([vendor, architecture, device, description].join(' '));
		return software ? 'software adapter' : null;
	} catch (error) {
		return `no graphics adapter: ${String(error)}`;
	}
}

function ruleOutWebgl(): string | null {
	if (typeof OffscreenCanvas === 'undefined') return 'this browser has no WebGL in workers';
	// With this option, a browser without a GPU refuses at once instead of starting a software one.
	const gl = new OffscreenCanvas(1, 1).getContext('webgl2', { failIfMajorPerformanceCaveat: true });
	if (gl === null) return 'this browser has no WebGL 2 on a GPU in workers';
	try {
		const names = gl.getExtension('WEBGL_debug_renderer_info');
		const renderer: unknown = gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
		return SOFTWARE.test(String(renderer)) ? 'software renderer' : null;
	} finally {
		gl.getExtension('WEBGL_lose_context')?.loseContext();
	}
}
