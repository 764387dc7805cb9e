/** Convolution kernels. In tfjs's own filter gradient, each thread has one weight and all the pictures. */
import type * as tf from '@tensorflow/tfjs-core';
import { convolutionInfo, inputOf, sizeOf, type Kernel } from '../kernel-inputs';
import { backward, filterProduct, forward, sumParts, turnFilter } from './convolution-programs';
import { buffers, elementwise, vec4 } from './program';
import type { Recorder } from './recorder';

type Info = tf.backend_util.Conv2DInfo;

/** Whether this project's programs cover it: quads of columns, channels last, and no holes in the filter. */
function isCovered(info: Info, columns: number): boolean {
	return (
		info.dataFormat === 'channelsLast' && columns % 4 === 0 && info.dilationHeight === 1 && info.dilationWidth === 1
	);
}

/** Convolutions and their gradients; `original` gives tfjs's kernels, for what is not covered. */
export function convolutionKernels(gpu: Recorder, original: (name: string) => Kernel): Record<string, Kernel> {
	const [plain, fused] = [original('Conv2D'), original('FusedConv2D')];
	const [forInput, forFilter] = [original('Conv2DBackpropInput'), original('Conv2DBackpropFilter')];
	const convolve = (info: Info, x: tf.TensorInfo, filter: tf.TensorInfo): tf.TensorInfo => {
		const output = gpu.allocate(info.outShape);
		gpu.run({ ...forward(info), reads: [x, filter], writes: [output] });
		return output;
	};
	return {
		Conv2D: (inputs, attrs) => {
			const [x, filter] = [inputOf(inputs, 'x'), inputOf(inputs, 'filter')];
			const info = convolutionInfo(x.shape, filter.shape, attrs);
			return isCovered(info, info.outChannels) ? convolve(info, x, filter) : plain(inputs, attrs);
		},
		// What layers call, whether they have a bias or not.
		FusedConv2D: (inputs, attrs) => {
			const [x, filter, bias] = [inputOf(inputs, 'x'), inputOf(inputs, 'filter'), inputs['bias']];
			const info = convolutionInfo(x.shape, filter.shape, attrs);
			const { activation } = attrs;
			const isPlain =
				(!bias || bias.shape.join() === String(info.outChannels)) && (activation === 'linear' || activation === 'relu');
			if (!isPlain || !isCovered(info, info.outChannels)) return fused(inputs, attrs);
			const output = convolve(info, x, filter);
			if (!bias && activation === 'linear') return output;
			const finish = elementwise(
				buffers(...(bias ? [['bias', vec4, 'read'] as const] : []), ['result', vec4, 'read_write']),
				sizeOf(output) / 4,
				`let value = result[i]${bias ? ` + bias[i % ${info.outChannels / 4}u]` : ''};
				result[i] = ${activation === 'relu' ? 'select(value, vec4<f32>(), value < vec4<f32>())' : 'value'};`
			);
			gpu.run({ ...finish, reads: bias ? [bias] : [], writes: [output] });
			return output;
		},
		Conv2DBackpropInput: (inputs, attrs) => {
			const [dy, filter] = [inputOf(inputs, 'dy'), inputOf(inputs, 'filter')];
			const shape = attrs['inputShape'] as number[];
			const info = convolutionInfo(shape, filter.shape, attrs);
			if (!isCovered(info, info.inChannels)) return forInput(inputs, attrs);
			const turned = gpu.allocate(filter.shape);
			const turn = turnFilter(info.filterHeight * info.filterWidth, info.inChannels, info.outChannels);
			gpu.run({ ...turn, reads: [filter], writes: [turned] });
			const gradient = gpu.allocate(shape);
			gpu.run({ ...backward(info), reads: [dy, turned], writes: [gradient] });
			gpu.dispose(turned);
			return gradient;
		},
		Conv2DBackpropFilter: (inputs, attrs) => {
			const [x, dy] = [inputOf(inputs, 'x'), inputOf(inputs, 'dy')];
			const shape = attrs['filterShape'] as number[];
			const info = convolutionInfo(x.shape, shape, attrs);
			if (!isCovered(info, info.outChannels)) return forFilter(inputs, attrs);
			const { parts, ...program } = filterProduct(info);
			const partial = gpu.allocate([parts, ...shape]);
			gpu.run({ ...program, reads: [x, dy], writes: [partial] });
			const gradient = gpu.allocate(shape);
			gpu.run({ ...sumParts(parts, sizeOf(gradient)), reads: [partial], writes: [gradient] });
			gpu.dispose(partial);
			return gradient;
		}
	};
}
