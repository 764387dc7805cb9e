/** WebGPU in Node, through Dawn (npm package `webgpu`), loaded only on demand. */
import * as tf from '@tensorflow/tfjs';
import { existsSync, readdirSync } from 'node:fs';
import process from 'node:process';
import { UserError } from '../../lib/errors';
import { registerWebGpuKernels } from './kernels';

export interface GpuAdapter {
	readonly name: string;
	/** Whether the GPU is emulated in software: correct, but far slower than any other back end. */
	readonly isSoftware: boolean;
}

/**
 * Whether it is worth asking Dawn for a GPU. If Linux has no graphics device and no driver was named, there is none,
 * and asking would only print warnings.
 */
function mayHaveGpu(): boolean {
	if (process.platform !== 'linux') return true;
	if (process.env['VK_ICD_FILENAMES'] !== undefined || process.env['VK_DRIVER_FILES'] !== undefined) return true;
	const isRenderNode = (name: string): boolean => name.startsWith('renderD');
	const hasRenderNode = existsSync('/dev/dri') && readdirSync('/dev/dri').some(isRenderNode);
	return hasRenderNode || existsSync('/dev/nvidia0') || existsSync('/dev/dxg');
}

/** tfjs looks for the GPU where browsers have it. */
function setNavigator(gpu: GPU | undefined): void {
	if (gpu) Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
	else Reflect.deleteProperty(globalThis, 'navigator');
}

/** One per process: Dawn aborts if one instance is collected while another is at work. */
let opened: GPU | undefined;

async function openGpu(): Promise<GPU> {
	const { create, globals } = await import('webgpu');
	if (!opened) {
		Object.assign(globalThis, globals);
		opened = create([]);
	}
	return opened;
}

/** The adapter that WebGPU would use here, or undefined if there is none. Throws Error if Dawn does not load. */
export async function findGpu(): Promise<GpuAdapter | undefined> {
	if (!mayHaveGpu()) return undefined;
	const adapter = await (await openGpu()).requestAdapter({ powerPreference: 'high-performance' });
	if (!adapter) return undefined;
	const { vendor, architecture, device, description } = adapter.info;
	const name = [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed GPU';
	const isSoftware = adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software/i.test(name);
	return { name, isSoftware };
}

/** Makes WebGPU the back end of tfjs. Throws UserError if no adapter is found. */
export async function startWebGpu(): Promise<void> {
	if (!(await findGpu()))
		throw new UserError('WebGPU finds no GPU and no driver on this machine: leave --backend out.');
	setNavigator(await openGpu());
	// Registers itself only if it finds navigator.gpu.
	await import('@tensorflow/tfjs-backend-webgpu');
	if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs could not start on WebGPU.');
	registerWebGpuKernels();
}

/** Releases the GPU, which otherwise keeps the process from ending. */
export function stopWebGpu(): void {
	opened = undefined;
	setNavigator(undefined);
}
