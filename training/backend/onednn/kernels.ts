/** oneDNN's primitives as kernels of tfjs's WASM back end, on that back end's own memory. */
import * as tf from '@tensorflow/tfjs-core';
import {
	BATCH_NORM_GRADIENT_KERNEL,
	BATCH_NORM_KERNEL,
	registerGradients,
	RELU_GRADIENT_KERNEL
} from '../extra-kernels';
import type { WasmMemory } from '../host';
import {
	convolutionInfo,
	inputOf,
	poolInfo,
	replaceKernel,
	sizeOf,
	type Attrs,
	type Inputs,
	type Kernel as Fallback
} from '../kernel-inputs';
import { loadOneDnn, type OneDnn } from './primitives';

type Kernel = (inputs: Inputs, attrs: Attrs, memory: Memory) => tf.TensorInfo | tf.TensorInfo[];

/** Below this many numbers the call costs more than it saves. */
const WORTH_IT = 512;

interface Memory {
	view(tensor: tf.TensorInfo): Float32Array;
	allocate(shape: readonly number[]): tf.TensorInfo;
}

/**
 * Replaces the heavy kernels of the 'wasm' back end in this thread. With `bfloat16`, convolutions round their factors
 * to it; sums, weights and all else stay float32. Throws Error if the library is not installed.
 */
export function registerOneDnnKernels({ bfloat16 }: { readonly bfloat16: boolean }): void {
	const oneDnn = loadOneDnn(bfloat16);
	const original = (name: string): Fallback => {
		const { kernelFunc } = tf.getKernel(name, 'wasm');
		return (inputs, attrs) => kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend: tf.backend() });
	};
	for (const [kernelName, kernel] of Object.entries({
		...convolutionKernels(oneDnn),
		...normKernels(oneDnn),
		...reluKernels(oneDnn),
		MaxPoolGrad: maxPoolGradient(oneDnn),
		Add: addKernel(oneDnn, original('Add')),
		Sum: sumKernel(oneDnn, original('Sum')),
		BatchMatMul: matMulKernel(oneDnn, original('BatchMatMul')),
		_FusedMatMul: fusedMatMulKernel(oneDnn, original('_FusedMatMul'))
	}))
		register(kernelName, kernel);
	shareIdentities();
	registerGradients();
}

function register(kernelName: string, kernel: Kernel): void {
	replaceKernel(kernelName, 'wasm', ({ inputs, attrs, backend }) => {
		const wasm = backend as WasmMemory;
		return kernel(inputs as Inputs, attrs as Attrs, {
			view: (tensor) => wasm.typedArrayFromHeap(tensor),
			allocate: (shape) => wasm.makeOutput([...shape], 'float32')
		});
	});
}

/** Copies share their data, as in all other back ends; WASM's own kernel copies it, hundreds of times a step. */
function shareIdentities(): void {
	replaceKernel('Identity', 'wasm', ({ inputs, backend }) => {
		const { dataId, shape, dtype } = inputOf(inputs as Inputs, 'x');
		(backend as WasmMemory).incRef(dataId);
		return { dataId, shape, dtype };
	});
}

/** Returns `info`; throws Error for what the library cannot do, or gets wrong. */
function checked(info: tf.backend_util.Conv2DInfo): tf.backend_util.Conv2DInfo {
	if (info.dilationHeight !== 1 || info.dilationWidth !== 1)
		throw new Error('The oneDNN back end has no dilated convolutions.');
	// Without AVX-512, the library's kernel writes whole vectors of eight channels past the end of its own memory.
	const isStrided1x1 = info.filterHeight * info.filterWidth === 1 && info.strideHeight * info.strideWidth > 1;
	if (isStrided1x1 && info.inChannels % 8 !== 0)
		throw new Error('The oneDNN back end has 1x1 convolutions with strides only for multiples of eight channels.');
	return info;
}

