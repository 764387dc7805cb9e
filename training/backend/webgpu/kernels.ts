/** The heavy kernels of training for tfjs's WebGPU back end, whose own gradient of a filter gives each thread one weight and all the pictures. */
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
	BATCH_NORM_GRADIENT_KERNEL,
	BATCH_NORM_KERNEL,
	inputOf,
	MOVE_KERNEL,
	registerGradients,
	RELU_GRADIENT_KERNEL,
	replaceKernel,
	SGD_KERNEL,
	sizeOf,
	type Attrs,
	type Inputs
} from '../extra-kernels';
import {
	backward,
	buffers,
	elementwise,
	filterProduct,
	forward,
	itemsOf,
	lines,
	sumGroups,
	sumParts,
	sumPerChannel,
	turnFilter,
	vec4,
	type Info,
	type Program
} from './programs';
/** What programs are recorded with; tfjs keeps some of it to itself. */
interface Backend extends Pick<
	WebGPUBackend,
	| 'device'
	| 'makeTensorInfo'
	| 'disposeData'
	| 'uploadToGPU'
	| 'tensorMap'
	| 'ensureCommandEncoderReady'
	| 'endComputePassEncoder'
	| 'submitQueue'
> {
	computePassEncoder: GPUComputePassEncoder | null;
	commandEncoder: GPUCommandEncoder;
	commandQueueOwnedIds: WeakSet<object>;
	dispatchCountInPass: number;
	tensorToBinding(tensor: tf.TensorInfo): GPUBufferBinding;
	makeUniforms(uniforms: { type: string; data: number[] }[]): GPUBufferBinding;
}

interface Compiled {
	readonly pipeline: GPUComputePipeline;
	readonly layout: GPUBindGroupLayout;
}

/** A program whose bindings are, in this order: `reads`, `writes`, and a uniform where there are `uniforms`. */
interface Job extends Program {
	readonly reads: readonly tf.TensorInfo[];
	/** All of them may be read too. */
	readonly writes: readonly tf.TensorInfo[];
	readonly uniforms?: readonly number[];
}

class Recorder {
	private readonly programs = new Map<string, Compiled>();

	constructor(private readonly backend: Backend) {}

	allocate(shape: readonly number[]): tf.TensorInfo {
		return this.backend.makeTensorInfo([...shape], 'float32');
	}

	dispose(tensor: tf.TensorInfo): void {
		this.backend.disposeData(tensor.dataId);
	}

	/** Adds a program to the commands under way, as tfjs does with its own. */
	run({ code, reads, writes, uniforms, workgroups }: Job): void {
		const { backend } = this;
		const { pipeline, layout } = this.programOf(code);
		const tensors = [...reads, ...writes];
		for (const { dataId } of tensors) backend.uploadToGPU(dataId);
		const resources = tensors.map((tensor) => backend.tensorToBinding(tensor));
		if (uniforms) resources.push(backend.makeUniforms(uniforms.map((value) => ({ type: 'float32', data: [value] }))));
		const entries = resources.map((resource, binding) => ({ binding, resource }));
		const bindGroup = backend.device.createBindGroup({ layout, entries });
		for (const { dataId } of tensors) backend.commandQueueOwnedIds.add(dataId);
		// What was read back of them before is out of date.
		for (const { dataId } of writes) backend.tensorMap.get(dataId).values = null as unknown as Float32Array;
		backend.ensureCommandEncoderReady();
		backend.computePassEncoder ??= backend.commandEncoder.beginComputePass();
		backend.computePassEncoder.setPipeline(pipeline);
		backend.computePassEncoder.setBindGroup(0, bindGroup);
		backend.computePassEncoder.dispatchWorkgroups(...workgroups);
		backend.dispatchCountInPass++;
		if (backend.dispatchCountInPass < tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) return;
		backend.endComputePassEncoder();
		backend.submitQueue();
	}

	private programOf(code: string): Compiled {
		const known = this.programs.get(code);
		if (known) return known;
		const { device } = this.backend;
		const module = device.createShaderModule({ code });
		const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
		const program = { pipeline, layout: pipeline.getBindGroupLayout(0) };
		this.programs.set(code, program);
		return program;
	}
}

const channelsOf = ({ shape }: tf.TensorInfo): number => shape.at(-1) ?? 1;
type Kernel = (inputs: Inputs, attrs: Attrs) => tf.TensorInfo | tf.TensorInfo[];

