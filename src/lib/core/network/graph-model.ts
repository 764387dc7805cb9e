/**
 * Reads tfjs graph models (model.json and its weights) as networks. Of TensorFlow's many operators it knows those that
 * the shipped networks use; `training/lib/graph-model.ts` writes them.
 */
import { sizeOf, type NetworkDescription, type Padding, type Pair, type Step, type Weight } from './description';

interface Attribute {
	/** Base64. */
	readonly s?: string;
	readonly b?: boolean;
	readonly list?: { readonly s?: readonly string[]; readonly i?: readonly string[] };
	readonly shape?: { readonly dim: readonly { readonly size: string }[] };
}

export interface GraphNode {
	readonly name: string;
	readonly op: string;
	readonly input?: readonly string[];
	readonly attr: Readonly<Record<string, object>>;
}

/** How a constant is stored. If quantised to uint8, a byte b stands for b * scale + min. */
export interface WeightSpec {
	readonly name: string;
	readonly shape: readonly number[];
	readonly dtype: 'float32' | 'int32';
	readonly quantization?:
		{ readonly dtype: 'float16' } | { readonly dtype: 'uint8'; readonly scale: number; readonly min: number };
}

/** The parts of model.json that are read here. */
export interface GraphModel {
	readonly format: 'graph-model';
	/** Each node after those that it reads. */
	readonly modelTopology: { readonly node: readonly GraphNode[] };
	/** One group; the addresses of its files are relative to model.json. */
	readonly weightsManifest: readonly [{ readonly paths: readonly string[]; readonly weights: readonly WeightSpec[] }];
}

/** Base64 of "SAME" and "VALID", "BiasAdd" and "Relu". */
const PADDINGS: Partial<Record<string, Padding>> = { 'U0FNRQ==': 'same', 'VkFMSUQ=': 'valid' };
const BIAS = 'Qmlhc0FkZA==';
const RELU = 'UmVsdQ==';

const BYTES = { uint8: 1, float16: 2 } as const;

/** `json` (parsed) as a graph model. Throws RangeError if it is something else. */
export function asGraphModel(json: unknown): GraphModel {
	const model = json as Partial<GraphModel> | null;
	if (model?.format !== 'graph-model' || model.weightsManifest?.length !== 1)
		throw new RangeError('This is not a tfjs graph model with one group of weights.');
	return model as GraphModel;
}

/** The network that a graph model computes. Throws RangeError on unknown operators and on weights of another length. */
export function readGraphModel(
	{ modelTopology, weightsManifest }: GraphModel,
	weights: Uint8Array
): NetworkDescription {
	const reader = new GraphReader(splitWeights(weightsManifest[0].weights, weights));
	for (const node of modelTopology.node) reader.take(node);
	return reader.network();
}

/** A constant as it is stored. */
interface Stored {
	readonly spec: WeightSpec;
	readonly bytes: Uint8Array;
}

class GraphReader {
	readonly #constants: ReadonlyMap<string, Stored>;
	/** Constants that were read, and products of constants, by the name of their node. */
	readonly #known = new Map<string, Weight>();
	/** Indices of values, by the name of the node that computes them. */
	readonly #values = new Map<string, number>();
	readonly #steps: Step[] = [];
	readonly #weights: Weight[] = [];
	#input: NetworkDescription['input'] | null = null;

	constructor(constants: ReadonlyMap<string, Stored>) {
		this.#constants = constants;
	}

