/**
 * A trained network as one file: eight letters that name the format, the length of a description, the description as
 * JSON, then the weights. Numbers are little-endian. So a model is one request, and one hash covers all of it.
 */

const MAGIC = 'MIENNET1';
const PREFIX_BYTES = MAGIC.length + 4;

export type Padding = 'same' | 'valid';
/** Height and width, in pixels. */
export type Pair = readonly [height: number, width: number];

/**
 * One step of a network, on pictures [n, height, width, channels] or rows [n, features]. `from` is the number of the
 * value that it reads: 0 is the input, n the output of the n-th step. `kernel` and `bias` are numbers of weights.
 */
export type Step =
	/** Kernel [height, width, in, out]. */
	| { op: 'conv'; from: number; kernel: number; bias: number; strides: Pair; padding: Padding; relu: boolean }
	/** Each channel on its own: kernel [height, width, channels, 1]. */
	| { op: 'depthwise'; from: number; kernel: number; bias: number; strides: Pair; padding: Padding; relu: boolean }
	/** Of rows: kernel [in, out]. */
	| { op: 'dense'; from: number; kernel: number; bias: number; relu: boolean }
	| { op: 'add'; from: number; and: number }
	| { op: 'relu'; from: number }
	| { op: 'softmax'; from: number }
	| { op: 'maxPool'; from: number; size: Pair; strides: Pair; padding: Padding }
	/** Mean over height and width, to rows. */
	| { op: 'mean'; from: number }
	/** Zeros before and after along height, width and channels. */
	| { op: 'pad'; from: number; by: readonly [Pair, Pair, Pair] }
	/** To another height and width, linearly, with pixels counted by their centres. */
	| { op: 'resize'; from: number; size: Pair }
	/** The shape of one element of the batch; what it holds stays in its order. */
	| { op: 'reshape'; from: number; shape: readonly number[] }
	/** Along an axis of one element of the batch, from 0. */
	| { op: 'concat'; from: readonly number[]; axis: number };

/**
 * How weights are stored. `int8`: each channel's step as a float32, then a signed byte for each weight, in steps; channels
 * are the last axis, or the one before it where that is 1 (depthwise kernels).
 */
export type WeightType = 'float32' | 'float16' | 'int8';

export interface Weight {
	readonly shape: readonly number[];
	readonly type: WeightType;
}

export interface NetworkDescription {
	/** Height, width and channels of one picture. */
	readonly input: readonly [height: number, width: number, channels: number];
	/** In an order in which each reads what is there already; the last one's output is the network's. */
	readonly steps: readonly Step[];
	/** In the order in which their values follow. */
	readonly weights: readonly Weight[];
}

/** Values of a network's weights, in the order of its description. */
export interface NetworkFile {
	readonly description: NetworkDescription;
	readonly values: readonly Float32Array[];
}

