/** Between tfjs's layers and the network files that ship: weights quantised channel by channel, and read back. */
import { Float16Array } from '@petamoriken/float16';
import * as tf from '@tensorflow/tfjs';
import { readdirSync, readFileSync, rmSync, existsSync } from 'node:fs';
import path from 'node:path';
import {
	channelsOf,
	readNetwork,
	writeNetwork,
	type NetworkFile,
	type Pair,
	type Padding,
	type Step,
	type Weight
} from '../../src/lib/core/network/format';
import { messageOf, UserError } from './errors';
import { sha256, writeWhole } from './files';

/**
 * Weights that are stored as bytes come in so many at least. The others are few, and of the first layers, where a step
 * counts most.
 */
const LARGE_KERNEL = 10_000;

/** A weight's step as a part of the root mean square of its channel's weights; null stores all as float16. */
export type Coarseness = number | null;

/**
 * The file of a folded network. Large kernels are stored in steps of `coarseness` times the root mean square of each of
 * their output channels, so that all channels lose alike and a byte has few values, which compresses well; all else is
 * stored as float16. Throws Error on a layer that no step stands for.
 */
export function networkFileOf(model: tf.LayersModel, coarseness: Coarseness): Uint8Array<ArrayBuffer> {
	const [, height, width, channels] = model.inputs[0]?.shape ?? [];
	if (!height || !width || !channels) throw new Error(`${model.name} takes no pictures of one size.`);
	const steps: Step[] = [];
	const weights: Weight[] = [];
	const data: Uint8Array[] = [];
	const places = new Map<number, number>();
	const take = (step: Step): void => void steps.push(step);
	const store = (weight: tf.Tensor | undefined, layer: tf.layers.Layer): number => {
		const values = weight
			? weight.dataSync<'float32'>()
			: new Float32Array((layer.outputShape as number[]).at(-1) ?? 0);
		const shape = weight?.shape ?? [values.length];
		const stored =
			coarseness !== null && shape.length > 1 && values.length >= LARGE_KERNEL
				? asSteps(values, shape, coarseness)
				: asHalves(values);
		weights.push({ shape, type: stored.type });
		data.push(stored.bytes);
		return weights.length - 1;
	};
	for (const layer of model.layers) {
		const output = layer.output as tf.SymbolicTensor;
		if (layer.getClassName() === 'InputLayer') {
			places.set(output.id, 0);
			continue;
		}
		const [from = -1, and = -1] = [layer.input].flat().map(({ id }) => places.get(id) ?? -1);
		addSteps(
			layer,
			{ from, and },
			take,
			(weight) => store(weight, layer),
			() => steps.length
		);
		places.set(output.id, steps.length);
	}
	return writeNetwork({ input: [height, width, channels], steps, weights }, data);
}

function addSteps(
	layer: tf.layers.Layer,
	{ from, and }: { from: number; and: number },
	take: (step: Step) => void,
	store: (weight: tf.Tensor | undefined) => number,
	lastValue: () => number
): void {
	const config = layer.getConfig();
	const [kernel, bias] = layer.getWeights();
	const relu = config['activation'] === 'relu';
	switch (layer.getClassName()) {
		case 'Conv2D':
			take({
				op: 'conv',
				from,
				kernel: store(kernel),
				bias: store(bias),
				strides: config['strides'] as unknown as Pair,
				padding: config['padding'] as Padding,
				relu
			});
			return;
		case 'Dense':
			take({ op: 'dense', from, kernel: store(kernel), bias: store(bias), relu });
			if (config['activation'] === 'softmax') take({ op: 'softmax', from: lastValue() });
			return;
		case 'Add':
			take({ op: 'add', from, and });
			return;
		case 'Activation':
			take({ op: 'relu', from });
			return;
		case 'MaxPooling2D':
			take({
				op: 'maxPool',
				from,
				size: config['poolSize'] as unknown as Pair,
				strides: config['strides'] as unknown as Pair,
				padding: config['padding'] as Padding
			});
			return;
		case 'Flatten':
			take({ op: 'reshape', from, shape: [(layer.outputShape as number[]).at(-1) ?? 0] });
			return;
		case 'GlobalAveragePooling2D':
			take({ op: 'mean', from });
			return;
		default:
			throw new Error(`${layer.name} (${layer.getClassName()}) has no step in a network file.`);
	}
}

const FILE_NAME = /^network-[0-9a-f]+\.bin$/;
/** Hex digits of the hash in a file's name: enough that a changed file never keeps its address. */
const DIGITS = 12;

export interface WrittenNetwork {
	readonly file: string;
	readonly bytes: number;
	readonly sha256: string;
}

/** Writes a network's file to `dir`, with its hash in its name, in place of the one that was there. */
export function writeNetworkFile(dir: string, bytes: Uint8Array): WrittenNetwork {
	const hash = sha256(bytes);
	const file = `network-${hash.slice(0, DIGITS)}.bin`;
	if (existsSync(dir)) for (const name of readdirSync(dir)) if (FILE_NAME.test(name)) rmSync(path.join(dir, name));
	writeWhole(path.join(dir, file), [bytes]);
	return { file, bytes: bytes.length, sha256: hash };
}

