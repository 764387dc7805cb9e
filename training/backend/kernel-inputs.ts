/** The inputs of tfjs kernels, and how to replace tfjs's own kernels. */
import * as tf from '@tensorflow/tfjs-core';

/** A kernel's attributes and inputs by name. */
export type Attrs = Readonly<Record<string, unknown>>;
export type Inputs = Readonly<Record<string, tf.TensorInfo>>;
export type Kernel = (inputs: Inputs, attrs: Attrs) => tf.TensorInfo | tf.TensorInfo[];

/** How many numbers a tensor has. */
export const sizeOf = ({ shape }: tf.TensorInfo): number => tf.util.sizeFromShape([...shape]);

/** One of a kernel's inputs. Throws Error if it is missing. */
export function inputOf(inputs: Inputs, name: string): tf.TensorInfo {
	const found = inputs[name];
	if (!found) throw new Error(`A kernel lacks its input ${name}.`);
	return found;
}

type Shape4D = [number, number, number, number];

/** Sides, strides and padding of a convolution of x [n, h, w, in] by a filter [h, w, in, out]. */
export function convolutionInfo(
	xShape: readonly number[],
	filterShape: readonly number[],
	attrs: Attrs
): tf.backend_util.Conv2DInfo {
	return tf.backend_util.computeConv2DInfo(
		xShape as Shape4D,
		filterShape as Shape4D,
		attrs['strides'] as [number, number],
		(attrs['dilations'] ?? 1) as [number, number],
		attrs['pad'] as 'same' | 'valid',
		attrs['dimRoundingMode'] as 'floor' | undefined,
		false,
		attrs['dataFormat'] === 'NCHW' ? 'channelsFirst' : 'channelsLast'
	);
}

/** The same for pooling. */
export function poolInfo(xShape: readonly number[], attrs: Attrs): tf.backend_util.Conv2DInfo {
	return tf.backend_util.computePool2DInfo(
		xShape as Shape4D,
		attrs['filterSize'] as [number, number],
		attrs['strides'] as [number, number],
		1,
		attrs['pad'] as 'same' | 'valid',
		attrs['dimRoundingMode'] as 'floor' | undefined
	);
}

/** Registers `kernelFunc`, replacing the back end's own kernel if it has one. */
export function replaceKernel(kernelName: string, backendName: string, kernelFunc: tf.KernelFunc): void {
	if (tf.getKernelsForBackend(backendName).some((known) => known.kernelName === kernelName))
		tf.unregisterKernel(kernelName, backendName);
	tf.registerKernel({ kernelName, backendName, kernelFunc });
}
