/** Where the arithmetic of training runs. */
import * as tf from '@tensorflow/tfjs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { registerWasmGradients } from './wasm-gradients';

export const TRAINING_BACKENDS = ['wasm', 'cpu'] as const;
export type TrainingBackend = (typeof TRAINING_BACKENDS)[number];

/** Makes `backend` the one that tfjs uses in this thread. Throws Error when it does not start. */
export async function startBackend(backend: TrainingBackend): Promise<void> {
	if (backend === 'wasm') {
		const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
		const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
		setWasmPaths(path.dirname(entry) + path.sep);
		registerWasmGradients();
	}
	if (!(await tf.setBackend(backend))) throw new Error(`The back end ${backend} did not start.`);
	await tf.ready();
}

/** Replicas that use this machine's processors well: WASM has one thread each in Node. */
export function defaultReplicas(backend: TrainingBackend): number {
	return backend === 'wasm' ? os.availableParallelism() : 1;
}