/** The network's file in `dir` and what it holds. Throws UserError where there is none, or where it is damaged. */
export function readNetworkFile(dir: string): WrittenNetwork & { readonly network: NetworkFile } {
	try {
		const [file, ...others] = readdirSync(dir).filter((name) => FILE_NAME.test(name));
		if (file === undefined || others.length > 0)
			throw new Error(`it has ${String(others.length + (file ? 1 : 0))} network files`);
		const bytes = readFileSync(path.join(dir, file));
		return { file, bytes: bytes.length, sha256: sha256(bytes), network: readNetwork(bytes) };
	} catch (thrown) {
		throw new UserError(`The model in ${dir} could not be read: ${messageOf(thrown)}. Export it again.`);
	}
}

/** float16 values as bytes. */
export function asHalves(values: Float32Array): { type: 'float16'; bytes: Uint8Array } {
	const { buffer, byteOffset, byteLength } = new Float16Array(values);
	return { type: 'float16', bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

const MOST_STEPS = 127;

/** `int8` of the format: each channel's step, then the whole number of steps nearest to each value. */
function asSteps(
	values: Float32Array,
	shape: readonly number[],
	coarseness: number
): { type: 'int8'; bytes: Uint8Array } {
	const channels = channelsOf(shape);
	const squares = new Float64Array(channels);
	const greatest = new Float64Array(channels);
	for (const [index, value] of values.entries()) {
		const channel = index % channels;
		squares[channel] = (squares[channel] ?? 0) + value * value;
		greatest[channel] = Math.max(greatest[channel] ?? 0, Math.abs(value));
	}
	// Large enough for the greatest one, and never zero.
	const steps = Float32Array.from(squares, (sum, channel) =>
		Math.max(coarseness * Math.sqrt((sum * channels) / values.length), (greatest[channel] ?? 0) / MOST_STEPS, 1e-12)
	);
	const bytes = new Uint8Array(4 * channels + values.length);
	bytes.set(new Uint8Array(steps.buffer));
	for (const [index, value] of values.entries())
		bytes[4 * channels + index] = Math.round(value / (steps[index % channels] ?? 1));
	return { type: 'int8', bytes };
}

/** A layers model that computes what the network of a file does, for what layers alone can: gradients, unfolding. */
export function layersModelOf({ description, values }: NetworkFile): tf.LayersModel {
	const input = tf.input({ shape: [...description.input], name: 'picture' });
	const outputs: tf.SymbolicTensor[] = [input];
	const weighted: { layer: tf.layers.Layer; weights: tf.Tensor[] }[] = [];
	for (const [index, step] of description.steps.entries()) {
		const next = description.steps[index + 1];
		const name = `${String(index)}-${step.op}`;
		const sources = step.op === 'concat' ? [] : [step.from, ...(step.op === 'add' ? [step.and] : [])];
		const inputs = sources.map((source) => outputs[source] ?? input);
		const weight = (place: number): tf.Tensor =>
			tf.tensor(values[place] ?? [], [...(description.weights[place]?.shape ?? [])]);
		const layer = layerOf(step, name, next, description.weights);
		if (layer === null) {
			outputs.push(outputs.at(-1) ?? input);
			continue;
		}
		outputs.push(layer.apply(inputs.length === 1 ? (inputs[0] ?? input) : inputs) as tf.SymbolicTensor);
		if (step.op === 'conv' || step.op === 'dense')
			weighted.push({ layer, weights: [weight(step.kernel), weight(step.bias)] });
	}
	const model = tf.model({ inputs: input, outputs: outputs.at(-1) ?? input });
	for (const { layer, weights } of weighted) {
		layer.setWeights(weights);
		tf.dispose(weights);
	}
	return model;
}

/** Null for a softmax, which the dense layer before it takes in. */
function layerOf(step: Step, name: string, next: Step | undefined, weights: readonly Weight[]): tf.layers.Layer | null {
	switch (step.op) {
		case 'conv': {
			const [height = 1, width = 1, , filters = 1] = weights[step.kernel]?.shape ?? [];
			return tf.layers.conv2d({
				name,
				filters,
				kernelSize: [height, width],
				strides: [...step.strides],
				padding: step.padding,
				activation: step.relu ? 'relu' : 'linear'
			});
		}
		case 'dense': {
			const [, units = 1] = weights[step.kernel]?.shape ?? [];
			const activation = next?.op === 'softmax' ? 'softmax' : step.relu ? 'relu' : 'linear';
			return tf.layers.dense({ name, units, activation });
		}
		case 'add':
			return tf.layers.add({ name });
		case 'relu':
			return tf.layers.activation({ name, activation: 'relu' });
		case 'softmax':
			return null;
		case 'maxPool':
			return tf.layers.maxPooling2d({
				name,
				poolSize: [...step.size],
				strides: [...step.strides],
				padding: step.padding
			});
		case 'mean':
			return tf.layers.globalAveragePooling2d({ name });
		case 'reshape':
			return tf.layers.flatten({ name });
		case 'depthwise':
		case 'pad':
		case 'resize':
		case 'concat':
			throw new Error(`${name}: a detector is no layers model.`);
	}
}
