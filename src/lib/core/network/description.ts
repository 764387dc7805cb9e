/** A trained network as plain data: its steps in order, and its weights. */

export type Padding = 'same' | 'valid';
/** Height and width, in pixels. */
export type Pair = readonly [height: number, width: number];

/**
 * One step of a network, on pictures [n, height, width, channels] or rows [n, features]. `from` is the index of the
 * value that it reads: 0 is the input, n the output of the n-th step. `kernel` and `bias` are indices of weights.
 */
export type Step =
	/** Kernel [height, width, in, out]. */
	| { op: 'conv'; from: number; kernel: number; bias: number; strides: Pair; padding: Padding; relu: boolean }
	/** Each channel separately: kernel [height, width, channels, 1]. */
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
	/** To another height and width, bilinearly, with half-pixel centres. */
	| { op: 'resize'; from: number; size: Pair }
	/** Changes the shape of each element of the batch; its values keep their order. */
	| { op: 'reshape'; from: number; shape: readonly number[] }
	/** Along an axis of one element of the batch, from 0. */
	| { op: 'concat'; from: readonly number[]; axis: number };

export interface Weight {
	readonly shape: readonly number[];
	readonly values: Float32Array;
}

export interface NetworkDescription {
	/** Height, width and channels of one picture. */
	readonly input: readonly [height: number, width: number, channels: number];
	/** Each after those whose output it reads; the last one's output is the network's. */
	readonly steps: readonly Step[];
	readonly weights: readonly Weight[];
}

/** Number of values in a shape. */
export function sizeOf(shape: readonly number[]): number {
	return shape.reduce((product, side) => product * side, 1);
}

/**
 * The shape of a network's output for one picture. Throws RangeError if a step's inputs are missing or do not fit.
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
