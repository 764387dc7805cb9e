/**
 * Reads the part of a TensorFlow Lite file that a plain convolutional network uses: tensors, constants, operators.
 * Field numbers are those of TensorFlow Lite's schema.fbs, where they never change.
 */
import { ByteBuffer } from 'flatbuffers';
import { UserError } from '../lib/errors';

const FILE_IDENTIFIER = 'TFL3';
const MODEL = { operatorCodes: 1, subgraphs: 2, buffers: 4 };
const OPERATOR_CODE = { deprecatedCode: 0, customCode: 1, code: 3 };
const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3 };
const TENSOR = { shape: 0, type: 1, buffer: 2, name: 3 };
const BUFFER = { data: 0 };
const OPERATOR = { opcodeIndex: 0, inputs: 1, outputs: 2, options: 4 };
const CONV_OPTIONS = { padding: 0, strideW: 1, strideH: 2, activation: 3, dilationW: 4, dilationH: 5 };
const DEPTHWISE_OPTIONS = { padding: 0, strideW: 1, strideH: 2, activation: 4, dilationW: 5, dilationH: 6 };
const POOL_OPTIONS = { padding: 0, strideW: 1, strideH: 2, filterW: 3, filterH: 4, activation: 5 };
const ADD_OPTIONS = { activation: 0 };
const CONCAT_OPTIONS = { axis: 0, activation: 1 };
const RESIZE_OPTIONS = { alignCorners: 2, halfPixelCenters: 3 };

/** BuiltinOperator values: those read here, and those of the package's other models, so that an error can name them. */
const OPERATOR_NAMES: Readonly<Record<number, string>> = {
	0: 'ADD',
	2: 'CONCATENATION',
	3: 'CONV_2D',
	4: 'DEPTHWISE_CONV_2D',
	6: 'DEQUANTIZE',
	14: 'LOGISTIC',
	17: 'MAX_POOL_2D',
	18: 'MUL',
	19: 'RELU',
	22: 'RESHAPE',
	23: 'RESIZE_BILINEAR',
	34: 'PAD',
	54: 'PRELU',
	124: 'DENSIFY'
};
/** From this code on, the old one-byte field can no longer hold it. */
const PLACEHOLDER_CODE = 127;

const TENSOR_TYPES = { 0: 'float32', 1: 'float16', 2: 'int32' } as const;
const PADDINGS = { 0: 'SAME', 1: 'VALID' } as const;
const ACTIVATIONS = { 0: 'none', 1: 'relu' } as const;

/** `data`: the little-endian values of a constant; null for what the network computes. */
export interface TfliteTensor {
	readonly name: string;
	readonly shape: readonly number[];
	readonly type: (typeof TENSOR_TYPES)[keyof typeof TENSOR_TYPES];
	readonly data: Uint8Array | null;
}

type Pair = readonly [height: number, width: number];
type Padding = (typeof PADDINGS)[keyof typeof PADDINGS];
type Activation = (typeof ACTIVATIONS)[keyof typeof ACTIVATIONS];

type Options =
	| { op: 'CONV_2D' | 'DEPTHWISE_CONV_2D'; padding: Padding; strides: Pair; dilations: Pair; activation: Activation }
	| { op: 'MAX_POOL_2D'; padding: Padding; strides: Pair; filter: Pair; activation: Activation }
	| { op: 'ADD'; activation: Activation }
	| { op: 'CONCATENATION'; axis: number; activation: Activation }
	| { op: 'RESIZE_BILINEAR'; alignCorners: boolean; halfPixelCenters: boolean }
	| { op: 'DEQUANTIZE' | 'RELU' | 'RESHAPE' | 'PAD' };

/** `inputs` and `outputs` are indices of tensors; an optional input left out is -1. */
export type TfliteOperator = Options & { readonly inputs: readonly number[]; readonly outputs: readonly number[] };

export interface TfliteModel {
	readonly tensors: readonly TfliteTensor[];
	readonly operators: readonly TfliteOperator[];
	readonly inputs: readonly number[];
	readonly outputs: readonly number[];
}

/** One table of the file; a missing field has its default. */
class Table {
	constructor(
		private readonly bytes: ByteBuffer,
		private readonly start: number
	) {}

	private at(field: number): number {
		const offset = this.bytes.__offset(this.start, 4 + 2 * field);
		return offset === 0 ? 0 : this.start + offset;
	}

	int8(field: number): number {
		const at = this.at(field);
		return at === 0 ? 0 : this.bytes.readInt8(at);
	}

	int32(field: number, missing = 0): number {
		const at = this.at(field);
		return at === 0 ? missing : this.bytes.readInt32(at);
	}

	string(field: number): string {
		const at = this.at(field);
		return at === 0 ? '' : String(this.bytes.__string(at));
	}

	int32s(field: number): number[] {
		return this.vector(field, (at) => this.bytes.readInt32(at));
	}

	tables(field: number): Table[] {
		return this.vector(field, (at) => new Table(this.bytes, this.bytes.__indirect(at)));
	}

	table(field: number): Table {
		const at = this.at(field);
		if (at === 0) throw new UserError(`The .tflite file has an operator without its options.`);
		return new Table(this.bytes, this.bytes.__indirect(at));
	}

