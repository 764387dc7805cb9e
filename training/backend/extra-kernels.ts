/** Kernels that tfjs does not have: layers, optimizer and averages use them if the back end offers them. */
import * as tf from '@tensorflow/tfjs-core';
import { hostView } from './host';
import type { Attrs } from './kernel-inputs';

/** x [..., c], gamma [c], beta [c], c up to 1024 and a multiple of 4, or up to 256; attribute epsilon. Gives y [..., c], and mean and variance [c] of x. */
export const BATCH_NORM_KERNEL = 'BatchNormTraining';
/** x, mean, variance, gamma, dy; attribute epsilon. Gives the gradients of x, gamma and beta. */
export const BATCH_NORM_GRADIENT_KERNEL = 'BatchNormTrainingGradient';
/** y, dy. Gives the gradient of x. */
export const RELU_GRADIENT_KERNEL = 'ReluFromOutputGradient';
/**
 * Changes weight and velocity in place by gradient; attributes decay, momentum, learningRate, nesterov. Gives nothing.
 * No read of what it changes may be in progress.
 */
export const SGD_KERNEL = 'SgdInPlace';
/**
 * Changes target0 in place to (1 - part) * target0 + part * towards0, and so on up to target3, as far as given, under
 * the same condition. Gives nothing.
 */
export const MOVE_KERNEL = 'MoveInPlace';
/** How many tensors it moves at once: each takes two of the eight buffers that WebGPU allows a program. */
const MOVES = 4;

/** Whether the back end in use offers this kernel. */
export function hasKernel(name: string): boolean {
	return (tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;
}

/** Runs a kernel of the back end in use, which the gradient tape records. */
export function runKernel(name: string, inputs: Record<string, tf.Tensor>, attrs: Attrs = {}): tf.Tensor[] {
	const outputs: tf.Tensor | tf.Tensor[] = tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);
	return Array.isArray(outputs) ? outputs : [outputs];
}

/**
 * Moves each target towards another tensor of its shape, in place: to `keep` * target + (1 - `keep`) * towards. On back
 * ends that keep memory in this process, it moves only the numbers that `ownOf` returns for an array preceded by
 * `offset` others.
 */
export function moveInPlace(
	moves: readonly { readonly target: tf.Tensor; readonly towards: tf.Tensor }[],
	keep: number,
	ownOf: (part: Float32Array, offset: number) => Float32Array = (part) => part
): void {
	if (!hasKernel(MOVE_KERNEL)) {
		let offset = 0;
		for (const { target, towards } of moves) {
			const [values, goals] = [ownOf(hostView(target), offset), ownOf(hostView(towards), offset)];
			// Without an average, as in the paper's recipe, a copy is the same and much faster.
			if (keep === 0) values.set(goals);
			else for (let i = 0; i < values.length; i++) values[i] = keep * (values[i] ?? 0) + (1 - keep) * (goals[i] ?? 0);
			offset += target.size;
		}
		return;
	}
	for (let start = 0; start < moves.length; start += MOVES) {
		const some = moves.slice(start, start + MOVES);
		const inputs = some.flatMap(({ target, towards }, i) => [
			[`target${i}`, target] as const,
			[`towards${i}`, towards] as const
		]);
		runKernel(MOVE_KERNEL, Object.fromEntries(inputs), { part: 1 - keep });
	}
}

/** Teaches tfjs the gradients that these kernels compute; call it for each back end that has them. */
export function registerGradients(): void {
	tf.unregisterGradient('Relu');
	tf.registerGradient({
		kernelName: 'Relu',
		outputsToSave: [true],
		gradFunc: (gradient, saved) => {
			const [dy, y] = [gradient as tf.Tensor, saved[0] as tf.Tensor];
			// A gradient serves all back ends of this thread, a kernel only one.
			return {
				x: () => {
					const [own] = hasKernel(RELU_GRADIENT_KERNEL) ? runKernel(RELU_GRADIENT_KERNEL, { y, dy }) : [];
					return own ?? tf.mul(dy, tf.step(y));
				}
			};
		}
	});
	if ((tf.getGradient(BATCH_NORM_KERNEL) as tf.GradConfig | undefined) !== undefined) return;
	tf.registerGradient({
		kernelName: BATCH_NORM_KERNEL,
		inputsToSave: ['x', 'gamma'],
		outputsToSave: [false, true, true],
		gradFunc: (dys, saved, attrs) => {
			const [dy] = dys as tf.Tensor[];
			const [x, gamma, mean, variance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
			if (!dy) throw new Error('A normalisation has no gradient.');
			const gradients = runKernel(BATCH_NORM_GRADIENT_KERNEL, { x, mean, variance, gamma, dy }, attrs);
			const [forX, forGamma, forBeta] = gradients as [tf.Tensor, tf.Tensor, tf.Tensor];
			return { x: () => forX, gamma: () => forGamma, beta: () => forBeta };
		}
	});
}