/** Descriptions hold numbers and names of this file alone: ASCII. */
function asciiBytes(text: string): Uint8Array {
	return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Number of values in a shape. */
export function sizeOf(shape: readonly number[]): number {
	return shape.reduce((product, side) => product * side, 1);
}

/** Length of the axis along which the weights of a kernel have steps of their own. */
export function channelsOf(shape: readonly number[]): number {
	const last = shape.at(-1) ?? 1;
	return last === 1 && shape.length > 1 ? (shape.at(-2) ?? 1) : last;
}

function bytesOf({ shape, type }: Weight): number {
	const size = sizeOf(shape);
	switch (type) {
		case 'float32':
			return 4 * size;
		case 'float16':
			return 2 * size;
		case 'int8':
			return size + 4 * channelsOf(shape);
	}
}

/** The file of a network; `data`: the stored bytes of each weight. Throws RangeError where their lengths do not fit. */
export function writeNetwork(description: NetworkDescription, data: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const json = asciiBytes(JSON.stringify(description));
	const length = PREFIX_BYTES + json.length + data.reduce((sum, { length: bytes }) => sum + bytes, 0);
	const file = new Uint8Array(length);
	file.set(asciiBytes(MAGIC));
	new DataView(file.buffer).setUint32(MAGIC.length, json.length, true);
	file.set(json, PREFIX_BYTES);
	let at = PREFIX_BYTES + json.length;
	for (const [index, weight] of description.weights.entries()) {
		const bytes = data[index] ?? new Uint8Array();
		if (bytes.length !== bytesOf(weight))
			throw new RangeError(`Weight ${index} has ${bytes.length} bytes, not ${bytesOf(weight)}.`);
		file.set(bytes, at);
		at += bytes.length;
	}
	return file;
}

/** What a network's file holds, weights as numbers. Throws RangeError where it is cut off, too long or something else. */
export function readNetwork(file: Uint8Array): NetworkFile {
	const text = (from: number, to: number): string => String.fromCharCode(...file.subarray(from, to));
	if (file.length < PREFIX_BYTES || text(0, MAGIC.length) !== MAGIC) throw new RangeError('This is no network file.');
	const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
	const end = PREFIX_BYTES + view.getUint32(MAGIC.length, true);
	if (end > file.length) throw new RangeError('The network file is cut off.');
	const description = JSON.parse(text(PREFIX_BYTES, end)) as NetworkDescription;
	const expected = description.weights.reduce((sum, weight) => sum + bytesOf(weight), end);
	if (expected !== file.length)
		throw new RangeError(`The network file has ${file.length} bytes, where its description asks for ${expected}.`);
	let at = end;
	const values = description.weights.map((weight) => {
		const bytes = file.subarray(at, (at += bytesOf(weight)));
		return valuesOf(weight, bytes);
	});
	return { description, values };
}

function valuesOf({ shape, type }: Weight, bytes: Uint8Array): Float32Array {
	// A copy, as typed arrays of wider numbers must begin at a multiple of their width.
	const copy = Uint8Array.from(bytes).buffer;
	switch (type) {
		case 'float32':
			return new Float32Array(copy);
		case 'float16':
			return Float32Array.from(new Uint16Array(copy), fromHalf);
		case 'int8': {
			const channels = channelsOf(shape);
			const steps = new Float32Array(copy, 0, channels);
			const stored = new Int8Array(copy, 4 * channels);
			const values = new Float32Array(stored.length);
			for (let i = 0; i < values.length; i += channels)
				for (let c = 0; c < channels; c++) values[i + c] = (stored[i + c] ?? 0) * (steps[c] ?? 0);
			return values;
		}
	}
}

/** A half-precision number (IEEE 754 binary16) from its bits. */
function fromHalf(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The shape of a network's output for one picture. Throws RangeError where a step reads what is not there or does not fit.
 */
export function outputShapeOf({ input, steps, weights }: NetworkDescription): readonly number[] {
	const shapes: (readonly number[])[] = [input];
	const shape = (value: number): readonly number[] => {
		const found = shapes[value];
		if (found === undefined) throw new RangeError(`A step reads value ${value}, which is not there.`);
		return found;
	};
	const kernel = (place: number): readonly number[] => {
		const found = weights[place]?.shape;
		if (found === undefined) throw new RangeError(`A step reads weight ${place}, which is not there.`);
		return found;
	};
	for (const step of steps) shapes.push(shapeAfter(step, shape, kernel));
	return shapes.at(-1) ?? input;
}

function shapeAfter(
	step: Step,
	shape: (value: number) => readonly number[],
	kernel: (place: number) => readonly number[]
): readonly number[] {
	switch (step.op) {
		case 'conv':
		case 'depthwise': {
			const [height = 0, width = 0, channels = 0] = shape(step.from);
			const [kernelHeight = 0, kernelWidth = 0, taken = 0, given = 0] = kernel(step.kernel);
			if (taken !== channels) throw new RangeError(`A kernel for ${taken} channels meets ${channels}.`);
			const size: Pair = [kernelHeight, kernelWidth];
			const filters = step.op === 'conv' ? given : taken;
			if (kernel(step.bias).join() !== String(filters)) throw new RangeError(`A bias does not fit ${filters} filters.`);
			return [...sidesAfter([height, width], size, step.strides, step.padding), filters];
		}
		case 'dense': {
			const [taken = 0, given = 0] = kernel(step.kernel);
			const features = shape(step.from);
			if (features.join() !== String(taken))
				throw new RangeError(`A kernel for ${taken} features meets [${features.join()}].`);
			if (kernel(step.bias).join() !== String(given)) throw new RangeError(`A bias does not fit ${given} features.`);
			return [given];
		}
		case 'add': {
			const [a, b] = [shape(step.from), shape(step.and)];
			if (a.join() !== b.join()) throw new RangeError(`[${a.join()}] and [${b.join()}] cannot be added.`);
			return a;
		}
		case 'relu':
		case 'softmax':
			return shape(step.from);
		case 'maxPool': {
			const [height = 0, width = 0, channels = 0] = shape(step.from);
			return [...sidesAfter([height, width], step.size, step.strides, step.padding), channels];
		}
		case 'mean':
			return shape(step.from).slice(-1);
		case 'pad':
			return shape(step.from).map((side, axis) => side + (step.by[axis]?.[0] ?? 0) + (step.by[axis]?.[1] ?? 0));
		case 'resize':
			return [...step.size, ...shape(step.from).slice(-1)];
		case 'reshape':
			if (sizeOf(step.shape) !== sizeOf(shape(step.from)))
				throw new RangeError(`[${shape(step.from).join()}] cannot become [${step.shape.join()}].`);
			return step.shape;
		case 'concat': {
			const all = step.from.map(shape);
			const sum = all.reduce((total, each) => total + (each[step.axis] ?? 0), 0);
			return (all[0] ?? []).map((side, axis) => (axis === step.axis ? sum : side));
		}
	}
}

function sidesAfter(sides: Pair, size: Pair, strides: Pair, padding: Padding): Pair {
	const side = (axis: 0 | 1): number =>
		Math.ceil((padding === 'same' ? sides[axis] : sides[axis] - size[axis] + 1) / strides[axis]);
	return [side(0), side(1)];
}
