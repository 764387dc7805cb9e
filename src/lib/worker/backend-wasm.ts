/** The WASM back end with its binaries from this site. Importing this file loads the back end's code. */
import { env, findBackendFactory, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedSimd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { fetchBytes } from './fetch-file';

/** If threads are blocked, by a policy for example, tfjs would wait for them forever. */
const THREADS_LIMIT_MS = 4000;

const MULTITHREAD = 'WASM_HAS_MULTITHREAD_SUPPORT';

setWasmPaths({
	'tfjs-backend-wasm.wasm': plain,
	'tfjs-backend-wasm-simd.wasm': simd,
	'tfjs-backend-wasm-threaded-simd.wasm': threadedSimd
});

/** Downloads of binaries, by address. A failure is final: a retry uses a new worker. */
const arrivals = new Map<string, Promise<unknown>>();

/**
 * Resolves when the binary for so many threads has been loaded. tfjs compiles the same file while it streams in, but
 * would wait forever if that stalls. Throws AppError 'model-unreachable'.
 */
export async function wasmArrives(threads: number): Promise<void> {
	const hasSimd = await env().getAsync('WASM_HAS_SIMD_SUPPORT');
	const isThreaded = threads > 1 && (await env().getAsync(MULTITHREAD));
	const url = !hasSimd ? plain : isThreaded ? threadedSimd : simd;
	const arrival = arrivals.get(url) ?? fetchBytes(url, { unreachable: 'model-unreachable', cache: 'default' });
	arrivals.set(url, arrival);
	await arrival;
}

const createBackend = findBackendFactory('wasm');
const PRIORITY = 2;

/**
 * Makes WASM the current back end, if possible with `threads` threads; returns their number. Throws if that fails,
 * AppError 'model-unreachable' if its binary cannot be loaded. Another call restarts the back end: earlier tensors are
 * lost.
 */
export async function useWasm(threads: number): Promise<number> {
	removeBackend('wasm');
	registerBackend('wasm', createBackend, PRIORITY);
	if (threads > 1) {
		env().set(MULTITHREAD, true);
		setThreadsCount(threads);
		await wasmArrives(threads);
		const limit = new Promise<false>((resolve) => setTimeout(resolve, THREADS_LIMIT_MS, false));
		const started = await withCores(2 * threads, () => Promise.race([setBackend('wasm'), limit]));
		if (started) return getThreadsCount();
	}
	env().set(MULTITHREAD, false);
	const lost = wasmArrives(1).then(() => new Promise<never>(() => undefined));
	if (!(await Promise.race([setBackend('wasm'), lost]))) throw new Error('WebAssembly could not be started');
	return 1;
}

/** The compiled code uses at most half of the cores that `navigator` reports, whatever was set: one of two. */
async function withCores<T>(cores: number, task: () => Promise<T>): Promise<T> {
	Object.defineProperty(navigator, 'hardwareConcurrency', { value: cores, configurable: true });
	try {
		return await task();
	} finally {
		// Restores the prototype's getter with the real number.
		Reflect.deleteProperty(navigator, 'hardwareConcurrency');
	}
}
