/** From a trained network to the one that ships: normalisation folded away, dropout gone, softmax at the end. */
import * as tf from '@tensorflow/tfjs';
import { BatchNorm } from './batch-norm';
import { SeededDropout } from './dropout';

/**
 * The same function of [n, size, size, channels] as `model` at inference, in stock layers only: each BatchNorm is
 * folded into the convolution before it, a ReLU that follows is fused, and the logits become probabilities. A `size` of
 * null leaves the side open. The caller disposes both. Throws Error on a layer that it cannot convert.
 */
export function foldForInference(model: tf.LayersModel, size: number | null, channels: number): tf.LayersModel {
	const input = tf.input({ shape: [size, size, channels], name: 'picture' });
	const mapped = new Map<number, tf.SymbolicTensor>();
	const weights: { layer: tf.layers.Layer; values: tf.Tensor[] }[] = [];
	const last = model.layers.at(-1);
	let named = 0;

	for (const layer of model.layers) {
		const output = layer.output as tf.SymbolicTensor;
		const sources = layer.getClassName() === 'InputLayer' ? [] : [layer.input].flat();
		const inputs = sources.map((source) => {
			const known = mapped.get(source.id);
			if (!known) throw new Error(`${layer.name} comes before what feeds it.`);
			return known;
		});
		const [first] = inputs;
		if (!first) {
			mapped.set(output.id, input);
			continue;
		}
		if (layer instanceof SeededDropout || isFoldedLater(layer, model)) {
			mapped.set(output.id, first);
			continue;
		}
		const kind = layer instanceof BatchNorm ? 'Conv2D' : layer.getClassName();
		const name = `${String(named++)}-${kind}`.toLowerCase();
		const { copy, values } = copyOf(layer, model, name, layer === last);
		mapped.set(output.id, copy.apply(inputs.length === 1 ? first : inputs) as tf.SymbolicTensor);
		if (values.length > 0) weights.push({ layer: copy, values });
		const fused = layer instanceof BatchNorm ? reluAfter(layer, model) : undefined;
		const result = mapped.get(output.id);
		if (fused && result) mapped.set((fused.output as tf.SymbolicTensor).id, result);
	}
	const outputs = last && mapped.get((last.output as tf.SymbolicTensor).id);
	if (!outputs) throw new Error('The network has no output.');
	const folded = tf.model({ inputs: input, outputs, name: model.name });
	for (const { layer, values } of weights) {
		layer.setWeights(values);
		tf.dispose(values);
	}
	return folded;
}

/** The weights are set anyway, and random numbers for millions of them would take seconds. */
const UNDRAWN = { kernelInitializer: 'zeros' } as const;

/** The layers that use this one's output. */
function consumers(layer: tf.layers.Layer, model: tf.LayersModel): tf.layers.Layer[] {
	const { id } = layer.output as tf.SymbolicTensor;
	return model.layers.filter(
		(other) => other.getClassName() !== 'InputLayer' && [other.input].flat().some((source) => source.id === id)
	);
}

/** The ReLU that is the only user of this layer's output. */
function reluAfter(layer: tf.layers.Layer, model: tf.LayersModel): tf.layers.Layer | undefined {
	const [only, ...others] = consumers(layer, model);
	if (!only || others.length > 0 || only.getClassName() !== 'Activation') return undefined;
	return only.getConfig()['activation'] === 'relu' ? only : undefined;
}

/** Whether it is a convolution that its BatchNorm will contain, or a ReLU fused into the BatchNorm before it. */
function isFoldedLater(layer: tf.layers.Layer, model: tf.LayersModel): boolean {
	if (isConvolution(layer)) {
		const [only, ...others] = consumers(layer, model);
		return only instanceof BatchNorm && others.length === 0;
	}
	return model.layers.some((other) => other instanceof BatchNorm && reluAfter(other, model) === layer);
}

function isConvolution(layer: tf.layers.Layer | undefined): boolean {
	return layer?.getClassName() === 'Conv2D';
}

function copyOf(
	layer: tf.layers.Layer,
	model: tf.LayersModel,
	name: string,
	isLast: boolean
): { copy: tf.layers.Layer; values: tf.Tensor[] } {
	if (layer instanceof BatchNorm) return foldedConvolution(layer, model, name);
	const config = layer.getConfig();
	const values = layer.getWeights().map((weight) => weight.clone());
	switch (layer.getClassName()) {
		case 'Conv2D':
			return { copy: tf.layers.conv2d({ ...convolutionConfig(config, name), useBias: values.length === 2 }), values };
		case 'Dense':
			return {
				copy: tf.layers.dense({
					name,
					units: config['units'] as number,
					...UNDRAWN,
					activation: isLast ? 'softmax' : (config['activation'] as 'relu' | 'linear')
				}),
				values
			};
		case 'Activation':
			return { copy: tf.layers.activation({ name, activation: config['activation'] as 'relu' }), values };
		case 'Add':
			return { copy: tf.layers.add({ name }), values };
		case 'MaxPooling2D': {
			const { poolSize, strides, padding } = config as unknown as {
				poolSize: [number, number];
				strides: [number, number];
				padding: 'valid' | 'same';
			};
			return { copy: tf.layers.maxPooling2d({ name, poolSize, strides, padding }), values };
		}
		case 'Flatten':
			return { copy: tf.layers.flatten({ name }), values };
		case 'GlobalAveragePooling2D':
			return { copy: tf.layers.globalAveragePooling2d({ name }), values };
		default:
			throw new Error(`${layer.name} (${layer.getClassName()}) cannot be exported yet.`);
	}
}

function convolutionConfig(config: ReturnType<tf.layers.Layer['getConfig']>, name: string) {
	return {
		name,
		filters: config['filters'] as number,
		kernelSize: config['kernelSize'] as [number, number],
		strides: config['strides'] as [number, number],
		padding: config['padding'] as 'same' | 'valid',
		...UNDRAWN,
		activation: config['activation'] as 'relu' | 'linear'
	};
}

/** y = conv(x) * scale + offset is a convolution with the kernel times scale, and offset as its bias. */
function foldedConvolution(
	norm: BatchNorm,
	model: tf.LayersModel,
	name: string
): { copy: tf.layers.Layer; values: tf.Tensor[] } {
	const source = norm.input as tf.SymbolicTensor;
	const convolution = model.layers.find((layer) => (layer.output as tf.SymbolicTensor).id === source.id);
	const [kernel, bias] = convolution?.getWeights() ?? [];
	if (!convolution || !kernel || bias || !isConvolution(convolution))
		throw new Error(`${norm.name} does not follow a convolution without bias.`);
	const { scale, offset } = norm.affine();
	const values = [tf.mul(kernel, scale), offset];
	scale.dispose();
	const copy = tf.layers.conv2d({
		...convolutionConfig(convolution.getConfig(), name),
		useBias: true,
		activation: reluAfter(norm, model) ? 'relu' : 'linear'
	});
	return { copy, values };
}