function convolutionInfo(xShape: readonly number[], filterShape: readonly number[], attrs: Attrs): Info {
	return tf.backend_util.computeConv2DInfo(
		xShape as [number, number, number, number],
		filterShape as [number, number, number, number],
		attrs['strides'] as [number, number],
		(attrs['dilations'] ?? 1) as [number, number],
		attrs['pad'] as 'same' | 'valid',
		attrs['dimRoundingMode'] as 'floor' | undefined,
		false,
		attrs['dataFormat'] === 'NCHW' ? 'channelsFirst' : 'channelsLast'
	);
}

/** Whether this project's programs cover it: quads of columns, channels last, and no holes in the filter. */
function isCovered(info: Info, columns: number): boolean {
	return (
		info.dataFormat === 'channelsLast' && columns % 4 === 0 && info.dilationHeight === 1 && info.dilationWidth === 1
	);
}

function convolutionKernels(gpu: Recorder, original: (name: string) => Kernel): Record<string, Kernel> {
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

function normKernels(gpu: Recorder): Record<string, Kernel> {
	const inverse = (epsilon: unknown): string => `inverseSqrt(variance[c] + ${Number(epsilon).toExponential()})`;
	const count = (rows: number): string => `${rows}.0`;
	return {
		[BATCH_NORM_KERNEL]: (inputs, { epsilon }) => {
			const [x, gamma, beta] = [inputOf(inputs, 'x'), inputOf(inputs, 'gamma'), inputOf(inputs, 'beta')];
			const channels = channelsOf(x);
			const rows = sizeOf(x) / channels;
			const { type, items } = itemsOf(channels);
			// Sums of differences from the first row: large means do not eat the variance's digits.
			const { groups, ...sum } = sumPerChannel(
				rows,
				channels,
				['x'],
				'let origin = x[c];',
				'let first = x[at] - origin; let second = first * first;'
			);
			const sums = gpu.allocate([groups, 2, channels]);
			gpu.run({ ...sum, reads: [x], writes: [sums] });
			const [mean, variance, y] = [gpu.allocate([channels]), gpu.allocate([channels]), gpu.allocate(x.shape)];
			const finish = sumGroups(
				groups,
				channels,
				buffers(
					['sums', type, 'read'],
					['x', type, 'read'],
					['mean', type, 'read_write'],
					['variance', type, 'read_write']
				),
				`let shift = a / ${count(rows)};
				mean[c] = x[c] + shift;
				variance[c] = max(${type}(), b / ${count(rows)} - shift * shift);`
			);
			gpu.run({ ...finish, reads: [sums, x], writes: [mean, variance] });
			gpu.dispose(sums);
			const names = ['x', 'gamma', 'beta', 'mean', 'variance'];
			const apply = elementwise(
				buffers(...names.map((name) => [name, type, 'read'] as const), ['y', type, 'read_write']),
				rows * items,
				`let c = i % ${items}u;
				y[i] = (x[i] - mean[c]) * (${inverse(epsilon)} * gamma[c]) + beta[c];`
			);
			gpu.run({ ...apply, reads: [x, gamma, beta, mean, variance], writes: [y] });
			return [y, mean, variance];
		},
		[BATCH_NORM_GRADIENT_KERNEL]: (inputs, { epsilon }) => {
			const names = ['x', 'mean', 'variance', 'gamma', 'dy'];
			const given = names.map((name) => inputOf(inputs, name));
			const x = inputOf(inputs, 'x');
			const channels = channelsOf(x);
			const rows = sizeOf(x) / channels;
			const { type, items } = itemsOf(channels);
			const [forX, forGamma, forBeta] = [gpu.allocate(x.shape), gpu.allocate([channels]), gpu.allocate([channels])];
			const { groups, ...sum } = sumPerChannel(
				rows,
				channels,
				['x', 'dy', 'mean', 'variance'],
				`let centre = mean[c]; let factor = ${inverse(epsilon)};`,
				'let first = dy[at]; let second = first * (x[at] - centre) * factor;'
			);
			const sums = gpu.allocate([groups, 2, channels]);
			const [dy, mean, variance] = ['dy', 'mean', 'variance'].map((name) => inputOf(inputs, name));
			if (!dy || !mean || !variance) throw new Error('A normalisation lacks an input.');
			gpu.run({ ...sum, reads: [x, dy, mean, variance], writes: [sums] });
			const finish = sumGroups(
				groups,
				channels,
				buffers(['sums', type, 'read'], ['forGamma', type, 'read_write'], ['forBeta', type, 'read_write']),
				'forBeta[c] = a; forGamma[c] = b;'
			);
			gpu.run({ ...finish, reads: [sums], writes: [forGamma, forBeta] });
			gpu.dispose(sums);
			const read = [...names, 'forGamma', 'forBeta'].map((name) => [name, type, 'read'] as const);
			const apply = elementwise(
				buffers(...read, ['forX', type, 'read_write']),
				rows * items,
				`let c = i % ${items}u;
				let factor = ${inverse(epsilon)};
				let unit = (x[i] - mean[c]) * factor;
				forX[i] = factor * gamma[c] * (dy[i] - (forBeta[c] + unit * forGamma[c]) / ${count(rows)});`
			);
			gpu.run({ ...apply, reads: [...given, forGamma, forBeta], writes: [forX] });
			return [forX, forGamma, forBeta];
		}
	};
}

function elementwiseKernels(gpu: Recorder): Record<string, Kernel> {
	return {
		[RELU_GRADIENT_KERNEL]: (inputs) => {
			const [y, dy] = [inputOf(inputs, 'y'), inputOf(inputs, 'dy')];
			const gradient = gpu.allocate(y.shape);
			const { type, items } = itemsOf(sizeOf(y));
			const program = elementwise(
				buffers(['y', type, 'read'], ['dy', type, 'read'], ['result', type, 'read_write']),
				items,
				`result[i] = select(${type}(), dy[i], y[i] > ${type}());`
			);
			gpu.run({ ...program, reads: [y, dy], writes: [gradient] });
			return gradient;
		},
		[SGD_KERNEL]: (inputs, { decay, momentum, learningRate, nesterov }) => {
			const [weight, velocity] = [inputOf(inputs, 'weight'), inputOf(inputs, 'velocity')];
			const program = elementwise(
				`${buffers(['gradient', 'f32', 'read'], ['weight', 'f32', 'read_write'], ['velocity', 'f32', 'read_write'])}
				struct Settings { decay: f32, momentum: f32, rate: f32 }
				@group(0) @binding(3) var<uniform> settings: Settings;`,
				sizeOf(weight),
				`let decayed = gradient[i] + settings.decay * weight[i];
				let speed = settings.momentum * velocity[i] + decayed;
				velocity[i] = speed;
				weight[i] -= settings.rate * ${nesterov === true ? '(decayed + settings.momentum * speed)' : 'speed'};`
			);
			gpu.run({
				...program,
				reads: [inputOf(inputs, 'gradient')],
				writes: [weight, velocity],
				uniforms: [decay, momentum, learningRate].map(Number)
			});
			return [];
		},
		[MOVE_KERNEL]: (inputs, { part }) => {
			const count = Object.keys(inputs).length / 2;
			const of = (name: string) => Array.from({ length: count }, (_, i) => inputOf(inputs, `${name}${i}`));
			const [targets, towards] = [of('target'), of('towards')];
			const sizes = targets.map(sizeOf);
			const named = (name: string, access: 'read' | 'read_write') =>
				targets.map((_, i) => [`${name}${i}`, 'f32', access] as const);
			const program = elementwise(
				`${buffers(...named('towards', 'read'), ...named('goal', 'read_write'))}
				struct Settings { part: f32 }
				@group(0) @binding(${2 * count}) var<uniform> settings: Settings;`,
				Math.max(...sizes),
				lines(
					count,
					(j) => `if (i < ${sizes[j]}u) { goal${j}[i] = goal${j}[i] + settings.part * (towards${j}[i] - goal${j}[i]); }`
				)
			);
			gpu.run({ ...program, reads: towards, writes: targets, uniforms: [Number(part)] });
			return [];
		}
	};
}

let registeredFor: tf.KernelBackend | undefined;

/** Replaces the heavy kernels of the 'webgpu' back end, which must be the one in use. Throws Error for a second one. */
export function registerWebGpuKernels(): void {
	const backend = tf.backend() as tf.KernelBackend & Backend;
	if (backend === registeredFor) return;
	if (registeredFor) throw new Error('WebGPU can be started once in a thread.');
	registeredFor = backend;
	// What goes wrong on a GPU is else told to nobody: its results are zeros.
	backend.device.addEventListener('uncapturederror', ({ error }) => {
		throw new Error(`WebGPU: ${error.message}`);
	});
	const gpu = new Recorder(backend);
	const original = (name: string): Kernel => {
		const { kernelFunc } = tf.getKernel(name, 'webgpu');
		return (inputs, attrs) => kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend });
	};
	const kernels = { ...convolutionKernels(gpu, original), ...normKernels(gpu), ...elementwiseKernels(gpu) };
	for (const [name, kernel] of Object.entries(kernels))
		replaceKernel(name, 'webgpu', ({ inputs, attrs }) => kernel(inputs as Inputs, attrs as Attrs));
	registerGradients();
}