function convolutionKernels(oneDnn: OneDnn): Record<string, Kernel> {
	const convolve = (inputs: Inputs, attrs: Attrs, memory: Memory): tf.TensorInfo => {
		const [x, filter] = [inputOf(inputs, 'x'), inputOf(inputs, 'filter')];
		const info = convolutionInfo(x.shape, filter.shape, attrs);
		const output = memory.allocate(info.outShape);
		oneDnn.convolution(checked(info))(memory.view(x), memory.view(filter), memory.view(output));
		return output;
	};
	return {
		Conv2D: convolve,
		FusedConv2D: (inputs, attrs, memory) => {
			const output = convolve(inputs, attrs, memory);
			finish(oneDnn, output, inputs['bias'], attrs['activation'], memory);
			return output;
		},
		Conv2DBackpropInput: (inputs, attrs, memory) => {
			const [dy, filter] = [inputOf(inputs, 'dy'), inputOf(inputs, 'filter')];
			const shape = attrs['inputShape'] as number[];
			const run = oneDnn.convolutionSourceGradient(checked(convolutionInfo(shape, filter.shape, attrs)));
			const gradient = memory.allocate(shape);
			run(memory.view(dy), memory.view(filter), memory.view(gradient));
			return gradient;
		},
		Conv2DBackpropFilter: (inputs, attrs, memory) => {
			const [x, dy] = [inputOf(inputs, 'x'), inputOf(inputs, 'dy')];
			const shape = attrs['filterShape'] as number[];
			const run = oneDnn.convolutionFilterGradient(checked(convolutionInfo(x.shape, shape, attrs)));
			const gradient = memory.allocate(shape);
			run(memory.view(x), memory.view(dy), memory.view(gradient));
			return gradient;
		}
	};
}

function maxPoolGradient(oneDnn: OneDnn): Kernel {
	return (inputs, attrs, memory) => {
		const [dy, x] = [inputOf(inputs, 'dy'), inputOf(inputs, 'input')];
		const gradient = memory.allocate(x.shape);
		oneDnn.maxPoolGradient(checked(poolInfo(x.shape, attrs)))(memory.view(x), memory.view(dy), memory.view(gradient));
		return gradient;
	};
}

/** Adds a bias to the last axis and applies the activation, in place. */
function finish(
	oneDnn: OneDnn,
	output: tf.TensorInfo,
	bias: tf.TensorInfo | undefined,
	activation: unknown,
	memory: Memory
): void {
	const [values, size] = [memory.view(output), sizeOf(output)];
	const columns = output.shape.at(-1) ?? 1;
	if (bias) oneDnn.add(size / columns, columns, 1)(values, memory.view(bias), values);
	if (activation === 'relu') oneDnn.relu(size)(values, values);
	else if (activation && activation !== 'linear')
		throw new Error(`The oneDNN back end has no fused ${JSON.stringify(activation)}.`);
}

function normKernels(oneDnn: OneDnn): Record<string, Kernel> {
	const dimensions = (x: tf.TensorInfo): [rows: number, channels: number] => {
		const channels = x.shape.at(-1) ?? 1;
		return [sizeOf(x) / channels, channels];
	};
	return {
		[BATCH_NORM_KERNEL]: (inputs, attrs, memory) => {
			const [x, gamma, beta] = [inputOf(inputs, 'x'), inputOf(inputs, 'gamma'), inputOf(inputs, 'beta')];
			const run = oneDnn.batchNorm(...dimensions(x), attrs['epsilon'] as number);
			const results = [x.shape, gamma.shape, gamma.shape].map((shape) => memory.allocate(shape));
			run(...[x, gamma, beta, ...results].map((tensor) => memory.view(tensor)));
			return results;
		},
		[BATCH_NORM_GRADIENT_KERNEL]: (inputs, attrs, memory) => {
			// The shift does not affect its own gradient; the scale stands in for it.
			const given = ['x', 'mean', 'variance', 'gamma', 'gamma', 'dy'].map((name) => inputOf(inputs, name));
			const [x, mean] = [inputOf(inputs, 'x'), inputOf(inputs, 'mean')];
			const run = oneDnn.batchNormGradient(...dimensions(x), attrs['epsilon'] as number);
			const results = [x.shape, mean.shape, mean.shape].map((shape) => memory.allocate(shape));
			run(...[...given, ...results].map((tensor) => memory.view(tensor)));
			return results;
		}
	};
}

