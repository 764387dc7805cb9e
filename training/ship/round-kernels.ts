/**
 * Rounds kernels to coarse steps so that errors cancel on real pictures: each weight makes up for those rounded before
 * it. GPTQ (Frantar et al., 2023), as Babai's nearest plane algorithm.
 */
import * as tf from '@tensorflow/tfjs';
import { sizeOf, type NetworkDescription, type Step, type Weight } from '../../src/lib/core/network/description';
import { Network } from '../../src/lib/core/network/network';
import { createRandom, type Random } from '../lib/random';
import { largeKernels, levelOf, stepsOf, type SteppedKernels } from '../lib/steps';

/** Pictures per run of the network. */
const BATCH = 64;
/** Places in a batch of pictures that a convolution is looked at: of 2,048 pictures, ten times as many as its most inputs. */
const PLACES_PER_BATCH = 750;
/** Weights make up for each other among so many inputs, as the work grows with the cube. */
const MOST_INPUTS = 2304;
/** Of few observations, errors are better not explained by many inputs. */
const PLACES_PER_INPUT = 4;
/** Share of the mean variance that is added to each input's. */
const DAMPING = 0.01;

type KernelStep = Extract<Step, { op: 'conv' | 'dense' }>;

/** Some of a kernel's inputs, and how they vary together. */
interface InputBlock {
	readonly from: number;
	readonly size: number;
	/** Upper triangular, [size, size]: its transpose times itself is the damped covariance, up to a factor. */
	readonly factor: Float32Array;
}

/** What a kernel gets on real pictures. */
export interface KernelInputs {
	readonly step: KernelStep;
	/** Of each input: of each row of the kernel as a matrix [inputs, channels]. */
	readonly means: Float64Array;
	readonly blocks: readonly InputBlock[];
}

/** Observes the inputs of a network's large kernels on `pictures`, [n, height, width, channels], as the network takes them. */
export async function observeInputs(network: NetworkDescription, pictures: Float32Array): Promise<KernelInputs[]> {
	const large = new Set(largeKernels(network));
	const observed: KernelInputs[] = [];
	for (const step of network.steps) {
		if ((step.op !== 'conv' && step.op !== 'dense') || !large.has(step.kernel)) continue;
		const rows = await inputRows(network, step, pictures);
		observed.push({ step, ...(await varianceOf(rows, inputsOf(network.weights[step.kernel]))) });
	}
	return observed;
}

/**
 * The network with the observed kernels in steps of `coarseness` times the root mean square of an output channel. Its
 * biases make up for what that changes in the mean.
 */
export function roundKernels(
	network: NetworkDescription,
	observed: readonly KernelInputs[],
	coarseness: number
): { network: NetworkDescription; stepped: SteppedKernels } {
	const weights = [...network.weights];
	const stepped: [number, { levels: Int8Array; steps: Float32Array }][] = [];
	for (const { step, means, blocks } of observed) {
		const [kernel, bias] = [weights[step.kernel], weights[step.bias]];
		if (kernel === undefined || bias === undefined) throw new RangeError('A step reads weights that are not there.');
		const steps = stepsOf(kernel, coarseness);
		const { levels, errors } = roundInBlocks(kernel.values, steps, blocks);
		const values = new Float32Array(levels.length);
		const shifted = Float64Array.from(bias.values);
		// Plain loops here and below: a kernel has up to 21 million weights.
		for (let input = 0, at = 0; input < means.length; input++)
			for (let c = 0; c < steps.length; c++, at++) {
				values[at] = (levels[at] ?? 0) * (steps[c] ?? 0);
				shifted[c] = (shifted[c] ?? 0) + (errors[at] ?? 0) * (means[input] ?? 0);
			}
		weights[step.kernel] = { shape: kernel.shape, values };
		weights[step.bias] = { shape: bias.shape, values: Float32Array.from(shifted) };
		stepped.push([step.kernel, { levels, steps }]);
	}
	return { network: { ...network, weights }, stepped: new Map(stepped) };
}

/** `errors`: what rounding took from each weight. Both are [inputs, channels], like `values`. */
function roundInBlocks(
	values: Float32Array,
	steps: Float32Array,
	blocks: readonly InputBlock[]
): { levels: Int8Array; errors: Float64Array } {
	const channels = steps.length;
	const levels = new Int8Array(values.length);
	const errors = new Float64Array(values.length);
	const owed = new Float64Array(channels);
	for (const { from, size, factor } of blocks) {
		for (let input = size - 1; input >= 0; input--) {
			owed.fill(0);
			for (let later = input + 1; later < size; later++) {
				const share = factor[input * size + later] ?? 0;
				const row = (from + later) * channels;
				for (let c = 0; c < channels; c++) owed[c] = (owed[c] ?? 0) + share * (errors[row + c] ?? 0);
			}
			const own = factor[input * size + input] ?? 1;
			const row = (from + input) * channels;
			for (let c = 0; c < channels; c++) {
				const [value, step] = [values[row + c] ?? 0, steps[c] ?? 1];
				const level = levelOf(value + (owed[c] ?? 0) / own, step);
				levels[row + c] = level;
				errors[row + c] = value - level * step;
			}
		}
	}
	return { levels, errors };
}

/** Number of inputs of a kernel: all its axes but the last. */
function inputsOf(kernel: Weight | undefined): number {
	return sizeOf(kernel?.shape.slice(0, -1) ?? []);
}

