/** Networks as graph models of tfjs, weights quantised channel by channel. */
import { Float16Array } from '@petamoriken/float16';
import { outputShapeOf, type NetworkDescription, type Step } from '../../src/lib/core/network/description';
import { readGraphModel, type GraphNode, type WeightSpec } from '../../src/lib/core/network/graph-model';
import { channelsOf, type SteppedKernels } from './steps';

/** A model before it has addresses: the contents of model.json, except the names of the weight files. */
export interface PackedNetwork {
	readonly nodes: readonly GraphNode[];
	readonly specs: readonly WeightSpec[];
	readonly weights: Uint8Array;
	readonly input: NetworkDescription['input'];
	readonly output: readonly number[];
}

const FLOAT = { type: 'DT_FLOAT' };
const INT = { type: 'DT_INT32' };
const base64 = (value: string): string => Buffer.from(value).toString('base64');
const text = (value: string): object => ({ s: base64(value) });
/** Height and width as a list for all four axes. */
const spatial = (pair: readonly number[]): object => ({ list: { i: [1, ...pair, 1].map(String) } });
const shapeOf = (sides: readonly number[]): object => ({ dim: sides.map((size) => ({ size: String(size) })) });
const NHWC = { data_format: text('NHWC') };

/**
 * The graph of a network. The kernels in `stepped` are stored as their levels, which a Mul in the graph turns into
 * weights; all else is stored as float16. Throws RangeError if the network's steps do not fit each other.
 */
export function packNetwork(network: NetworkDescription, stepped: SteppedKernels = new Map()): PackedNetwork {
	const output = outputShapeOf(network);
	const packer = new Packer(network, stepped);
	return { ...packer.pack(), input: network.input, output };
}

class Packer {
	readonly #network: NetworkDescription;
	readonly #stepped: SteppedKernels;
	readonly #nodes: GraphNode[] = [];
	readonly #specs: WeightSpec[] = [];
	readonly #data: Uint8Array[] = [];
	/** The nodes' names by value, the input first. */
	readonly #names = ['input'];

	constructor(network: NetworkDescription, stepped: SteppedKernels) {
		this.#network = network;
		this.#stepped = stepped;
	}

	pack(): Pick<PackedNetwork, 'nodes' | 'specs' | 'weights'> {
		const { input, steps } = this.#network;
		this.#node('input', 'Placeholder', [], { dtype: FLOAT, shape: { shape: shapeOf([-1, ...input]) } });
		for (const [index, step] of steps.entries()) {
			const name = `${step.op}_${String(index + 1)}`;
			this.#step(name, step);
			this.#names.push(name);
		}
		return { nodes: this.#nodes, specs: this.#specs, weights: Buffer.concat(this.#data) };
	}

	#node(name: string, op: string, input: readonly string[], attr: GraphNode['attr']): string {
		this.#nodes.push({ name, op, input, attr });
		return name;
	}

