/** Fits pretrained convolutions to a network and to its pictures. */
import type * as tf from '@tensorflow/tfjs';
import type { InputSpec } from '../../src/lib/core/types';
import { UserError } from '../lib/errors';
import type { Convolution, PretrainedWeights } from './weights';

/** ImageNet's means of blue, green and red, as Keras subtracts them. */
const IMAGENET_MEANS = [103.939, 116.779, 123.68] as const;

/**
 * Pretrained weights in the order of `network.weights`, whose layers are its convolutions. With `normalised`, the first
 * one is changed so that pictures of `range` look to it like those it was trained on; else it gets them unchanged. The
 * change is exact except in the one-pixel frame that padding fills. Throws UserError if they are another network's.
 */
export function weightsFor(
	pretrained: PretrainedWeights,
	network: tf.LayersModel,
	{ range }: Pick<InputSpec, 'range'>,
	normalised: boolean
): Float32Array[] {
	const wanted = network.weights.map(({ shape }) => shape.join(' x '));
	const found = pretrained.convolutions.flatMap(({ shape, bias }) => [shape.join(' x '), String(bias.length)]);
	const differs = wanted.findIndex((shape, index) => shape !== found[index]);
	if (differs >= 0) {
		const [layer, what] = [Math.floor(differs / 2) + 1, differs % 2 === 0 ? 'kernel' : 'bias'];
		throw new UserError(
			`The pretrained weights ${pretrained.name} do not fit: the ${what} of convolution ${String(layer)} must be ${wanted[differs] ?? ''}, ` +
				`but ${found[differs] === undefined ? 'there is none' : `it is ${found[differs]}`}.`
		);
	}
	// A whole model may have more convolutions after these.
	const used = pretrained.convolutions.slice(0, wanted.length / 2);
	const adapted = used.map((convolution, index) =>
		index === 0 && normalised ? withInput(convolution, pretrained.trainedOn, range) : convolution
	);
	return adapted.flatMap(({ kernel, bias }) => [kernel, bias]);
}

/** The same convolution for pictures of `range`: what it was trained on is `scale` times those plus a shift per channel. */
function withInput(
	{ shape, kernel, bias }: Convolution,
	trainedOn: PretrainedWeights['trainedOn'],
	[low, high]: readonly [number, number]
): Convolution {
	const [, , channels = 0, outputs = 0] = shape;
	const lumaPerUnit = 255 / (high - low);
	const [scale, shifts] =
		trainedOn === 'imagenet'
			? [lumaPerUnit, IMAGENET_MEANS.map((mean) => -low * lumaPerUnit - mean)]
			: [lumaPerUnit / 255, Array<number>(channels).fill((-low * lumaPerUnit) / 255)];
	const shifted = bias.slice();
	for (const [index, weight] of kernel.entries()) {
		const channel = Math.floor(index / outputs) % channels;
		shifted[index % outputs] = (shifted[index % outputs] ?? 0) + weight * (shifts[channel] ?? 0);
	}
	return { shape, kernel: kernel.map((weight) => weight * scale), bias: shifted };
}