/** What a step's kernel is multiplied with, [places, inputs]: at every place or, of a convolution, at some. */
async function inputRows(network: NetworkDescription, step: KernelStep, pictures: Float32Array): Promise<Float32Array> {
	const { input, weights } = network;
	const perPicture = sizeOf(input);
	const count = pictures.length / perPicture;
	const before = new Network({ input, steps: network.steps.slice(0, step.from), weights });
	const random = createRandom(step.kernel);
	const parts: Float32Array[] = [];
	try {
		for (let start = 0; start < count; start += BATCH) {
			const batch = pictures.slice(start * perPicture, (start + BATCH) * perPicture);
			const n = batch.length / perPicture;
			const value = step.from === 0 ? tf.tensor(batch, [n, ...input]) : before.run(batch, n);
			const values = await value.data<'float32'>();
			parts.push(
				step.op === 'dense'
					? values
					: patchesOf(values, value.shape, step, weights[step.kernel]?.shape ?? [], {
							count: Math.ceil((n * PLACES_PER_BATCH) / BATCH),
							random
						})
			);
			value.dispose();
		}
	} finally {
		before.dispose();
	}
	const rows = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		rows.set(part, at);
		at += part.length;
	}
	return rows;
}

/** What a convolution multiplies its kernel with at up to `count` random places of `values`, [n, height, width, channels]. */
function patchesOf(
	values: Float32Array,
	[n = 0, height = 0, width = 0, channels = 0]: readonly number[],
	{ strides, padding }: Extract<Step, { op: 'conv' }>,
	[kernelHeight = 0, kernelWidth = 0]: readonly number[],
	{ count, random }: { count: number; random: Random }
): Float32Array {
	const along = (side: number, size: number, stride: number): [places: number, before: number] => {
		if (padding === 'valid') return [Math.ceil((side - size + 1) / stride), 0];
		const places = Math.ceil(side / stride);
		return [places, Math.floor(Math.max(0, (places - 1) * stride + size - side) / 2)];
	};
	const [rows, above] = along(height, kernelHeight, strides[0]);
	const [columns, left] = along(width, kernelWidth, strides[1]);
	const below = (limit: number): number => Math.floor(limit * random());
	const places = Math.min(count, n * rows * columns);
	const patches = new Float32Array(places * kernelHeight * kernelWidth * channels);
	let at = 0;
	for (let place = 0; place < places; place++) {
		const picture = below(n);
		const [top, start] = [below(rows) * strides[0] - above, below(columns) * strides[1] - left];
		for (let y = top; y < top + kernelHeight; y++) {
			for (let x = start; x < start + kernelWidth; x++, at += channels) {
				if (y < 0 || y >= height || x < 0 || x >= width) continue;
				const from = ((picture * height + y) * width + x) * channels;
				patches.set(values.subarray(from, from + channels), at);
			}
		}
	}
	return patches;
}

/** Means of the columns of `rows`, [places, inputs], and how they vary together, in blocks. */
async function varianceOf(rows: Float32Array, inputs: number): Promise<Pick<KernelInputs, 'means' | 'blocks'>> {
	const places = rows.length / inputs;
	const means = new Float64Array(inputs);
	for (let place = 0, at = 0; place < places; place++)
		for (let input = 0; input < inputs; input++, at++) means[input] = (means[input] ?? 0) + (rows[at] ?? 0) / places;
	const most = Math.max(1, Math.min(MOST_INPUTS, Math.floor(places / PLACES_PER_INPUT)));
	const blocks: InputBlock[] = [];
	for (let from = 0; from < inputs; from += most) {
		const size = Math.min(most, inputs - from);
		const centred = new Float32Array(places * size);
		for (let place = 0; place < places; place++)
			for (let i = 0; i < size; i++)
				centred[place * size + i] = (rows[place * inputs + from + i] ?? 0) - (means[from + i] ?? 0);
		const product = tf.tidy(() => {
			const matrix = tf.tensor2d(centred, [places, size]);
			return tf.matMul(matrix, matrix, true);
		});
		const covariance = Float64Array.from(await product.data());
		product.dispose();
		blocks.push({ from, size, factor: Float32Array.from(upperFactor(covariance, size)) });
	}
	return { means, blocks };
}

/** The upper Cholesky factor of a damped covariance, [size, size], in its place. */
export function upperFactor(covariance: Float64Array, size: number): Float64Array {
	const diagonal = Array.from({ length: size }, (_, i) => covariance[i * size + i] ?? 0);
	// An input that is always zero has no variance: any number will do there.
	const damping = (DAMPING * diagonal.reduce((a, b) => a + b, 0)) / size || 1;
	for (let i = 0; i < size; i++) covariance[i * size + i] = (diagonal[i] ?? 0) + damping;
	for (let k = 0; k < size; k++) {
		const row = covariance.subarray(k * size, (k + 1) * size);
		const pivot = Math.sqrt(row[k] ?? NaN);
		for (let j = k; j < size; j++) row[j] = (row[j] ?? 0) / pivot;
		for (let i = k + 1; i < size; i++) {
			const share = row[i] ?? 0;
			if (share === 0) continue;
			const other = covariance.subarray(i * size, (i + 1) * size);
			for (let j = i; j < size; j++) other[j] = (other[j] ?? 0) - share * (row[j] ?? 0);
		}
	}
	return covariance;
}