function reluKernels(oneDnn: OneDnn): Record<string, Kernel> {
	return {
		Relu: (inputs, _attrs, memory) => {
			const x = inputOf(inputs, 'x');
			const output = memory.allocate(x.shape);
			oneDnn.relu(sizeOf(x))(memory.view(x), memory.view(output));
			return output;
		},
		[RELU_GRADIENT_KERNEL]: (inputs, _attrs, memory) => {
			const [y, dy] = [inputOf(inputs, 'y'), inputOf(inputs, 'dy')];
			const gradient = memory.allocate(y.shape);
			oneDnn.reluGradient(sizeOf(y))(memory.view(y), memory.view(dy), memory.view(gradient));
			return gradient;
		}
	};
}

/** Two tensors of one shape, or a vector added to the last axis. */
function addKernel(oneDnn: OneDnn, fallback: Fallback): Kernel {
	return (inputs, attrs, memory) => {
		const [a, b] = [inputOf(inputs, 'a'), inputOf(inputs, 'b')];
		const columns = a.shape.at(-1) ?? 1;
		const same = a.shape.join() === b.shape.join();
		const perColumn = b.shape.length === 1 && b.shape[0] === columns && a.shape.length > 1;
		const isFloat = a.dtype === 'float32' && b.dtype === 'float32';
		if (!isFloat || !(same || perColumn) || sizeOf(a) < WORTH_IT) return fallback(inputs, attrs);
		const rows = sizeOf(a) / columns;
		const output = memory.allocate(a.shape);
		oneDnn.add(rows, columns, same ? rows : 1)(memory.view(a), memory.view(b), memory.view(output));
		return output;
	};
}

/** Sums over all axes but the last, which is the gradient of a bias: a product with a row of ones. */
function sumKernel(oneDnn: OneDnn, fallback: Fallback): Kernel {
	const ones = new Map<number, Float32Array>();
	return (inputs, attrs, memory) => {
		const x = inputOf(inputs, 'x');
		const axes = tf.util.parseAxisParam(attrs['axis'] as number | number[], [...x.shape]);
		const isLeading = axes.length === x.shape.length - 1 && axes.every((axis, index) => axis === index);
		if (!isLeading || attrs['keepDims'] === true || x.dtype !== 'float32' || sizeOf(x) < WORTH_IT)
			return fallback(inputs, attrs);
		const columns = x.shape.at(-1) ?? 1;
		const rows = sizeOf(x) / columns;
		const row = ones.get(rows) ?? new Float32Array(rows).fill(1);
		ones.set(rows, row);
		const output = memory.allocate([columns]);
		oneDnn.matMul(1, rows, columns, false, false)(row, memory.view(x), memory.view(output));
		return output;
	};
}

function matMulKernel(oneDnn: OneDnn, fallback: Fallback): Kernel {
	return (inputs, attrs, memory) => {
		const [a, b] = [inputOf(inputs, 'a'), inputOf(inputs, 'b')];
		const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
		// tfjs passes matrices plain or as batches of one, depending on the operation they come from.
		const isSingle = ({ shape }: tf.TensorInfo): boolean => shape.slice(0, -2).every((count) => count === 1);
		if (!isSingle(a) || !isSingle(b)) return fallback(inputs, attrs);
		const sides = ({ shape }: tf.TensorInfo, turned: boolean): number[] => {
			const [rows = 1, columns = 1] = shape.slice(-2);
			return turned ? [columns, rows] : [rows, columns];
		};
		const [m = 1, k = 1] = sides(a, transposeA);
		const [, n = 1] = sides(b, transposeB);
		const output = memory.allocate([...a.shape.slice(0, -2), m, n]);
		oneDnn.matMul(m, k, n, transposeA, transposeB)(memory.view(a), memory.view(b), memory.view(output));
		return output;
	};
}

/** A product with bias and activation, if they are those of a Dense layer. */
function fusedMatMulKernel(oneDnn: OneDnn, fallback: Fallback): Kernel {
	const plain = matMulKernel(oneDnn, fallback);
	return (inputs, attrs, memory) => {
		const { activation } = attrs;
		const bias = inputs['bias'];
		const isPlain = activation === 'linear' || activation === 'relu';
		const [a, b] = [inputOf(inputs, 'a'), inputOf(inputs, 'b')];
		if (!isPlain || (bias && bias.shape.length !== 1) || a.shape[0] !== 1 || b.shape[0] !== 1)
			return fallback(inputs, attrs);
		const output = plain(inputs, attrs, memory) as tf.TensorInfo;
		finish(oneDnn, output, bias, activation, memory);
		return output;
	};
}
