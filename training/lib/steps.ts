/** Kernels as whole numbers of steps: they have few different values, which compress well. */
import { Float16Array } from '@petamoriken/float16';
import type { NetworkDescription, Weight } from '../../src/lib/core/network/description';

/** A kernel whose weights are all a whole number of their channel's step. */
export interface SteppedKernel {
	readonly levels: Int8Array;
	/** For each channel, as float16 holds it. */
	readonly steps: Float32Array;
}

/** By the index of the weight in its network. */
export type SteppedKernels = ReadonlyMap<number, SteppedKernel>;

/**
 * A kernel needs at least this many weights to be stored in steps. Smaller ones are few, and in the first layers, where
 * a step matters most.
 */
const LARGE_KERNEL = 10_000;

const MOST_STEPS = 127;
/** The least value that float16 holds with full precision. */
const LEAST_STEP = 2 ** -14;

/** Shape of what there is one of for each channel: the last axis, or the one before it if that is 1 (depthwise). */
export function channelsOf({ shape }: Pick<Weight, 'shape'>): readonly number[] {
	return shape.at(-1) === 1 ? shape.slice(-2) : shape.slice(-1);
}

/**
 * Each channel's step: `coarseness` times the root mean square of its weights, so that all channels lose alike, but
 * large enough for the greatest weight.
 */
export function stepsOf(kernel: Weight, coarseness: number): Float32Array {
	const [count = 1] = channelsOf(kernel);
	const squares = new Float64Array(count);
	const greatest = new Float64Array(count);
	for (let at = 0, channel = 0; at < kernel.values.length; at++, channel = (channel + 1) % count) {
		const value = kernel.values[at] ?? 0;
		squares[channel] = (squares[channel] ?? 0) + value * value;
		greatest[channel] = Math.max(greatest[channel] ?? 0, Math.abs(value));
	}
	const meanSquare = (sum: number): number => (sum * count) / kernel.values.length;
	const steps = Float16Array.from(squares, (sum, channel) =>
		Math.max(coarseness * Math.sqrt(meanSquare(sum)), (greatest[channel] ?? 0) / MOST_STEPS, LEAST_STEP)
	);
	return Float32Array.from(steps);
}

/** The whole number of steps nearest to a weight, among those that a byte holds. */
export function levelOf(value: number, step: number): number {
	return Math.min(MOST_STEPS, Math.max(-MOST_STEPS, Math.round(value / step)));
}

/** Indices of the weights of a network that are kernels with at least LARGE_KERNEL weights. */
export function largeKernels({ weights }: NetworkDescription): number[] {
	return [...weights.keys()].filter((place) => {
		const { shape = [], values = [] } = weights[place] ?? {};
		return shape.length >= 2 && values.length >= LARGE_KERNEL;
	});
}
