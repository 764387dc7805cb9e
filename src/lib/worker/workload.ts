/** A frame's worth of work: shaped like the detector and a compact classifier, so that back ends can be compared. */
import { getBackend } from '@tensorflow/tfjs-core';
import { sizeOf, type NetworkDescription, type Pair, type Step, type Weight } from '../core/network/description';
import { Network } from '../core/network/network';
import { warmUp } from './compile';

const RUNS = 4;
/** On a slow back end fewer runs must suffice. */
const ENOUGH_MS = 120;

/**
 * Milliseconds of the fastest of a few runs on the current back end, after one that compiles. Throws the reason of
 * `signal` if that aborts. Leaves no tensors behind.
 */
export async function measureWorkload(now: () => number, signal: AbortSignal): Promise<number> {
	const networks = [detectorLike(), classifierLike()].map((description) => new Network(description));
	const batches = networks.map(({ inputShape }) => new Float32Array(sizeOf(inputShape)).fill(0.5));
	const runs = networks.map((network, index) => () => network.run(batches[index] ?? new Float32Array(), 1));
	try {
		for (const run of runs) {
			await warmUp(getBackend(), run);
			signal.throwIfAborted();
		}
		const times: number[] = [];
		const startMs = now();
		while (times.length < RUNS && (times.length === 0 || now() - startMs < ENOUGH_MS)) {
			const runStartMs = now();
			for (const run of runs) {
				const output = run();
				// Reading is part of the work: on a GPU it is where the waiting happens.
				await output.data().finally(() => {
					output.dispose();
				});
				signal.throwIfAborted();
			}
			times.push(now() - runStartMs);
		}
		return Math.min(...times);
	} finally {
		for (const network of networks) network.dispose();
	}
}

/** Builds a network step by step, each reading the previous one; all weights are equal. */
class Sketch {
	readonly #input: readonly [number, number, number];
	readonly #steps: Step[] = [];
	readonly #weights: Weight[] = [];

	constructor(input: readonly [number, number, number]) {
		this.#input = input;
	}

	/** The index of the last value. */
	get last(): number {
		return this.#steps.length;
	}

	conv(side: number, channels: number, filters: number, stride = 1): this {
		return this.#convolution('conv', [side, side, channels, filters], filters, stride);
	}

	depthwise(side: number, channels: number): this {
		return this.#convolution('depthwise', [side, side, channels, 1], channels, 1);
	}

	maxPool(): this {
		const two: Pair = [2, 2];
		return this.#take({ op: 'maxPool', from: this.last, size: two, strides: two, padding: 'same' });
	}

	add(and: number): this {
		return this.#take({ op: 'add', from: this.last, and });
	}

	mean(): this {
		return this.#take({ op: 'mean', from: this.last });
	}

	dense(features: number, width: number): this {
		const { kernel, bias } = this.#store([features, width], width);
		return this.#take({ op: 'dense', from: this.last, kernel, bias, relu: false });
	}

	softmax(): this {
		return this.#take({ op: 'softmax', from: this.last });
	}

	description(): NetworkDescription {
		return { input: this.#input, steps: this.#steps, weights: this.#weights };
	}

	#convolution(op: 'conv' | 'depthwise', shape: number[], filters: number, stride: number): this {
		const { kernel, bias } = this.#store(shape, filters);
		const strides: Pair = [stride, stride];
		return this.#take({ op, from: this.last, kernel, bias, strides, padding: 'same', relu: true });
	}

	#store(kernel: number[], width: number): { kernel: number; bias: number } {
		for (const shape of [kernel, [width]])
			this.#weights.push({ shape, values: new Float32Array(sizeOf(shape)).fill(0.01) });
		return { kernel: this.#weights.length - 2, bias: this.#weights.length - 1 };
	}

	#take(step: Step): this {
		this.#steps.push(step);
		return this;
	}
}

/** BlazeFace's pattern: depthwise and pointwise convolutions with a shortcut; 16 million multiply-adds. */
function detectorLike(): NetworkDescription {
	const sketch = new Sketch([128, 128, 3]).conv(5, 3, 28, 2);
	for (let block = 0; block < 12; block++) {
		if (block === 4) sketch.maxPool();
		const shortcut = sketch.last;
		sketch.depthwise(3, 28).conv(1, 28, 28).add(shortcut);
	}
	return sketch.conv(1, 28, 34, 2).description();
}

/** Four convolutions with pooling, the mean of each channel and a softmax; 43 million multiply-adds. */
function classifierLike(): NetworkDescription {
	return new Sketch([48, 48, 1])
		.conv(3, 1, 32)
		.maxPool()
		.conv(3, 32, 64)
		.conv(3, 64, 64)
		.maxPool()
		.conv(3, 64, 128)
		.mean()
		.dense(128, 7)
		.softmax()
		.description();
}