	network(): NetworkDescription {
		if (this.#input === null) throw new RangeError('The graph has no input.');
		return { input: this.#input, steps: this.#steps, weights: this.#weights };
	}

	take(node: GraphNode): void {
		const { name, op } = node;
		const [first = '', second = ''] = node.input ?? [];
		switch (op) {
			case 'Placeholder': {
				const sides = attribute(node, 'shape').shape?.dim.map(({ size }) => Number(size)) ?? [];
				const [, height, width, channels, ...others] = sides;
				if (this.#input !== null || !height || !width || !channels || others.length > 0)
					throw new RangeError('The graph takes something other than pictures of one size.');
				this.#input = [height, width, channels];
				this.#values.set(name, 0);
				return;
			}
			case 'Const':
				if (!this.#constants.has(name)) throw new RangeError(`There are no weights "${name}".`);
				return;
			case 'Mul':
				this.#known.set(name, product(this.#stored(first), this.#constant(second)));
				return;
			case '_FusedConv2D':
			case 'FusedDepthwiseConv2dNative':
				this.#add(name, {
					op: op === '_FusedConv2D' ? 'conv' : 'depthwise',
					from: this.#value(first),
					...this.#kernelAndBias(node),
					strides: spatial(node, 'strides'),
					padding: paddingOf(node)
				});
				return;
			case '_FusedMatMul':
				this.#add(name, { op: 'dense', from: this.#value(first), ...this.#kernelAndBias(node) });
				return;
			case 'AddV2':
				this.#add(name, { op: 'add', from: this.#value(first), and: this.#value(second) });
				return;
			case 'Relu':
				this.#add(name, { op: 'relu', from: this.#value(first) });
				return;
			case 'Softmax':
				this.#add(name, { op: 'softmax', from: this.#value(first) });
				return;
			case 'MaxPool': {
				const size = spatial(node, 'ksize');
				this.#add(name, {
					op: 'maxPool',
					from: this.#value(first),
					size,
					strides: spatial(node, 'strides'),
					padding: paddingOf(node)
				});
				return;
			}
			case 'Mean':
				if (this.#integers(second).join() !== '1,2' || attribute(node, 'keep_dims').b === true)
					throw new RangeError(`"${name}" is not a mean over height and width.`);
				this.#add(name, { op: 'mean', from: this.#value(first) });
				return;
			case 'Pad': {
				const [before, after, ...by] = this.#integers(second);
				if (before !== 0 || after !== 0) throw new RangeError(`"${name}" adds to the batch.`);
				this.#add(name, { op: 'pad', from: this.#value(first), by: [pair(by, 0), pair(by, 2), pair(by, 4)] });
				return;
			}
			case 'ResizeBilinear':
				if (attribute(node, 'align_corners').b === true || attribute(node, 'half_pixel_centers').b !== true)
					throw new RangeError(`"${name}" does not count pixels by their centres.`);
				this.#add(name, { op: 'resize', from: this.#value(first), size: pair(this.#integers(second), 0) });
				return;
			case 'Reshape':
				this.#add(name, { op: 'reshape', from: this.#value(first), shape: this.#integers(second).slice(1) });
				return;
			case 'ConcatV2': {
				const names = node.input ?? [];
				const [axis = 0] = this.#integers(names.at(-1) ?? '');
				this.#add(name, { op: 'concat', from: names.slice(0, -1).map((each) => this.#value(each)), axis: axis - 1 });
				return;
			}
			default:
				throw new RangeError(`No step stands for "${name}" (${op}).`);
		}
	}

	#add(name: string, step: Step): void {
		this.#steps.push(step);
		this.#values.set(name, this.#steps.length);
	}

	#value(name: string): number {
		const value = this.#values.get(name);
		if (value === undefined) throw new RangeError(`"${name}" is read before it is computed.`);
		return value;
	}

	#stored(name: string): Stored {
		const stored = this.#constants.get(name);
		if (stored === undefined) throw new RangeError(`"${name}" should be a constant.`);
		return stored;
	}

	#constant(name: string): Weight {
		const constant = this.#known.get(name) ?? decode(this.#stored(name));
		this.#known.set(name, constant);
		return constant;
	}

	#integers(name: string): number[] {
		return Array.from(this.#constant(name).values);
	}

	#kernelAndBias(node: GraphNode): { kernel: number; bias: number; relu: boolean } {
		const [, kernel = '', bias = ''] = node.input ?? [];
		const [first, second] = attribute(node, 'fused_ops').list?.s ?? [];
		if (first !== BIAS || (second !== undefined && second !== RELU))
			throw new RangeError(`"${node.name}" does something other than add a bias and apply ReLU.`);
		return { kernel: this.#weight(kernel), bias: this.#weight(bias), relu: second === RELU };
	}

	#weight(name: string): number {
		return this.#weights.push(this.#constant(name)) - 1;
	}
}