	#name(value: number): string {
		return this.#names[value] ?? '';
	}

	#step(name: string, step: Step): void {
		switch (step.op) {
			case 'conv':
			case 'depthwise':
				this.#node(name, step.op === 'conv' ? '_FusedConv2D' : 'FusedDepthwiseConv2dNative', this.#fused(name, step), {
					T: FLOAT,
					...NHWC,
					...fusedOps(step),
					padding: text(step.padding.toUpperCase()),
					strides: spatial(step.strides),
					dilations: spatial([1, 1])
				});
				return;
			case 'dense':
				this.#node(name, '_FusedMatMul', this.#fused(name, step), {
					T: FLOAT,
					...fusedOps(step),
					transpose_a: { b: false },
					transpose_b: { b: false }
				});
				return;
			case 'add':
				this.#node(name, 'AddV2', [this.#name(step.from), this.#name(step.and)], { T: FLOAT });
				return;
			case 'relu':
			case 'softmax':
				this.#node(name, step.op === 'relu' ? 'Relu' : 'Softmax', [this.#name(step.from)], { T: FLOAT });
				return;
			case 'maxPool':
				this.#node(name, 'MaxPool', [this.#name(step.from)], {
					T: FLOAT,
					...NHWC,
					padding: text(step.padding.toUpperCase()),
					strides: spatial(step.strides),
					ksize: spatial(step.size)
				});
				return;
			case 'mean': {
				const axes = this.#integers(`${name}/axes`, [2], [1, 2]);
				this.#node(name, 'Mean', [this.#name(step.from), axes], { T: FLOAT, Tidx: INT, keep_dims: { b: false } });
				return;
			}
			case 'pad': {
				const by = this.#integers(`${name}/by`, [4, 2], [0, 0, ...step.by.flat()]);
				this.#node(name, 'Pad', [this.#name(step.from), by], { T: FLOAT, Tpaddings: INT });
				return;
			}
			case 'resize': {
				const size = this.#integers(`${name}/size`, [2], step.size);
				const attr = { T: FLOAT, align_corners: { b: false }, half_pixel_centers: { b: true } };
				this.#node(name, 'ResizeBilinear', [this.#name(step.from), size], attr);
				return;
			}
			case 'reshape': {
				// -1 for the batch, so that one call may take several pictures.
				const shape = this.#integers(`${name}/shape`, [step.shape.length + 1], [-1, ...step.shape]);
				this.#node(name, 'Reshape', [this.#name(step.from), shape], { T: FLOAT, Tshape: INT });
				return;
			}
			case 'concat': {
				const axis = this.#integers(`${name}/axis`, [], [step.axis + 1]);
				const parts = step.from.map((value) => this.#name(value));
				this.#node(name, 'ConcatV2', [...parts, axis], { T: FLOAT, Tidx: INT, N: { i: String(parts.length) } });
				return;
			}
		}
	}

	#fused(name: string, { from, kernel, bias }: Extract<Step, { kernel: number }>): string[] {
		return [this.#name(from), this.#weight(`${name}/kernel`, kernel), this.#weight(`${name}/bias`, bias)];
	}

	#weight(name: string, place: number): string {
		const weight = this.#network.weights[place];
		if (weight === undefined) throw new RangeError(`A step reads weight ${String(place)}, which is not there.`);
		const { shape, values } = weight;
		const stepped = this.#stepped.get(place);
		if (stepped === undefined) return this.#halves(name, shape, values);
		const quantization = { dtype: 'uint8', scale: 1, min: -MIDDLE } as const;
		const bytes = Uint8Array.from(stepped.levels, (level) => MIDDLE + level);
		const factors = [
			this.#constant({ name: `${name}/levels`, shape, dtype: 'float32', quantization }, bytes),
			this.#halves(`${name}/scale`, channelsOf(weight), stepped.steps)
		];
		return this.#node(name, 'Mul', factors, { T: FLOAT });
	}

	#halves(name: string, shape: readonly number[], values: Float32Array): string {
		const { buffer, byteOffset, byteLength } = new Float16Array(values);
		// tfjs's converter names the original type, though its loader does not need it.
		const quantization = { dtype: 'float16', original_dtype: 'float32' } as const;
		return this.#constant(
			{ name, shape, dtype: 'float32', quantization },
			new Uint8Array(buffer, byteOffset, byteLength)
		);
	}

	#integers(name: string, shape: readonly number[], values: readonly number[]): string {
		return this.#constant({ name, shape, dtype: 'int32' }, new Uint8Array(Int32Array.from(values).buffer));
	}

	#constant(spec: WeightSpec, bytes: Uint8Array): string {
		this.#specs.push(spec);
		this.#data.push(bytes);
		return this.#node(spec.name, 'Const', [], { dtype: spec.dtype === 'int32' ? INT : FLOAT });
	}
}

function fusedOps({ relu }: { relu: boolean }): GraphNode['attr'] {
	return { num_args: { i: '1' }, fused_ops: { list: { s: ['BiasAdd', ...(relu ? ['Relu'] : [])].map(base64) } } };
}

/** Byte that stands for a weight of zero. */
const MIDDLE = 128;

/** The network after packing, to see what that costs. */
export function unpackNetwork(packed: PackedNetwork): NetworkDescription {
	return readGraphModel(graphModelOf(packed, []), packed.weights);
}

/** The contents of model.json, with the weights in the files `paths`. */
export function graphModelOf({ nodes, specs, input, output }: PackedNetwork, paths: readonly string[]) {
	return {
		format: 'graph-model' as const,
		// tfjs's loader asks for library and versions as well.
		modelTopology: { node: nodes, library: {}, versions: {} },
		weightsManifest: [{ paths, weights: specs }] as const,
		generatedBy: 'Mien, training/lib/graph-model.ts',
		convertedBy: null,
		signature: { inputs: tensorInfo('input', input), outputs: tensorInfo(nodes.at(-1)?.name ?? '', output) }
	};
}

function tensorInfo(name: string, sides: readonly number[]): object {
	return { [name]: { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: shapeOf([-1, ...sides]) } };
}
