/** Where the arithmetic of training runs. */
import * as tf from '@tensorflow/tfjs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { isOneDnnInstalled } from './onednn';
import { registerOneDnnKernels } from './onednn-kernels';
import { registerWasmGradients } from './wasm-gradients';

export const TRAINING_BACKENDS = ['onednn', 'wasm', 'cpu'] as const;
export type TrainingBackend = (typeof TRAINING_BACKENDS)[number];

/** The fastest back end that works on this machine. */
export function fastestBackend(): TrainingBackend {
	return isOneDnnInstalled() ? 'onednn' : 'wasm';
}

/** Makes `backend` the one that tfjs uses in this thread. Throws Error when it does not start. */
export async function startBackend(backend: TrainingBackend): Promise<void> {
	const isWasm = backend !== 'cpu';
	if (isWasm) {
		const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
		const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
		setWasmPaths(path.dirname(entry) + path.sep);
		registerWasmGradients();
	}
	if (!(await tf.setBackend(isWasm ? 'wasm' : 'cpu'))) throw new Error(`The back end ${backend} did not start.`);
	await tf.ready();
	if (backend === 'onednn') registerOneDnnKernels();
}

/** Replicas that use this machine's processors well: WASM has one thread each in Node. */
export function defaultReplicas(backend: TrainingBackend): number {
	return backend !== 'cpu' ? os.availableParallelism() : 1;
}