function attribute({ attr }: GraphNode, name: string): Attribute {
	return attr[name] ?? {};
}

function pair(values: readonly number[], at: number): Pair {
	return [values[at] ?? 0, values[at + 1] ?? 0];
}

/** Height and width of a list for all four axes. */
function spatial(node: GraphNode, name: string): Pair {
	return pair(attribute(node, name).list?.i?.map(Number) ?? [], 1);
}

function paddingOf(node: GraphNode): Padding {
	const padding = PADDINGS[attribute(node, 'padding').s ?? ''];
	if (padding === undefined) throw new RangeError(`"${node.name}" is padded in an unknown way.`);
	return padding;
}

/** Product of two constants; the second's shape must be a suffix of the first's. */
function product({ spec, bytes }: Stored, b: Weight): Weight {
	const { shape, quantization } = spec;
	const size = sizeOf(b.shape);
	if (size === 0 || shape.slice(shape.length - b.shape.length).join() !== b.shape.join())
		throw new RangeError(`Constants of [${shape.join()}] and [${b.shape.join()}] cannot be multiplied.`);
	// Most weights are bytes: in one go, which shortens the start.
	const isBytes = quantization?.dtype === 'uint8';
	const { scale, min } = isBytes ? quantization : { scale: 1, min: 0 };
	const from = isBytes ? bytes : decode({ spec, bytes }).values;
	const values = new Float32Array(from.length);
	for (let i = 0; i < values.length; i += size)
		for (let c = 0; c < size; c++) values[i + c] = Math.fround((from[i + c] ?? 0) * scale + min) * (b.values[c] ?? 0);
	return { shape, values };
}

function splitWeights(specs: readonly WeightSpec[], bytes: Uint8Array): Map<string, Stored> {
	const lengths = specs.map((spec) => sizeOf(spec.shape) * bytesPerValue(spec));
	const expected = lengths.reduce((sum, length) => sum + length, 0);
	if (expected !== bytes.length)
		throw new RangeError(`There are ${bytes.length} bytes of weights, but the graph asks for ${expected}.`);
	let at = 0;
	return new Map(
		specs.map((spec, index) => [spec.name, { spec, bytes: bytes.subarray(at, (at += lengths[index] ?? 0)) }])
	);
}

function bytesPerValue({ quantization }: WeightSpec): number {
	return quantization ? BYTES[quantization.dtype] : 4;
}

function decode({ spec: { shape, dtype, quantization }, bytes }: Stored): Weight {
	if (quantization?.dtype === 'uint8') {
		const { scale, min } = quantization;
		const values = new Float32Array(bytes.length);
		for (let i = 0; i < values.length; i++) values[i] = (bytes[i] ?? 0) * scale + min;
		return { shape, values };
	}
	// A copy, as typed arrays of wider numbers must start at a multiple of their width.
	const copy = Uint8Array.from(bytes).buffer;
	if (quantization?.dtype === 'float16') return { shape, values: fromHalves(new Uint16Array(copy)) };
	return { shape, values: dtype === 'int32' ? Float32Array.from(new Int32Array(copy)) : new Float32Array(copy) };
}

/** Finite half-precision numbers (IEEE 754 binary16) from their bits. */
function fromHalves(halves: Uint16Array): Float32Array {
	const values = new Float32Array(halves.length);
	const bits = new Uint32Array(values.buffer);
	for (let i = 0; i < values.length; i++) {
		const half = halves[i] ?? 0;
		const size = half & 0x7fff;
		// From exponents around 15 to those around 127; the smallest numbers have none.
		if (size < 0x400) values[i] = (half === size ? size : -size) * 2 ** -24;
		else bits[i] = ((half & 0x8000) << 16) | ((size << 13) + (112 << 23));
	}
	return values;
}
