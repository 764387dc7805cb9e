/** Access to a tensor's numbers in place, if the back end keeps them in this process's memory. */
import * as tf from '@tensorflow/tfjs';

/** The part of tfjs's BackendWasm that hands out its memory. */
export interface WasmMemory {
	typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
	makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo;
	/** One more tensor has this data. */
	incRef(dataId: object): void;
}

/** Whether `hostView` works on the back end in use. */
export function hasHostMemory(): boolean {
	return ['wasm', 'cpu'].includes(tf.getBackend());
}

/** The tensor's own values: writing to the view writes to the tensor. It is valid until the next tensor is made. */
export function hostView(tensor: tf.Tensor): Float32Array {
	if (tf.getBackend() === 'wasm') return (tf.backend() as unknown as WasmMemory).typedArrayFromHeap(tensor);
	return tensor.dataSync() as Float32Array;
}

/** A copy of `tensor` that shares no memory with it, so that either may be changed in place. */
export function separateCopy(tensor: tf.Tensor): tf.Tensor {
	return tf.add(tensor, 0);
}