	uint8s(field: number): Uint8Array {
		const at = this.at(field);
		if (at === 0) return new Uint8Array(0);
		const first = this.bytes.__vector(at);
		return this.bytes.bytes().slice(first, first + this.bytes.__vector_len(at));
	}

	/** Elements of four bytes each: numbers, or offsets of tables. */
	private vector<T>(field: number, read: (at: number) => T): T[] {
		const at = this.at(field);
		if (at === 0) return [];
		const first = this.bytes.__vector(at);
		return Array.from({ length: this.bytes.__vector_len(at) }, (_, index) => read(first + 4 * index));
	}
}

/** The name of an enumeration's value. Throws UserError on one that is not in the table. */
function named<T extends string>(names: Readonly<Record<number, T>>, value: number, what: string): T {
	const name = names[value];
	if (name !== undefined) return name;
	throw new UserError(`${what} ${String(value)} is not supported; known are ${Object.values(names).join(', ')}.`);
}

/** Throws UserError naming the operator if it is not one of Options. */
function readOptions(code: Table, operator: Table): Options {
	const old = code.int8(OPERATOR_CODE.deprecatedCode);
	const number =
		old < PLACEHOLDER_CODE ? Math.max(old, code.int32(OPERATOR_CODE.code)) : code.int32(OPERATOR_CODE.code);
	const op = OPERATOR_NAMES[number];
	const read = (): Table => operator.table(OPERATOR.options);
	const activation = (options: Table, field: number): Activation =>
		named(ACTIVATIONS, options.int8(field), `${String(op)}: fused activation`);
	switch (op) {
		case 'CONV_2D':
		case 'DEPTHWISE_CONV_2D': {
			const fields = op === 'CONV_2D' ? CONV_OPTIONS : DEPTHWISE_OPTIONS;
			const options = read();
			return {
				op,
				padding: named(PADDINGS, options.int8(fields.padding), `${op}: padding`),
				strides: [options.int32(fields.strideH), options.int32(fields.strideW)],
				dilations: [options.int32(fields.dilationH, 1), options.int32(fields.dilationW, 1)],
				activation: activation(options, fields.activation)
			};
		}
		case 'MAX_POOL_2D': {
			const options = read();
			return {
				op,
				padding: named(PADDINGS, options.int8(POOL_OPTIONS.padding), `${op}: padding`),
				strides: [options.int32(POOL_OPTIONS.strideH), options.int32(POOL_OPTIONS.strideW)],
				filter: [options.int32(POOL_OPTIONS.filterH), options.int32(POOL_OPTIONS.filterW)],
				activation: activation(options, POOL_OPTIONS.activation)
			};
		}
		case 'ADD':
			return { op, activation: activation(read(), ADD_OPTIONS.activation) };
		case 'CONCATENATION': {
			const options = read();
			return {
				op,
				axis: options.int32(CONCAT_OPTIONS.axis),
				activation: activation(options, CONCAT_OPTIONS.activation)
			};
		}
		case 'RESIZE_BILINEAR': {
			const options = read();
			return {
				op,
				alignCorners: options.int8(RESIZE_OPTIONS.alignCorners) !== 0,
				halfPixelCenters: options.int8(RESIZE_OPTIONS.halfPixelCenters) !== 0
			};
		}
		case 'DEQUANTIZE':
		case 'RELU':
		case 'RESHAPE':
		case 'PAD':
			return { op };
		default: {
			const name = op ?? code.string(OPERATOR_CODE.customCode);
			throw new UserError(`The operator ${name === '' ? '' : `${name} `}(builtin ${String(number)}) is not supported.`);
		}
	}
}

/** Parses a .tflite file with one subgraph. Throws UserError on any other file and on an operator that is not supported. */
export function readTflite(file: Uint8Array): TfliteModel {
	const bytes = new ByteBuffer(file);
	if (file.length < 8 || !bytes.__has_identifier(FILE_IDENTIFIER))
		throw new UserError('This is not a .tflite file: its identifier "TFL3" is missing. Install the package again.');
	const model = new Table(bytes, bytes.readInt32(0));
	const [graph, second] = model.tables(MODEL.subgraphs);
	if (graph === undefined || second !== undefined)
		throw new UserError('A .tflite file with exactly one subgraph is expected.');
	const buffers = model.tables(MODEL.buffers);
	const codes = model.tables(MODEL.operatorCodes);
	return {
		tensors: graph.tables(SUBGRAPH.tensors).map((tensor) => {
			const name = tensor.string(TENSOR.name);
			const data = buffers[tensor.int32(TENSOR.buffer)]?.uint8s(BUFFER.data) ?? new Uint8Array(0);
			return {
				name,
				shape: tensor.int32s(TENSOR.shape),
				type: named(TENSOR_TYPES, tensor.int8(TENSOR.type), `${name}: tensor type`),
				data: data.length === 0 ? null : data
			};
		}),
		operators: graph.tables(SUBGRAPH.operators).map((operator) => {
			const code = codes[operator.int32(OPERATOR.opcodeIndex)];
			if (code === undefined) throw new UserError('The .tflite file names an operator that it does not list.');
			return {
				...readOptions(code, operator),
				inputs: operator.int32s(OPERATOR.inputs),
				outputs: operator.int32s(OPERATOR.outputs)
			};
		}),
		inputs: graph.int32s(SUBGRAPH.inputs),
		outputs: graph.int32s(SUBGRAPH.outputs)
	};
}
