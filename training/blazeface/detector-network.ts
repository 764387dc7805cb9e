/** Converts a TensorFlow Lite network, operator by operator, to the steps that ship. */
import { Float16Array } from '@petamoriken/float16';
import type { NetworkDescription, Pair, Step, Weight } from '../../src/lib/core/network/description';
import { UserError } from '../lib/errors';
import type { TfliteModel, TfliteOperator, TfliteTensor } from './tflite';

type Convolution = Extract<TfliteOperator, { op: 'CONV_2D' | 'DEPTHWISE_CONV_2D' }>;

/** [out, height, width, in] as TensorFlow Lite has it, to [height, width, in, out]. */
function firstAxisLast([count = 1, ...rest]: readonly number[], values: Float32Array): Float32Array {
	const inner = rest.reduce((product, side) => product * side, 1);
	return Float32Array.from(values, (_, index) => values[(index % count) * inner + Math.floor(index / count)] ?? 0);
}

function pairOf(values: readonly number[], at: number): Pair {
	return [values[2 * at] ?? 0, values[2 * at + 1] ?? 0];
}

/** Collects the steps and weights of a network that computes the same as `model`, for any number of pictures at once. */
export class NetworkBuilder {
	readonly #model: TfliteModel;
	readonly #steps: Step[] = [];
	readonly #weights: Weight[] = [];
	/** Numbers of values, by the index of their tensor. */
	readonly #computed = new Map<number, number>();
	/** Half-precision constants, by the index of the tensor that DEQUANTIZE makes of them. */
	readonly #dequantized = new Map<number, number>();

	/** Throws UserError on what it cannot express. */
	constructor(model: TfliteModel) {
		this.#model = model;
		for (const index of model.inputs) this.#computed.set(index, 0);
		for (const operator of model.operators) this.#convert(operator);
	}

	/** The network whose output joins these tensors, of one shape but for their last axis. */
	network(outputs: readonly number[]): NetworkDescription {
		const [height = 0, width = 0, channels = 0] = this.#tensor(this.#model.inputs[0] ?? -1).shape.slice(1);
		const [first = -1] = outputs;
		const axis = this.#tensor(first).shape.length - 2;
		this.#steps.push({ op: 'concat', from: outputs.map((index) => this.#valueOf(index)), axis });
		return { input: [height, width, channels], steps: this.#steps, weights: this.#weights };
	}

	#tensor(index: number): TfliteTensor {
		const tensor = this.#model.tensors[index];
		if (tensor === undefined) throw new UserError(`The .tflite file lacks its tensor ${String(index)}.`);
		return tensor;
	}

