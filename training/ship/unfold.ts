/** The way back from a shipped model to weights that can be trained on: the reverse of the fold. */
import * as tf from '@tensorflow/tfjs';
import { toModelInput } from '../../src/lib/core/preprocess';
import type { InputSpec } from '../../src/lib/core/types';
import { BATCH_NORM_EPSILON, BatchNorm } from '../models/batch-norm';

const BATCH = 128;

/**
 * Gives `network`, as a recipe builds it, the function of `shipped`, as `foldForInference` made it. Each BatchNorm takes
 * the statistics that its input has over `pictures` (0..255), so that it does the same in training as in use; filters get norm 1,
 * since normalisation undoes their scale. Throws Error when the two are not of one architecture.
 */
export function unfold(
	network: tf.LayersModel,
	shipped: tf.LayersModel,
	input: Pick<InputSpec, 'size' | 'channels' | 'range'>,
	pictures: readonly Uint8Array[]
): void {
	const sources = shipped.layers.filter(hasWeights).sort((a, b) => numberOf(a) - numberOf(b));
	const targets = network.layers.filter((layer) => hasWeights(layer) && !isCarried(layer, network));
	if (sources.length !== targets.length)
		throw new Error(
			`The shipped model has ${String(sources.length)} layers with weights, not ${String(targets.length)}.`
		);
	const norms: { norm: BatchNorm; kernel: tf.Tensor; bias: tf.Tensor }[] = [];
	for (const [index, target] of targets.entries()) {
		const source = sources[index];
		const values = source?.getWeights() ?? [];
		if (target instanceof BatchNorm) {
			const [kernel, bias] = values;
			if (!kernel || !bias) throw new Error(`${source?.name ?? ''} is not a convolution with a bias.`);
			norms.push({ norm: target, kernel, bias });
			const width = bias.size;
			setNormalised(target, network, kernel, bias, {
				mean: new Float64Array(width),
				variance: new Float64Array(width)
			});
		} else {
			target.setWeights(values);
		}
	}
	const inputs = norms.map(({ norm }) => norm.input as tf.SymbolicTensor);
	const found = statisticsOf(tf.model({ inputs: network.inputs, outputs: inputs }), input, pictures);
	for (const [index, { norm, kernel, bias }] of norms.entries()) {
		const statistics = found[index];
		if (statistics) setNormalised(norm, network, kernel, bias, statistics);
	}
}

interface Statistics {
	readonly mean: Float64Array;
	readonly variance: Float64Array;
}

const hasWeights = (layer: tf.layers.Layer): boolean => layer.weights.length > 0;

/** The fold numbers its layers in the order of the network's. */
const numberOf = ({ name }: tf.layers.Layer): number => Number(name.split('-')[0]);

function isCarried(layer: tf.layers.Layer, network: tf.LayersModel): boolean {
	return network.layers.some((other) => other instanceof BatchNorm && convolutionOf(other, network) === layer);
}

function convolutionOf(norm: BatchNorm, network: tf.LayersModel): tf.layers.Layer {
	const { id } = norm.input as tf.SymbolicTensor;
	const found = network.layers.find((layer) => (layer.output as tf.SymbolicTensor).id === id);
	if (!found) throw new Error(`${norm.name} follows nothing.`);
	return found;
}

/** Makes convolution and `norm` together the convolution with `kernel` and `bias`, whose filters of norm 1 give these statistics. */
function setNormalised(
	norm: BatchNorm,
	network: tf.LayersModel,
	kernel: tf.Tensor,
	bias: tf.Tensor,
	{ mean, variance }: Statistics
): void {
	const convolution = convolutionOf(norm, network);
	tf.tidy(() => {
		const norms: tf.Tensor = tf.maximum(tf.sqrt(tf.sum(tf.square(kernel), [0, 1, 2])), 1e-9);
		const means = tf.tensor1d(Array.from(mean));
		const variances = tf.tensor1d(Array.from(variance));
		const gamma = tf.mul(norms, tf.sqrt(tf.add(variances, BATCH_NORM_EPSILON)));
		const beta = tf.add(bias, tf.mul(means, norms));
		convolution.setWeights([tf.div(kernel, norms)]);
		norm.setWeights([gamma, beta, means, variances]);
	});
}

/** Mean and variance [c] of each output [n, h, w, c] of `probe` over `pictures`; disposes nothing of `probe`. */
function statisticsOf(
	probe: tf.LayersModel,
	{ size, channels, range }: Pick<InputSpec, 'size' | 'channels' | 'range'>,
	pictures: readonly Uint8Array[]
): Statistics[] {
	const length = size * size * channels;
	const sums: { sum: Float64Array; squares: Float64Array; n: number }[] = [];
	for (let start = 0; start < pictures.length; start += BATCH) {
		const some = pictures.slice(start, start + BATCH);
		const batch = new Float32Array(some.length * length);
		for (const [index, picture] of some.entries()) toModelInput(picture, { channels, range }, batch, index * length);
		const outputs = tf.tidy(() =>
			[probe.predictOnBatch(tf.tensor4d(batch, [some.length, size, size, channels]))].flat()
		);
		for (const [index, output] of outputs.entries()) {
			const width = output.shape.at(-1) ?? 0;
			const running = (sums[index] ??= { sum: new Float64Array(width), squares: new Float64Array(width), n: 0 });
			for (const [at, value] of output.dataSync().entries()) {
				running.sum[at % width] = (running.sum[at % width] ?? 0) + value;
				running.squares[at % width] = (running.squares[at % width] ?? 0) + value * value;
			}
			running.n += output.size / width;
		}
		tf.dispose(outputs);
	}
	return sums.map(({ sum, squares, n }) => {
		const mean = sum.map((value) => value / n);
		return { mean, variance: squares.map((value, index) => Math.max(0, value / n - (mean[index] ?? 0) ** 2)) };
	});
}
