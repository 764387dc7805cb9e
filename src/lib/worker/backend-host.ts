/** The browser's part in the choice of a back end: what this machine offers, and how each is loaded. */
import { removeBackend, setBackend } from '@tensorflow/tfjs-core';
import type { BackendName } from '../protocol';
import type { BackendHost } from './backend';
import { measureWorkload } from './workload';

/** Small networks gain little beyond. */
const MOST_THREADS = 4;

/** Names by which software renderers call themselves; on those WASM is many times faster. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b/i;

/** A host for `chooseBackend` in a browser's worker. `now`: milliseconds of a steady clock. */
export function createBackendHost(now: () => number): BackendHost {
	let threads = 1;
	// Nearly always wanted, in the end or to compare with: on its way while the GPU is asked for.
	const wasm = import('./backend-wasm').then((module) => {
		module.prefetchBinary(threadsWanted(MOST_THREADS));
		return module;
	});
	// Whoever asks for it is told.
	wasm.catch(() => undefined);
	const use = async (name: BackendName, mostThreads = MOST_THREADS): Promise<void> => {
		threads = 1;
		switch (name) {
			case 'webgpu':
				await import('@tensorflow/tfjs-backend-webgpu');
				break;
			case 'webgl':
				await import('@tensorflow/tfjs-backend-webgl');
				break;
			case 'cpu':
				await import('@tensorflow/tfjs-backend-cpu');
				break;
			case 'wasm': {
				const { useWasm } = await wasm;
				threads = await useWasm(threadsWanted(mostThreads));
				return;
			}
		}
		if (!(await setBackend(name))) throw new Error('it could not be started');
	};
	return {
		ruleOut,
		use,
		measure: (signal) => measureWorkload(now, signal),
		release: removeBackend,
		threads: () => threads
	};
}

const threadsWanted = (most: number): number => Math.min(most, usefulThreads());

/**
 * One less than there are cores: the page and the camera need one too, and threads that wait for it hold up all others.
 * `npm run bench` on two cores, in turn: one thread took 34 and 30 ms for a frame with one face, two took 45 and 64.
 */
function usefulThreads(): number {
	return globalThis.crossOriginIsolated ? Math.max(1, navigator.hardwareConcurrency - 1) : 1;
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
	const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
	if (gl === null) return 'this browser has no WebGL 2 in workers';
	try {
		const names = gl.getExtension('WEBGL_debug_renderer_info');
		const renderer: unknown = gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
		return SOFTWARE.test(String(renderer)) ? 'software renderer' : null;
	} finally {
		gl.getExtension('WEBGL_lose_context')?.loseContext();
	}
}
