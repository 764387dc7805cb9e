/** Where the arithmetic of training runs. */
import * as tf from '@tensorflow/tfjs';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../lib/errors';
import { oneDnnProblem } from './onednn/library';
import { registerOneDnnKernels } from './onednn/kernels';
import { registerWasmGradients } from './wasm-gradients';
import { findGpu, startWebGpu } from './webgpu/webgpu';

/** The fastest first. */
export const TRAINING_BACKENDS = ['webgpu', 'onednn-bf16', 'onednn', 'wasm'] as const;
/** `cpu` is tfjs's own in JavaScript, which tests compare the others with. */
export type TrainingBackend = (typeof TRAINING_BACKENDS)[number] | 'cpu';

export interface BackendChoice {
	readonly backend: TrainingBackend;
	/** One sentence: what was chosen, and why not something faster. */
	readonly reason: string;
}

/** Whether the processor multiplies bfloat16 itself; otherwise oneDNN emulates it, slower than float32. */
function hasBfloat16(): boolean {
	try {
		return /\bavx512_bf16\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
	} catch {
		return false;
	}
}

/** Why a back end is not worth using here, or undefined. */
async function problemOf(backend: TrainingBackend): Promise<string | undefined> {
	switch (backend) {
		case 'webgpu': {
			const gpu = await findGpu().catch(messageOf);
			if (gpu === undefined) return 'no GPU was found on this machine';
			if (typeof gpu === 'string') return `Dawn does not start (${gpu})`;
			return gpu.isSoftware ? `${gpu.name} is not a real GPU` : undefined;
		}
		case 'onednn-bf16':
			return hasBfloat16() ? oneDnnProblem() : 'this processor has no bfloat16';
		case 'onednn':
			return oneDnnProblem();
		case 'wasm':
		case 'cpu':
			return undefined;
	}
}

/** The fastest back end that works on this machine, to train on. */
export async function chooseBackend(): Promise<BackendChoice> {
	const passedOver: string[] = [];
	for (const backend of TRAINING_BACKENDS) {
		const problem = await problemOf(backend);
		if (problem === undefined) {
			const why = passedOver.length > 0 ? ` Not ${passedOver.join('; not ')}.` : '';
			return { backend, reason: `Back end: ${backend}, the fastest that works here.${why}` };
		}
		passedOver.push(`${backend}: ${problem}`);
	}
	throw new Error('WASM works everywhere.');
}

/** The fastest back end that every machine, or a system package, offers: for export and evaluation. */
export function fastestOnProcessor(): TrainingBackend {
	return oneDnnProblem() === undefined ? 'onednn' : 'wasm';
}

/** All back ends that work on this machine; `software` counts software GPUs too. */
export async function workingBackends(software: boolean): Promise<TrainingBackend[]> {
	const working: TrainingBackend[] = [];
	for (const backend of TRAINING_BACKENDS) {
		const isSoftwareGpu = backend === 'webgpu' && software && (await findGpu().catch(() => undefined)) !== undefined;
		if (isSoftwareGpu || (await problemOf(backend)) === undefined) working.push(backend);
	}
	return working;
}

/** Makes `backend` the one that tfjs uses in this thread. Throws Error when it does not start. */
export async function startBackend(backend: TrainingBackend): Promise<void> {
	switch (backend) {
		case 'webgpu':
			await startWebGpu();
			break;
		case 'onednn-bf16':
		case 'onednn':
			await startWasm();
			registerOneDnnKernels({ bfloat16: backend === 'onednn-bf16' });
			break;
		case 'wasm':
			await startWasm();
			break;
		case 'cpu':
			if (!(await tf.setBackend('cpu'))) throw new Error('The back end cpu did not start.');
	}
	await tf.ready();
}

async function startWasm(): Promise<void> {
	const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
	const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
	setWasmPaths(path.dirname(entry) + path.sep);
	registerWasmGradients();
	if (!(await tf.setBackend('wasm'))) throw new Error('The back end wasm did not start.');
}

/**
 * Whether several replicas in threads make this back end faster: WASM and oneDNN have one thread each in Node. The
 * others use the whole machine, or are for tests.
 */
export function sharesWork(backend: TrainingBackend): boolean {
	return ['onednn-bf16', 'onednn', 'wasm'].includes(backend);
}
