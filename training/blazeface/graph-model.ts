/** Turns a TensorFlow Lite network into a tfjs graph model, operator by operator. */
import type { io } from '@tensorflow/tfjs-core';
import { UserError } from '../lib/errors';
import type { TfliteModel, TfliteOperator, TfliteTensor } from './tflite';

type Attr = Readonly<Record<string, unknown>>;
type Attrs = Readonly<Record<string, Attr>>;
type Convolution = Extract<TfliteOperator, { op: 'CONV_2D' | 'DEPTHWISE_CONV_2D' }>;

/** A node as in the JSON of TensorFlow's GraphDef. */
export interface GraphNode {
	readonly name: string;
	readonly op: string;
	readonly input: readonly string[];
	readonly attr: Attrs;
}

const FLOAT = { type: 'DT_FLOAT' };
const INT = { type: 'DT_INT32' };
const base64 = (value: string): string => Buffer.from(value).toString('base64');
const string = (value: string): Attr => ({ s: base64(value) });
const strings = (values: readonly string[]): Attr => ({ list: { s: values.map(base64) } });
const bool = (value: boolean): Attr => ({ b: value });
const int = (value: number): Attr => ({ i: String(value) });
/** Height and width as a list for all four axes. */
const spatial = (pair: readonly number[]): Attr => ({ list: { i: [1, ...pair, 1].map(String) } });
const NHWC = { data_format: string('NHWC') };

/** Moves axis 0 of a constant to the end: TensorFlow Lite's [out, height, width, in] to tfjs's [height, width, in, out]. */
function firstAxisLast(sizes: readonly number[], data: Uint8Array): Uint8Array {
	const [count = 1, ...rest] = sizes;
	const inner = rest.reduce((product, size) => product * size, 1);
	const width = data.length / (count * inner);
	const moved = new Uint8Array(data.length);
	for (let outer = 0; outer < count; outer++)
		for (let index = 0; index < inner; index++) {
			const from = (outer * inner + index) * width;
			moved.set(data.subarray(from, from + width), (index * count + outer) * width);
		}
	return moved;
}

/**
 * The nodes and weights of a tfjs graph model that computes the same as `model`, for any number of pictures at once.
 * Half-precision constants stay half-precision. Throws UserError on what it cannot express.
 */
export class GraphModel {
	readonly nodes: GraphNode[] = [];
	readonly weights: io.WeightsManifestEntry[] = [];
	/** The values of `weights`, in the same order. */
	readonly data: Uint8Array[] = [];
	/** Names of nodes by index of the tensor that they compute. */
	private readonly computed = new Map<number, string>();
	/** Half-precision constants by index of the tensor that DEQUANTIZE makes of them. */
	private readonly dequantized = new Map<number, number>();

	constructor(private readonly model: TfliteModel) {
		for (const index of model.inputs) {
			const { name, shape } = this.tensor(index);
			const dim = [-1, ...shape.slice(1)].map((size) => ({ size: String(size) }));
			this.computed.set(index, this.node(name, 'Placeholder', [], { dtype: FLOAT, shape: { shape: { dim } } }));
		}
		for (const operator of model.operators) this.convert(operator);
	}

	/** The node that computes tensor `index`. */
	nodeOf(index: number): string {
		const name = this.computed.get(index);
		if (name === undefined) throw new UserError(`"${this.tensor(index).name}" is read before it is computed.`);
		return name;
	}

	tensor(index: number): TfliteTensor {
		const tensor = this.model.tensors[index];
		if (tensor === undefined) throw new UserError(`The .tflite file lacks its tensor ${String(index)}.`);
		return tensor;
	}

	/** Adds a node that joins others along `axis`. */
	concat(name: string, inputs: readonly string[], axis: number): string {
		const axisNode = this.int32s(`${name}/axis`, [], [axis]);
		return this.node(name, 'ConcatV2', [...inputs, axisNode], { T: FLOAT, Tidx: INT, N: int(inputs.length) });
	}

	private node(name: string, op: string, input: readonly string[], attr: Attrs): string {
		this.nodes.push({ name, op, input, attr });
		return name;
	}

	private constant(name: string, shape: readonly number[], type: TfliteTensor['type'], data: Uint8Array): string {
		const dtype = type === 'int32' ? 'int32' : 'float32';
		const quantization = { dtype: 'float16', original_dtype: 'float32' } as const;
		this.weights.push({ name, shape: [...shape], dtype, ...(type === 'float16' ? { quantization } : {}) });
		this.data.push(data);
		return this.node(name, 'Const', [], { dtype: type === 'int32' ? INT : FLOAT });
	}

	private int32s(name: string, shape: readonly number[], values: readonly number[]): string {
		return this.constant(name, shape, 'int32', new Uint8Array(Int32Array.from(values).buffer));
	}

