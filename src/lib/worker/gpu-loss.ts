/** A GPU can be lost at any time: by a driver update, a crash, or a laptop that switches its graphics card. */
import { backend } from '@tensorflow/tfjs-core';
import type { BackendName } from '../protocol';

/**
 * Calls `onLost` with the reason when the device of the current back end is lost. tfjs does not watch it, and continues
 * with empty results. The back end's field that holds the device is not part of its types, so it is checked here;
 * throws if it is missing.
 */
export function watchGpu(name: BackendName, onLost: (reason: string) => void): void {
	switch (name) {
		case 'webgpu':
			void deviceOf(backend()).lost.then(({ reason, message }) => {
				onLost(`${reason}: ${message}`);
			});
			break;
		case 'webgl':
			canvasOf(backend()).addEventListener('webglcontextlost', () => {
				onLost('the WebGL context was lost');
			});
			break;
		case 'wasm':
		case 'cpu':
			break;
	}
}

function deviceOf(current: object): GPUDevice {
	if ('device' in current && current.device instanceof GPUDevice) return current.device;
	throw new Error('The WebGPU back end has no field "device"');
}

function canvasOf(current: object): EventTarget {
	if ('canvas' in current && current.canvas instanceof EventTarget) return current.canvas;
	throw new Error('The WebGL back end has no field "canvas"');
}
