/** Optimizers whose whole state can be read and restored, which tfjs's own do not all offer. */
import * as tf from '@tensorflow/tfjs';
import { runKernel, SGD_KERNEL } from '../backend/extra-kernels';
import { hasHostMemory, hostView, separateCopy } from '../backend/host';
import type { OptimizerConfig } from '../models/recipe';

export interface Optimizer {
	/** State by name, one or two tensors per weight; read for checkpoints, assigned when resuming. */
	readonly slots: ReadonlyMap<string, tf.Variable>;
	/** One step; `step` counts from 0. Disposes nothing that it is given. */
	apply(gradients: readonly tf.Tensor[], learningRate: number, step: number): void;
}

export interface Parameter {
	readonly name: string;
	readonly value: tf.Variable;
	/** Factor of the L2 term: decay times the weight is added to its gradient. */
	readonly decay: number;
}

/**
 * An optimizer for `parameters`. Where the back end's memory is this process's, each step is one pass over it, many
 * times as fast as a chain of operations; `inPlace` false takes the back end's own kernel for SGD, and
 * operations for the others.
 */
export function createOptimizer(
	config: OptimizerConfig,
	parameters: readonly Parameter[],
	inPlace = hasHostMemory()
): Optimizer {
	const slots = new Map<string, tf.Variable>();
	const slotOf = (name: string, { shape }: tf.Variable): tf.Variable => {
		const slot = tf.tidy(() => tf.variable(tf.zeros(shape), false));
		slots.set(name, slot);
		return slot;
	};
	const moments = parameters.map(({ name, value }) => {
		const first = slotOf(`${name}/first`, value);
		return { first, second: config.kind === 'sgd' ? first : slotOf(`${name}/second`, value) };
	});
	return {
		slots,
		apply(gradients, learningRate, step) {
			for (const [index, { name, value, decay }] of parameters.entries()) {
				const [gradient, moment] = [gradients[index], moments[index]];
				if (!gradient || !moment) throw new Error(`There is no gradient for ${name}.`);
				const { first, second } = moment;
				if (inPlace) {
					const views = [value, gradient, first, second].map(hostView) as [Numbers, Numbers, Numbers, Numbers];
					stepInPlace(config, views, decay, learningRate, step);
					// WASM's convolutions keep a packed copy of a filter for as long as its data is the same.
					tf.tidy(() => {
						value.assign(separateCopy(value));
					});
				} else if (config.kind === 'sgd') {
					const { momentum, nesterov } = config;
					const attrs = { decay, momentum, learningRate, nesterov };
					runKernel(SGD_KERNEL, { weight: value, velocity: first, gradient }, attrs);
				} else {
					tf.tidy(() => {
						const decayed = tf.add(gradient, tf.mul(value, decay));
						stepByOperations(config, value, decayed, first, second, learningRate, step);
					});
				}
			}
		}
	};
}

type Numbers = Float32Array;

/**
 * Momentum, or Nesterov's in the form of Sutskever et al. (2013) as PyTorch has it; Adam (Kingma & Ba, 2015, algorithm
 * 1); or Adamax (algorithm 2, with epsilon to keep the division defined, as in Keras).
 */
function stepInPlace(
	config: OptimizerConfig,
	[weight, gradient, first, second]: readonly [Numbers, Numbers, Numbers, Numbers],
	decay: number,
	learningRate: number,
	step: number
): void {
	if (config.kind === 'sgd') {
		const { momentum, nesterov } = config;
		for (let i = 0; i < weight.length; i++) {
			const value = weight[i] ?? 0;
			const decayed = (gradient[i] ?? 0) + decay * value;
			const velocity = momentum * (first[i] ?? 0) + decayed;
			first[i] = velocity;
			weight[i] = value - learningRate * (nesterov ? decayed + momentum * velocity : velocity);
		}
		return;
	}
	const { beta1, beta2, epsilon } = config;
	const rate = learningRate / (1 - beta1 ** (step + 1));
	const unbias = 1 / (1 - beta2 ** (step + 1));
	const isAdam = config.kind === 'adam';
	for (let i = 0; i < weight.length; i++) {
		const value = weight[i] ?? 0;
		const decayed = (gradient[i] ?? 0) + decay * value;
		const moment = beta1 * (first[i] ?? 0) + (1 - beta1) * decayed;
		first[i] = moment;
		const faded = beta2 * (second[i] ?? 0);
		const spread = isAdam ? faded + (1 - beta2) * decayed * decayed : Math.max(faded, Math.abs(decayed));
		second[i] = spread;
		weight[i] = value - (rate * moment) / ((isAdam ? Math.sqrt(spread * unbias) : spread) + epsilon);
	}
}

/** Adam and Adamax by operations of tfjs. */
function stepByOperations(
	config: Exclude<OptimizerConfig, { kind: 'sgd' }>,
	weight: tf.Variable,
	gradient: tf.Tensor,
	first: tf.Variable,
	second: tf.Variable,
	learningRate: number,
	step: number
): void {
	const { beta1, beta2, epsilon } = config;
	first.assign(tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1)));
	const rate = learningRate / (1 - beta1 ** (step + 1));
	let root: tf.Tensor = second;
	if (config.kind === 'adam') {
		second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
		root = tf.sqrt(tf.div(second, 1 - beta2 ** (step + 1)));
	} else {
		second.assign(tf.maximum(tf.mul(second, beta2), tf.abs(gradient)));
	}
	weight.assign(tf.sub(weight, tf.mul(tf.div(first, tf.add(root, epsilon)), rate)));
}
