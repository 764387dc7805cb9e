/** Runs programs among tfjs's own: compiled once, and recorded with its pending commands. */
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { Program } from './program';

/** What programs are recorded with; tfjs keeps some of it to itself. */
export interface Backend extends Pick<
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

/** A program whose bindings are, in this order: `reads`, `writes`, and a uniform if there are `uniforms`. */
interface Job extends Program {
	readonly reads: readonly tf.TensorInfo[];
	/** All of them may be read too. */
	readonly writes: readonly tf.TensorInfo[];
	readonly uniforms?: readonly number[];
}

export class Recorder {
	private readonly programs = new Map<string, Compiled>();

	constructor(private readonly backend: Backend) {}

	allocate(shape: readonly number[]): tf.TensorInfo {
		return this.backend.makeTensorInfo([...shape], 'float32');
	}

	dispose(tensor: tf.TensorInfo): void {
		this.backend.disposeData(tensor.dataId);
	}

	/** Adds a program to the pending commands, as tfjs does with its own. */
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
		// What was read back from them earlier is out of date.
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
