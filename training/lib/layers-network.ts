/** Converts between tfjs's layers and the networks that ship. */
import * as tf from '@tensorflow/tfjs';
import type { NetworkDescription, Padding, Pair, Step, Weight } from '../../src/lib/core/network/description';

/** What a folded network computes, step by step. Throws Error on a layer without a corresponding step. */
export function networkOfLayers(model: tf.LayersModel): NetworkDescription {
	const [, height, width, channels] = model.inputs[0]?.shape ?? [];
	if (!height || !width || !channels) throw new Error(`${model.name} does not take pictures of one size.`);
	const steps: Step[] = [];
	const weights: Weight[] = [];
	const places = new Map<number, number>();
	const take = (step: Step): void => void steps.push(step);
	const store = (weight: tf.Tensor | undefined, layer: tf.layers.Layer): number => {
		const values = weight
			? weight.dataSync<'float32'>()
			: new Float32Array((layer.outputShape as number[]).at(-1) ?? 0);
		return weights.push({ shape: weight?.shape ?? [values.length], values }) - 1;
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
	return { input: [height, width, channels], steps, weights };
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
			throw new Error(`${layer.name} (${layer.getClassName()}) has no step in a network.`);
	}
}

/** A layers model that computes what a network does, for what only layers can do: gradients. */
export function layersModelOf({ input: shape, steps, weights }: NetworkDescription): tf.LayersModel {
	const input = tf.input({ shape: [...shape], name: 'picture' });
	const outputs: tf.SymbolicTensor[] = [input];
	const weighted: { layer: tf.layers.Layer; tensors: tf.Tensor[] }[] = [];
	for (const [index, step] of steps.entries()) {
		const next = steps[index + 1];
		const name = `${String(index)}-${step.op}`;
		const sources = step.op === 'concat' ? [] : [step.from, ...(step.op === 'add' ? [step.and] : [])];
		const inputs = sources.map((source) => outputs[source] ?? input);
		const weight = (place: number): tf.Tensor =>
			tf.tensor(weights[place]?.values ?? [], [...(weights[place]?.shape ?? [])]);
		const layer = layerOf(step, name, next, weights);
		if (layer === null) {
			outputs.push(outputs.at(-1) ?? input);
			continue;
		}
		outputs.push(layer.apply(inputs.length === 1 ? (inputs[0] ?? input) : inputs) as tf.SymbolicTensor);
		if (step.op === 'conv' || step.op === 'dense')
			weighted.push({ layer, tensors: [weight(step.kernel), weight(step.bias)] });
	}
	const model = tf.model({ inputs: input, outputs: outputs.at(-1) ?? input });
	for (const { layer, tensors } of weighted) {
		layer.setWeights(tensors);
		tf.dispose(tensors);
	}
	return model;
}

/** Null for a softmax, which becomes part of the dense layer before it. */
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
			throw new Error(`${name}: a detector is not a layers model.`);
	}
}
