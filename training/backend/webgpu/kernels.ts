/** The heavy kernels of training for tfjs's WebGPU back end. */
import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from '../extra-kernels';
import { replaceKernel, type Attrs, type Inputs, type Kernel } from '../kernel-inputs';
import { batchNormKernels } from './batch-norm-kernels';
import { convolutionKernels } from './convolution-kernels';
import { elementwiseKernels } from './elementwise-kernels';
import { Recorder, type Backend } from './recorder';

let registeredFor: tf.KernelBackend | undefined;

/** Replaces the heavy kernels of the 'webgpu' back end, which must be in use. Throws Error for a second one. */
export function registerWebGpuKernels(): void {
	const backend = tf.backend() as tf.KernelBackend & Backend;
	if (backend === registeredFor) return;
	if (registeredFor) throw new Error('WebGPU can be started only once per thread.');
	registeredFor = backend;
	// Errors on a GPU would otherwise go unnoticed: the results are zeros.
	backend.device.addEventListener('uncapturederror', ({ error }) => {
		throw new Error(`WebGPU: ${error.message}`);
	});
	const gpu = new Recorder(backend);
	const original = (name: string): Kernel => {
		const { kernelFunc } = tf.getKernel(name, 'webgpu');
		return (inputs, attrs) => kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend });
	};
	const kernels = { ...convolutionKernels(gpu, original), ...batchNormKernels(gpu), ...elementwiseKernels(gpu) };
	for (const [name, kernel] of Object.entries(kernels))
		replaceKernel(name, 'webgpu', ({ inputs, attrs }) => kernel(inputs as Inputs, attrs as Attrs));
	registerGradients();
}
