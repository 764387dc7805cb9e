/** Runs networks on the kernels of tfjs's current back end: no layers, no graphs, no gradients. */
import { engine, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { sizeOf, type NetworkDescription, type Pair, type Step } from './description';
import type { NETWORK_KERNELS } from './kernels';

type Kernel = (typeof NETWORK_KERNELS)[number];

/** A network on the back end that was current when it was built. Its owner disposes it. */
export class Network {
	/** Shape of one picture: height, width, channels. */
	readonly inputShape: readonly [height: number, width: number, channels: number];
	readonly #steps: readonly Step[];
	readonly #weights: readonly Tensor[];
	/** For each value, the input first: the index of the last step that reads it. */
	readonly #lastReaders: readonly number[];

	constructor({ input, steps, weights }: NetworkDescription) {
		this.inputShape = input;
		this.#steps = steps;
		this.#weights = weights.map(({ shape, values }) =>
			engine().keep(engine().makeTensor(values, [...shape], 'float32'))
		);
		this.#lastReaders = Array.from({ length: steps.length + 1 }, (_, value) =>
			steps.findLastIndex((step) => sourcesOf(step).includes(value))
		);
	}

	/**
	 * Output for `count` pictures, [count, height, width, channels], as a tensor that the caller disposes. `size`: of
	 * the pictures, if it differs from `inputShape`; only for networks that are convolutions up to one row per place.
	 */
	run(batch: Float32Array, count: number, size?: Pair): Tensor {
		const [ownHeight, ownWidth, channels] = this.inputShape;
		const [height, width] = size ?? [ownHeight, ownWidth];
		const growth: Pair = [height / ownHeight, width / ownWidth];
		const shape = [count, height, width, channels];
		if (batch.length !== sizeOf(shape))
			throw new RangeError(`${batch.length} values are not a batch of [${shape.join()}].`);
		const values: (Tensor | undefined)[] = [engine().makeTensor(batch, shape, 'float32')];
		try {
			for (const [index, step] of this.#steps.entries()) {
				values.push(this.#take(step, values, growth));
				for (const source of sourcesOf(step)) {
					if (this.#lastReaders[source] !== index) continue;
					values[source]?.dispose();
					values[source] = undefined;
				}
			}
			const output = values.pop();
			if (output === undefined) throw new RangeError('A network without steps has no output.');
			return output;
		} finally {
			for (const value of values) value?.dispose();
		}
	}

	/** Output for `count` pictures as numbers, [count, ...]; its tensors are disposed. `size`: as for `run`. */
	async predict(batch: Float32Array, count: number, size?: Pair): Promise<Float32Array> {
		const output = this.run(batch, count, size);
		try {
			return await output.data<'float32'>();
		} finally {
			output.dispose();
		}
	}

	dispose(): void {
		for (const weight of this.#weights) weight.dispose();
	}

	/** The last argument: how many times taller and wider the pictures are than the network's own. */
	#take(step: Step, values: readonly (Tensor | undefined)[], [taller, wider]: Pair): Tensor {
		const from = (list: readonly (Tensor | undefined)[], index: number): Tensor => {
			const found = list[index];
			if (found === undefined) throw new RangeError(`A "${step.op}" reads value ${index}, which is not there.`);
			return found;
		};
		const value = (index: number): Tensor => from(values, index);
		const weight = (index: number): Tensor => from(this.#weights, index);
		switch (step.op) {
			case 'conv':
			case 'depthwise': {
				const inputs = { x: value(step.from), filter: weight(step.kernel), bias: weight(step.bias) };
				return kernel(step.op === 'conv' ? 'FusedConv2D' : 'FusedDepthwiseConv2D', inputs, {
					strides: step.strides,
					pad: step.padding,
					dataFormat: 'NHWC',
					dilations: [1, 1],
					dimRoundingMode: null,
					activation: activationOf(step),
					leakyreluAlpha: 0
				});
			}
			case 'dense': {
				// The matrix kernel takes stacks of matrices.
				const [x, matrix] = [value(step.from), weight(step.kernel)];
				const [rows = 1, features = 1] = x.shape;
				const [, width = 1] = matrix.shape;
				const a = reshape(x, [1, rows, features]);
				const b = reshape(matrix, [1, features, width]);
				const product = kernel(
					'_FusedMatMul',
					{ a, b, bias: weight(step.bias) },
					{ transposeA: false, transposeB: false, activation: activationOf(step), leakyreluAlpha: 0 }
				);
				const output = reshape(product, [rows, width]);
				for (const part of [a, b, product]) part.dispose();
				return output;
			}
			case 'add':
				return kernel('Add', { a: value(step.from), b: value(step.and) }, {});
			case 'relu':
				return kernel('Relu', { x: value(step.from) }, {});
			case 'softmax':
				return kernel('Softmax', { logits: value(step.from) }, { dim: value(step.from).shape.length - 1 });
			case 'maxPool':
				return kernel(
					'MaxPool',
					{ x: value(step.from) },
					{ filterSize: step.size, strides: step.strides, pad: step.padding, dimRoundingMode: null }
				);
			case 'mean':
				return kernel('Mean', { x: value(step.from) }, { axis: [1, 2], keepDims: false });
			case 'pad':
				return kernel('PadV2', { x: value(step.from) }, { paddings: [[0, 0], ...step.by], constantValue: 0 });
			case 'resize':
				return kernel(
					'ResizeBilinear',
					{ images: value(step.from) },
					{
						alignCorners: false,
						halfPixelCenters: true,
						size: [Math.round(step.size[0] * taller), Math.round(step.size[1] * wider)]
					}
				);
			case 'reshape': {
				const x = value(step.from);
				const [places = 1, ...others] = step.shape;
				return reshape(x, [...x.shape.slice(0, 1), Math.round(places * taller * wider), ...others]);
			}
			case 'concat':
				// This kernel takes a list, despite the kernels' common type.
				return kernel('Concat', step.from.map(value) as object as NamedTensorMap, { axis: step.axis + 1 });
		}
	}
}

function sourcesOf(step: Step): readonly number[] {
	if (step.op === 'concat') return step.from;
	return step.op === 'add' ? [step.from, step.and] : [step.from];
}

function activationOf({ relu }: { relu: boolean }): string {
	return relu ? 'relu' : 'linear';
}

function reshape(x: Tensor, shape: readonly number[]): Tensor {
	return kernel('Reshape', { x }, { shape });
}

function kernel(name: Kernel, inputs: NamedTensorMap, attributes: Record<string, unknown>): Tensor {
	return engine().runKernel<Tensor>(name, inputs, attributes as NamedAttrMap);
}