	#valueOf(index: number): number {
		const value = this.#computed.get(index);
		if (value === undefined) throw new UserError(`"${this.#tensor(index).name}" is read before it is computed.`);
		return value;
	}

	/** The numbers behind tensor `index`, before DEQUANTIZE if there is one. */
	#constant(index: number): { shape: readonly number[]; values: Float32Array } {
		const { name, shape, type, data } = this.#tensor(this.#dequantized.get(index) ?? index);
		if (data === null) throw new UserError(`"${name}" should be a constant.`);
		// A copy: typed arrays of wider numbers must begin at a multiple of their width.
		const { buffer } = Uint8Array.from(data);
		switch (type) {
			case 'float16':
				return { shape, values: Float32Array.from(new Float16Array(buffer)) };
			case 'float32':
				return { shape, values: new Float32Array(buffer) };
			case 'int32':
				return { shape, values: Float32Array.from(new Int32Array(buffer)) };
		}
	}

	#store(shape: readonly number[], values: Float32Array): number {
		return this.#weights.push({ shape, values }) - 1;
	}

	/** Adds a step that computes tensor `output`. */
	#add(output: number, step: Step): void {
		this.#steps.push(step);
		this.#computed.set(output, this.#steps.length);
	}

	#convert(operator: TfliteOperator): void {
		const [input = -1, second = -1] = operator.inputs;
		const [output = -1] = operator.outputs;
		const { name, shape } = this.#tensor(output);
		if ('activation' in operator && operator.activation !== 'none')
			throw new UserError(`${operator.op} "${name}": an activation inside the operator is not supported.`);
		switch (operator.op) {
			case 'DEQUANTIZE':
				this.#dequantized.set(output, input);
				return;
			case 'CONV_2D':
			case 'DEPTHWISE_CONV_2D':
				this.#convolution(operator);
				return;
			case 'RELU':
				if (this.#computed.has(output)) return; // taken in by the convolution before it
				this.#add(output, { op: 'relu', from: this.#valueOf(input) });
				return;
			case 'ADD':
				this.#add(output, { op: 'add', from: this.#valueOf(input), and: this.#valueOf(second) });
				return;
			case 'PAD': {
				const paddings = Array.from(this.#constant(second).values);
				if (paddings[0] !== 0 || paddings[1] !== 0) throw new UserError(`PAD "${name}" pads the batch.`);
				const by = [pairOf(paddings, 1), pairOf(paddings, 2), pairOf(paddings, 3)] as const;
				this.#add(output, { op: 'pad', from: this.#valueOf(input), by });
				return;
			}
			case 'MAX_POOL_2D': {
				const { padding, strides, filter } = operator;
				this.#add(output, {
					op: 'maxPool',
					from: this.#valueOf(input),
					size: filter,
					strides,
					padding: padding === 'SAME' ? 'same' : 'valid'
				});
				return;
			}
			case 'RESHAPE':
				this.#add(output, { op: 'reshape', from: this.#valueOf(input), shape: shape.slice(1) });
				return;
			case 'RESIZE_BILINEAR': {
				if (operator.alignCorners || !operator.halfPixelCenters)
					throw new UserError(`RESIZE_BILINEAR "${name}" does not count pixels by their centres.`);
				this.#add(output, { op: 'resize', from: this.#valueOf(input), size: pairOf(shape.slice(1), 0) });
				return;
			}
			case 'CONCATENATION': {
				const from = operator.inputs.map((index) => this.#valueOf(index));
				this.#add(output, { op: 'concat', from, axis: operator.axis - 1 });
				return;
			}
		}
	}

	/** A convolution with its bias and, if nothing else reads its output, the ReLU after it. */
	#convolution(operator: Convolution): void {
		const [input = -1, filterIndex = -1, biasIndex = -1] = operator.inputs;
		const [output = -1] = operator.outputs;
		const { name } = this.#tensor(output);
		const filter = this.#constant(filterIndex);
		const bias = this.#constant(biasIndex);
		const [first = 1, height = 1, width = 1, last = 1] = filter.shape;
		const depthwise = operator.op === 'DEPTHWISE_CONV_2D';
		if (depthwise && last !== this.#tensor(input).shape[3])
			throw new UserError(`${operator.op} "${name}": a depth multiplier other than 1 is not supported.`);
		if (operator.dilations.some((dilation) => dilation !== 1))
			throw new UserError(`${operator.op} "${name}": dilations are not supported.`);
		const kernel = depthwise
			? this.#store([height, width, last, 1], filter.values)
			: this.#store([height, width, last, first], firstAxisLast(filter.shape, filter.values));
		const [reader, ...others] = this.#model.operators.filter(({ inputs }) => inputs.includes(output));
		const relu = reader?.op === 'RELU' && others.length === 0 ? reader.outputs[0] : undefined;
		this.#add(output, {
			op: depthwise ? 'depthwise' : 'conv',
			from: this.#valueOf(input),
			kernel,
			bias: this.#store(bias.shape, bias.values),
			strides: operator.strides,
			padding: operator.padding === 'SAME' ? 'same' : 'valid',
			relu: relu !== undefined
		});
		if (relu !== undefined) this.#computed.set(relu, this.#steps.length);
	}
}
