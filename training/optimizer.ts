/** Optimizers whose whole state can be read and restored, which tfjs's own do not all offer. */
import * as tf from '@tensorflow/tfjs';
import type { OptimizerConfig } from './config';

export interface Optimizer {
	/** State by name, one or two tensors per weight; read for checkpoints, assigned when resuming. */
	readonly slots: ReadonlyMap<string, tf.Variable>;
	/** One step; `step` counts from 0. Disposes nothing that it is given. */
	apply(gradients: readonly tf.Tensor[], learningRate: number, step: number): void;
}

/** An optimizer for `weights`, whose `names` name the slots. */
export function createOptimizer(
	config: OptimizerConfig,
	weights: readonly tf.Variable[],
	names: readonly string[]
): Optimizer {
	const slots = new Map<string, tf.Variable>();
	const slotsOf = (kind: string): tf.Variable[] =>
		weights.map((weight, index) => {
			const slot = tf.tidy(() => tf.variable(tf.zeros(weight.shape), false));
			slots.set(`${names[index] ?? String(index)}/${kind}`, slot);
			return slot;
		});
	const first = slotsOf('first');
	if (config.kind === 'sgd') {
		return {
			slots,
			apply: eachWeight(
				weights,
				(...args) => {
					sgdStep(config, ...args);
				},
				first,
				first
			)
		};
	}
	const rule = config.kind === 'adam' ? adamStep : adamaxStep;
	return {
		slots,
		apply: eachWeight(
			weights,
			(...args) => {
				rule(config, ...args);
			},
			first,
			slotsOf('second')
		)
	};
}

type Moments = { readonly beta1: number; readonly beta2: number; readonly epsilon: number };
type Rule = (
	weight: tf.Variable,
	gradient: tf.Tensor,
	first: tf.Variable,
	second: tf.Variable,
	learningRate: number,
	step: number
) => void;

function eachWeight(
	weights: readonly tf.Variable[],
	rule: Rule,
	first: readonly tf.Variable[],
	second: readonly tf.Variable[]
): Optimizer['apply'] {
	return (gradients, learningRate, step) => {
		for (const [index, weight] of weights.entries()) {
			const [gradient, one, two] = [gradients[index], first[index], second[index]];
			if (!gradient || !one || !two) throw new Error(`There is no gradient for ${weight.name}.`);
			tf.tidy(() => {
				rule(weight, gradient, one, two, learningRate, step);
			});
		}
	};
}

/** Momentum, or Nesterov's in the form of Sutskever et al. (2013) as PyTorch has it. */
function sgdStep(
	config: { readonly momentum: number; readonly nesterov: boolean },
	weight: tf.Variable,
	gradient: tf.Tensor,
	velocity: tf.Variable,
	_second: tf.Variable,
	learningRate: number,
	_step: number
): void {
	velocity.assign(tf.add(tf.mul(velocity, config.momentum), gradient));
	const direction = config.nesterov ? tf.add(gradient, tf.mul(velocity, config.momentum)) : velocity;
	weight.assign(tf.sub(weight, tf.mul(direction, learningRate)));
}

/** Adam (Kingma & Ba, 2015), algorithm 1. */
function adamStep(
	{ beta1, beta2, epsilon }: Moments,
	weight: tf.Variable,
	gradient: tf.Tensor,
	mean: tf.Variable,
	square: tf.Variable,
	learningRate: number,
	step: number
): void {
	mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)));
	square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
	const unbiasedMean = tf.div(mean, 1 - beta1 ** (step + 1));
	const unbiasedRoot = tf.sqrt(tf.div(square, 1 - beta2 ** (step + 1)));
	weight.assign(tf.sub(weight, tf.mul(tf.div(unbiasedMean, tf.add(unbiasedRoot, epsilon)), learningRate)));
}

/** Adamax (Kingma & Ba, 2015), algorithm 2; epsilon keeps the division defined, as in Keras. */
function adamaxStep(
	{ beta1, beta2, epsilon }: Moments,
	weight: tf.Variable,
	gradient: tf.Tensor,
	mean: tf.Variable,
	norm: tf.Variable,
	learningRate: number,
	step: number
): void {
	mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)));
	norm.assign(tf.maximum(tf.mul(norm, beta2), tf.abs(gradient)));
	const rate = learningRate / (1 - beta1 ** (step + 1));
	weight.assign(tf.sub(weight, tf.mul(tf.div(mean, tf.add(norm, epsilon)), rate)));
}