	/** The constant behind tensor `index`, before DEQUANTIZE where there is one. */
	private constantAt(index: number): TfliteTensor & { readonly data: Uint8Array } {
		const tensor = this.tensor(this.dequantized.get(index) ?? index);
		if (tensor.data === null) throw new UserError(`"${tensor.name}" should be a constant.`);
		return { ...tensor, data: tensor.data };
	}

	private convert(operator: TfliteOperator): void {
		const [input = -1, second = -1] = operator.inputs;
		const [output = -1] = operator.outputs;
		const { name, shape } = this.tensor(output);
		if ('activation' in operator && operator.activation !== 'none')
			throw new UserError(`${operator.op} "${name}": an activation inside the operator is not supported.`);
		switch (operator.op) {
			case 'DEQUANTIZE':
				this.dequantized.set(output, input);
				return;
			case 'CONV_2D':
			case 'DEPTHWISE_CONV_2D':
				this.convolution(operator);
				return;
			case 'RELU':
				if (this.computed.has(output)) return; // fused into the convolution before it
				this.computed.set(output, this.node(name, 'Relu', [this.nodeOf(input)], { T: FLOAT }));
				return;
			case 'ADD': {
				const inputs = operator.inputs.map((index) => this.nodeOf(index));
				this.computed.set(output, this.node(name, 'AddV2', inputs, { T: FLOAT }));
				return;
			}
			case 'PAD': {
				const { shape: sizes, type, data } = this.constantAt(second);
				const paddings = this.constant(`${name}/paddings`, sizes, type, data);
				this.computed.set(output, this.node(name, 'Pad', [this.nodeOf(input), paddings], { T: FLOAT, Tpaddings: INT }));
				return;
			}
			case 'MAX_POOL_2D': {
				const { padding, strides, filter } = operator;
				const attrs = {
					T: FLOAT,
					...NHWC,
					padding: string(padding),
					strides: spatial(strides),
					ksize: spatial(filter)
				};
				this.computed.set(output, this.node(name, 'MaxPool', [this.nodeOf(input)], attrs));
				return;
			}
			case 'RESHAPE': {
				// -1 in place of the batch of 1, so that one call may take several pictures.
				const sizes = this.int32s(`${name}/shape`, [shape.length], [-1, ...shape.slice(1)]);
				this.computed.set(output, this.node(name, 'Reshape', [this.nodeOf(input), sizes], { T: FLOAT, Tshape: INT }));
				return;
			}
			case 'RESIZE_BILINEAR': {
				const size = this.int32s(`${name}/size`, [2], shape.slice(1, 3));
				const attrs = {
					T: FLOAT,
					align_corners: bool(operator.alignCorners),
					half_pixel_centers: bool(operator.halfPixelCenters)
				};
				this.computed.set(output, this.node(name, 'ResizeBilinear', [this.nodeOf(input), size], attrs));
				return;
			}
			case 'CONCATENATION': {
				const inputs = operator.inputs.map((index) => this.nodeOf(index));
				this.computed.set(output, this.concat(name, inputs, operator.axis));
				return;
			}
		}
	}

	/** A convolution with its bias and, where nothing else reads its output, the ReLU after it, as one fused node. */
	private convolution(operator: Convolution): void {
		const [input = -1, filterIndex = -1, biasIndex = -1] = operator.inputs;
		const [output = -1] = operator.outputs;
		const { name } = this.tensor(output);
		const filter = this.constantAt(filterIndex);
		const bias = this.constantAt(biasIndex);
		const [first = 1, height = 1, width = 1, last = 1] = filter.shape;
		const depthwise = operator.op === 'DEPTHWISE_CONV_2D';
		if (depthwise && last !== this.tensor(input).shape[3])
			throw new UserError(`${operator.op} "${name}": a depth multiplier other than 1 is not supported.`);
		const filterNode = depthwise
			? this.constant(`${name}/filter`, [height, width, last, 1], filter.type, filter.data)
			: this.constant(
					`${name}/filter`,
					[height, width, last, first],
					filter.type,
					firstAxisLast(filter.shape, filter.data)
				);
		const biasNode = this.constant(`${name}/bias`, bias.shape, bias.type, bias.data);
		const [reader, ...others] = this.model.operators.filter(({ inputs }) => inputs.includes(output));
		const relu = reader?.op === 'RELU' && others.length === 0 ? reader.outputs[0] : undefined;
		this.node(
			name,
			depthwise ? 'FusedDepthwiseConv2dNative' : '_FusedConv2D',
			[this.nodeOf(input), filterNode, biasNode],
			{
				T: FLOAT,
				...NHWC,
				num_args: int(1),
				padding: string(operator.padding),
				strides: spatial(operator.strides),
				dilations: spatial(operator.dilations),
				fused_ops: strings(relu === undefined ? ['BiasAdd'] : ['BiasAdd', 'Relu'])
			}
		);
		this.computed.set(output, name);
		if (relu !== undefined) this.computed.set(relu, name);
	}
}
