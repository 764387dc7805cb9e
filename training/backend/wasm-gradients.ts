/**
 * The two convolution gradients that the WASM back end lacks, or has only in a slow form, written as forward
 * convolutions so that its fast kernel (XNNPACK, SIMD) does the work.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { WasmMemory } from './host';
import { convolutionInfo, inputOf, poolInfo, replaceKernel, type Attrs, type Inputs } from './kernel-inputs';

/** Cuts off the `bottom` last rows and `right` last columns of an NHWC tensor. */
function crop(x: tf.Tensor4D, bottom: number, right: number): tf.Tensor4D {
	if (bottom === 0 && right === 0) return x;
	const [n, height, width, channels] = x.shape;
	return tf.slice(x, [0, 0, 0, 0], [n, height - bottom, width - right, channels]);
}

/**
 * dL/dfilter [kh, kw, in, out]: a valid convolution of the padded input, channels as batch, with dy as the filter and
 * the stride as its dilation.
 */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor4D {
	const { filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, padInfo } = info;
	// Padding that the forward pass needed; negative if its last windows ended before the picture did.
	const bottom = (info.outHeight - 1) * strideHeight + filterHeight - inHeight - padInfo.top;
	const right = (info.outWidth - 1) * strideWidth + filterWidth - inWidth - padInfo.left;
	const asBatch: tf.Tensor4D = tf.transpose(crop(x, Math.max(0, -bottom), Math.max(0, -right)), [3, 1, 2, 0]);
	const asFilter: tf.Tensor4D = tf.transpose(dy, [1, 2, 0, 3]);
	const padding: tf.backend_util.ExplicitPadding = [
		[0, 0],
		[padInfo.top, Math.max(0, bottom)],
		[padInfo.left, Math.max(0, right)],
		[0, 0]
	];
	const gradient = tf.conv2d(asBatch, asFilter, 1, padding, 'NHWC', [strideHeight, strideWidth]);
	return tf.transpose(gradient, [1, 2, 0, 3]);
}

/** Puts `stride - 1` zeros between the rows and columns of an NHWC tensor. */
function dilate(x: tf.Tensor4D, strideHeight: number, strideWidth: number): tf.Tensor4D {
	if (strideHeight === 1 && strideWidth === 1) return x;
	const [n, height, width, channels] = x.shape;
	const spread = tf.pad(tf.reshape(x, [n * height, 1, width, channels]), [
		[0, 0],
		[0, strideHeight - 1],
		[0, 0],
		[0, 0]
	]);
	const columns = tf.pad(tf.reshape(spread, [n * height * strideHeight * width, 1, channels]), [
		[0, 0],
		[0, strideWidth - 1],
		[0, 0]
	]);
	return tf.reshape(columns, [n, height * strideHeight, width * strideWidth, channels]);
}

/** dL/dx: a convolution of the dilated, padded dy with the filter turned by 180 degrees, its channels swapped. */
function inputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor4D {
	const { filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, padInfo } = info;
	const dilated = dilate(dy, strideHeight, strideWidth);
	const top = filterHeight - 1 - padInfo.top;
	const left = filterWidth - 1 - padInfo.left;
	const padding: tf.backend_util.ExplicitPadding = [
		[0, 0],
		[top, inHeight + filterHeight - 1 - dilated.shape[1] - top],
		[left, inWidth + filterWidth - 1 - dilated.shape[2] - left],
		[0, 0]
	];
	const turned: tf.Tensor4D = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
	return tf.conv2d(dilated, turned, 1, padding);
}

/** dL/dx of max pooling: each gradient goes to the first greatest value of its window. `x`, `dy` and the result are NHWC. */
function maxPoolGradient(
	x: Float32Array,
	dy: Float32Array,
	result: Float32Array,
	info: tf.backend_util.Conv2DInfo
): void {
	const { inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
	result.fill(0);
	let out = 0;
	for (let n = 0; n < info.batchSize; n++) {
		for (let row = 0; row < outHeight; row++) {
			const top = row * info.strideHeight - padInfo.top;
			const [firstY, lastY] = [Math.max(0, top), Math.min(inHeight, top + info.filterHeight)];
			for (let column = 0; column < outWidth; column++) {
				const left = column * info.strideWidth - padInfo.left;
				const [firstX, lastX] = [Math.max(0, left), Math.min(inWidth, left + info.filterWidth)];
				for (let channel = 0; channel < channels; channel++, out++) {
					let [most, where] = [-Infinity, -1];
					for (let y = firstY; y < lastY; y++) {
						for (let at = firstX; at < lastX; at++) {
							const index = ((n * inHeight + y) * inWidth + at) * channels + channel;
							const value = x[index] ?? 0;
							if (value > most) [most, where] = [value, index];
						}
					}
					if (where >= 0) result[where] = (result[where] ?? 0) + (dy[out] ?? 0);
				}
			}
		}
	}
}

/**
 * Registers Conv2DBackpropFilter, Conv2DBackpropInput and MaxPoolGrad for the 'wasm' back end, once; call it after importing
 * @tensorflow/tfjs-backend-wasm.
 */
export function registerWasmGradients(): void {
	if (tf.getKernelsForBackend('wasm').some(({ kernelName }) => kernelName === 'Conv2DBackpropFilter')) return;
	replaceKernel('Conv2DBackpropFilter', 'wasm', ({ inputs, attrs }) => {
		const { x, dy } = inputs as unknown as { x: tf.Tensor4D; dy: tf.Tensor4D };
		const info = convolutionInfo(x.shape, attrs?.['filterShape'] as number[], attrs as Attrs);
		return tf.tidy(() => filterGradient(x, dy, info));
	});
	// The back end's own is ten times slower.
	replaceKernel('Conv2DBackpropInput', 'wasm', ({ inputs, attrs }) => {
		const { dy, filter } = inputs as unknown as { dy: tf.Tensor4D; filter: tf.Tensor4D };
		const info = convolutionInfo(attrs?.['inputShape'] as number[], filter.shape, attrs as Attrs);
		return tf.tidy(() => inputGradient(dy, filter, info));
	});
	// The back end's own differs from the cpu back end's even at 8 x 8 pixels.
	replaceKernel('MaxPoolGrad', 'wasm', ({ inputs, attrs, backend }) => {
		const [dy, x] = [inputOf(inputs as Inputs, 'dy'), inputOf(inputs as Inputs, 'input')];
		const memory = backend as WasmMemory;
		const gradient = memory.makeOutput([...x.shape], 'float32');
		const view = (tensor: tf.TensorInfo): Float32Array => memory.typedArrayFromHeap(tensor);
		maxPoolGradient(view(x), view(dy), view(gradient), poolInfo(x.shape, attrs as Attrs));
		return gradient;
	});
}
