/** Optimizers whose whole state can be read and restored, which tfjs's own do not all offer. */
import * as tf from '@tensorflow/tfjs';
import { runKernel, SGD_KERNEL } from '../backend/extra-kernels';
import { hasHostMemory, hostView } from '../backend/host';
import type { OptimizerConfig } from '../models/recipe';
import { ALL, within } from './all-reduce';

export interface Optimizer {
	/** State by name, one or two tensors per weight; read for checkpoints, assigned when resuming. */
	readonly slots: ReadonlyMap<string, tf.Variable>;
	/** The same by kind: for each kind one tensor per weight, in the order of the weights. */
	readonly moments: readonly (readonly tf.Variable[])[];
	/** Takes one step; `step` counts from 0. Does not dispose its arguments. */
	apply(gradients: readonly tf.Tensor[], learningRate: number, step: number): void;
}

export interface Parameter {
	readonly name: string;
	readonly value: tf.Variable;
	/** Factor of the L2 term: decay times the weight is added to its gradient. */
	readonly decay: number;
}

/**
 * An optimizer for `parameters`. If the back end keeps memory in this process, each step is one pass over it, many
 * times as fast as a chain of operations, and changes only the numbers in `own`. With `inPlace` false, SGD uses the
 * back end's own kernel and the others use operations, for all numbers.
 */
export function createOptimizer(
	config: OptimizerConfig,
	parameters: readonly Parameter[],
	{ inPlace = hasHostMemory(), own = ALL } = {}
): Optimizer {
	const zeros = (): tf.Variable[] =>
		parameters.map(({ value }) => tf.tidy(() => tf.variable(tf.zeros(value.shape), false)));
	const firsts = zeros();
	const seconds = config.kind === 'sgd' ? firsts : zeros();
	const moments = seconds === firsts ? [firsts] : [firsts, seconds];
	const slots = parameters.flatMap(({ name }, index) =>
		moments.flatMap((moment, order) => {
			const slot = moment[index];
			return slot ? [[`${name}/${order === 0 ? 'first' : 'second'}`, slot] as const] : [];
		})
	);
	return {
		slots: new Map(slots),
		moments,
		apply(gradients, learningRate, step) {
			let offset = 0;
			for (const [index, { name, value, decay }] of parameters.entries()) {
				const [gradient, first, second] = [gradients[index], firsts[index], seconds[index]];
				if (!gradient || !first || !second) throw new Error(`There is no gradient for ${name}.`);
				if (inPlace) {
					const views = [value, gradient, first, second].map((tensor) => within(own, hostView(tensor), offset));
					stepInPlace(config, views as [Numbers, Numbers, Numbers, Numbers], decay, learningRate, step);
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
				offset += value.size;
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
