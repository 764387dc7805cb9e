/** Layers for training whose stock versions are slow or not repeatable; none of them is left in an exported model. */
import * as tf from '@tensorflow/tfjs';
import { BATCH_NORM_KERNEL, hasKernel, MOVE_KERNEL, moveInPlace, runKernel } from '../backend/extra-kernels';
import { hasHostMemory, hostView } from '../backend/host';
import { createRandom } from '../lib/random';

type LayerVariable = ReturnType<tf.layers.Layer['addWeight']>;
type LayerArgs = ConstructorParameters<typeof tf.layers.Layer>[0];
type Kwargs = Parameters<tf.layers.Layer['call']>[1];

/** What batch normalisation adds to a variance. */
export const BATCH_NORM_EPSILON = 1e-3;
/** Weight of the past in the moving statistics. */
const MOMENTUM = 0.9;
/** Different masks that a dropout can draw. */
const BANK_WINDOWS = 1 << 20;
const BANK_KEY = 7;

function only(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
	const first = Array.isArray(inputs) ? inputs[0] : inputs;
	if (first === undefined) throw new Error('A layer was called without input.');
	return first;
}

/** Mean per channel of x [n, h, w, c] as [c]: pooling and a matrix product, which WASM does far faster than a reduction. */
function channelMeans(x: tf.Tensor4D): tf.Tensor1D {
	const [n, height, width, channels] = x.shape;
	const perPicture: tf.Tensor2D = tf.reshape(tf.avgPool(x, [height, width], 1, 'valid'), [n, channels]);
	return tf.reshape(tf.matMul(tf.fill([1, n], 1 / n), perPicture), [channels]);
}

/** (x - mean) / sqrt(variance + epsilon) * gamma + beta over [n, h, w, c], with the statistics of x itself. */
function normalise(
	x: tf.Tensor4D,
	gamma: tf.Tensor,
	beta: tf.Tensor,
	mean: tf.Tensor,
	variance: tf.Tensor
): tf.Tensor4D {
	const [n, height, width] = x.shape;
	const operation = tf.customGrad((...args) => {
		const [input, scale, offset, save] = args as [tf.Tensor4D, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
		const deviation = tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON));
		const standardised: tf.Tensor4D = tf.mul(tf.sub(input, mean), deviation);
		save([standardised, scale, deviation]);
		return {
			value: tf.add(tf.mul(standardised, scale), offset),
			// Ioffe & Szegedy (2015), with the statistics' own dependence on x.
			gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
				const [unit, factor, inverse] = saved as [tf.Tensor4D, tf.Tensor, tf.Tensor];
				const slope = dy as tf.Tensor4D;
				const mean = channelMeans(slope);
				const product = channelMeans(tf.mul(slope, unit));
				const centred = tf.sub(tf.sub(slope, mean), tf.mul(unit, product));
				const count = n * height * width;
				return [tf.mul(centred, tf.mul(factor, inverse)), tf.mul(product, count), tf.mul(mean, count)];
			}
		};
	});
	return operation(x, gamma, beta) as tf.Tensor4D;
}

/** Batch normalisation of the channels of [n, h, w, c], with a fused gradient. */
export class BatchNorm extends tf.layers.Layer {
	static readonly className: string = 'MienBatchNorm';
	private gamma!: LayerVariable;
	private beta!: LayerVariable;
	private movingMean!: LayerVariable;
	private movingVariance!: LayerVariable;

	override build(inputShape: tf.Shape | tf.Shape[]): void {
		const channels = (inputShape as tf.Shape).at(-1) ?? null;
		if (channels === null) throw new Error(`${this.name}: the number of channels must be known.`);
		const zeros = tf.initializers.zeros();
		const ones = tf.initializers.ones();
		this.gamma = this.addWeight('gamma', [channels], 'float32', ones);
		this.beta = this.addWeight('beta', [channels], 'float32', zeros);
		this.movingMean = this.addWeight('moving_mean', [channels], 'float32', zeros, undefined, false);
		this.movingVariance = this.addWeight('moving_variance', [channels], 'float32', ones, undefined, false);
		super.build(inputShape);
	}

	override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
		const x = only(inputs) as tf.Tensor4D;
		if (kwargs['training'] !== true) {
			const { scale, offset } = this.affine();
			return tf.add(tf.mul(x, scale), offset);
		}
		if (hasKernel(BATCH_NORM_KERNEL)) {
			const inputs = { x, gamma: this.gamma.read(), beta: this.beta.read() };
			const outputs = runKernel(BATCH_NORM_KERNEL, inputs, { epsilon: BATCH_NORM_EPSILON });
			const [y, mean, variance] = outputs as [tf.Tensor4D, tf.Tensor, tf.Tensor];
			this.follow(mean, variance);
			return y;
		}
		const [mean, variance] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
			const average = channelMeans(x);
			return [average, channelMeans(tf.square(tf.sub(x, average)))];
		});
		this.follow(mean, variance);
		return normalise(x, this.gamma.read(), this.beta.read(), mean, variance);
	}

	/** The layer in use is `x * scale + offset`, [c] each, or for each half of the channels; the caller disposes both. */
	affine(): { scale: tf.Tensor; offset: tf.Tensor } {
		const [scale, offset] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
			const factor = tf.mul(this.gamma.read(), tf.rsqrt(tf.add(this.movingVariance.read(), BATCH_NORM_EPSILON)));
			return [factor, tf.sub(this.beta.read(), tf.mul(this.movingMean.read(), factor))];
		});
		return { scale, offset };
	}

	/** Moves the statistics of use a little towards those of a batch. */
	private follow(mean: tf.Tensor, variance: tf.Tensor): void {
		const moves = [
			{ moving: this.movingMean, towards: mean },
			{ moving: this.movingVariance, towards: variance }
		];
		if (hasKernel(MOVE_KERNEL)) {
			moveInPlace(
				moves.map(({ moving, towards }) => ({ target: moving.read(), towards })),
				1 - MOMENTUM
			);
			return;
		}
		tf.tidy(() => {
			for (const { moving, towards } of moves)
				moving.write(tf.add(tf.mul(moving.read(), MOMENTUM), tf.mul(towards, 1 - MOMENTUM)));
		});
	}
}

interface MirrorConv2DArgs {
	/** All of them, an even number. */
	readonly filters: number;
	readonly kernelSize: number;
	readonly strides: number;
	readonly kernelInitializer: ReturnType<typeof tf.initializers.heNormal>;
}

/**
 * A convolution whose filters come in pairs, each with its mirror image (Cohen & Welling, 2016): [n, h, w, 1 or 2 * c] to
 * [n, h', w', filters], without a bias. Channels are two halves: what the second says of a picture is the mirror image of what
 * the first says of the mirrored picture. That takes half the weights of a stock convolution, and a kernel as even or odd as
 * its strides are, so that it stays in the middle.
 */
export class MirrorConv2D extends tf.layers.Layer {
	static readonly className = 'MienMirrorConv2D';
	private kernel!: LayerVariable;
	/** The kernel's rows, one for each tap and input channel, in the order of the stock one's: each, and its partner. */
	private pairs!: Int32Array;
	/** Where each of those went first as itself, and then as a partner. */
	private places!: readonly [Int32Array, Int32Array];

	constructor(private readonly args: MirrorConv2DArgs) {
		super({});
	}

	override build(inputShape: tf.Shape | tf.Shape[]): void {
		const channels = (inputShape as tf.Shape).at(-1) ?? null;
		if (channels === null) throw new Error(`${this.name}: the number of channels must be known.`);
		const { filters, kernelSize, kernelInitializer } = this.args;
		this.kernel = this.addWeight(
			'kernel',
			[kernelSize, kernelSize, channels, filters / 2],
			'float32',
			kernelInitializer
		);
		const partners = Int32Array.from({ length: kernelSize * kernelSize * channels }, (_, row) => {
			const channel = row % channels;
			const x = Math.floor(row / channels) % kernelSize;
			const otherChannel = channels === 1 ? 0 : (channel + channels / 2) % channels;
			return row + (kernelSize - 1 - 2 * x) * channels + otherChannel - channel;
		});
		const pairOf = (_: unknown, index: number) => (index % 2 === 0 ? index / 2 : (partners[(index - 1) / 2] ?? 0));
		this.pairs = Int32Array.from({ length: 2 * partners.length }, pairOf);
		this.places = [partners.map((_, row) => 2 * row), partners.map((partner) => 2 * partner + 1)];
		super.build(inputShape);
	}

	override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
		const [n = null, height, width] = inputShape as tf.Shape;
		const side = (length: number | null | undefined) => (length ? Math.ceil(length / this.args.strides) : null);
		return [n, side(height), side(width), this.args.filters];
	}

	/** Of the stock convolution that does the same. */
	override getConfig(): ReturnType<tf.layers.Layer['getConfig']> {
		const { filters, kernelSize, strides } = this.args;
		return {
			...super.getConfig(),
			...{
				filters,
				kernelSize: [kernelSize, kernelSize],
				strides: [strides, strides],
				padding: 'same',
				activation: 'linear'
			}
		};
	}

	override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
		return tf.conv2d(only(inputs) as tf.Tensor4D, this.filters(), this.args.strides, 'same');
	}

	/** The kernel of the stock convolution that does the same, [size, size, channels, filters]. */
	filters(): tf.Tensor4D {
		const half = this.kernel.read();
		const [height = 0, width = 0, channels = 0, filters = 0] = half.shape;
		const expand = tf.customGrad((kernel) => ({
			value: takeRows(kernel as tf.Tensor, filters, this.pairs, [height, width, channels, 2 * filters]),
			gradFunc: (dy: tf.Tensor) => {
				const [asItself, asPartner] = this.places.map((rows) => takeRows(dy, filters, rows, half.shape));
				return tf.add(asItself as tf.Tensor, asPartner as tf.Tensor);
			}
		}));
		return expand(half) as tf.Tensor4D;
	}
}

/** Some of the rows of x, which are of `length` numbers, as a tensor of `shape`. */
function takeRows(x: tf.Tensor, length: number, rows: Int32Array, shape: number[]): tf.Tensor {
	if (!hasHostMemory()) {
		const matrix = tf.reshape(x, [x.size / length, length]);
		return tf.reshape(tf.gather(matrix, tf.tensor1d(rows, 'int32')), shape);
	}
	// Several times as fast as WASM's kernel, and there are dozens in a step.
	const from = hostView(x);
	const to = new Float32Array(rows.length * length);
	for (const [index, row] of rows.entries()) to.set(from.subarray(row * length, (row + 1) * length), index * length);
	return tf.tensor(to, shape);
}

/** Batch normalisation of channels in two halves, as `MirrorConv2D` makes them, both with the same statistics. */
export class MirrorBatchNorm extends BatchNorm {
	static override readonly className: string = 'MienMirrorBatchNorm';

	override build(inputShape: tf.Shape | tf.Shape[]): void {
		const [n = null, height = null, width = null, channels = null] = inputShape as tf.Shape;
		super.build([n, height, width, channels && channels / 2]);
	}

	override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
		const x = only(inputs) as tf.Tensor4D;
		const [n, height, width, channels] = x.shape;
		return tf.reshape(super.call(tf.reshape(x, [n, height, width * 2, channels / 2]), kwargs), x.shape);
	}
}

/** The mean of the two halves of features, as `MirrorConv2D` makes them: [n, 2 * c] to [n, c]. */
export class MirrorMean extends tf.layers.Layer {
	static readonly className = 'MienMirrorMean';

	override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
		const [n = null, width = null] = inputShape as tf.Shape;
		return [n, width && width / 2];
	}

	override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
		const x = only(inputs) as tf.Tensor2D;
		const [n, width] = x.shape;
		const half = (start: number) => tf.slice(x, [0, start], [n, width / 2]);
		return tf.mul(tf.add(half(0), half(width / 2)), 0.5);
	}
}

/** Inverted dropout whose masks depend only on the keys given by `reseed`, so that a resumed run repeats them. */
export class SeededDropout extends tf.layers.Layer {
	static readonly className = 'MienDropout';
	private readonly rate: number;
	private keys: readonly number[] = [];
	private bank: tf.Tensor1D | undefined;

	constructor(args: LayerArgs & { readonly rate: number }) {
		super(args);
		this.rate = args.rate;
	}

	/** Call before each training step. */
	reseed(...keys: readonly number[]): void {
		this.keys = keys;
	}

	override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
		const x = only(inputs);
		if (kwargs['training'] !== true || this.rate === 0) return x;
		return tf.mul(x, this.mask(x));
	}

	/** Training would wait for masks drawn one by one: there is a bank of them, of which the keys choose a window. */
	private mask(x: tf.Tensor): tf.Tensor {
		const needed = x.size + BANK_WINDOWS;
		if (!this.bank || this.bank.size < needed) {
			this.bank?.dispose();
			// A longer bank begins as a shorter one does, so that a resumed run finds the same numbers.
			const random = createRandom(BANK_KEY);
			const kept = 1 / (1 - this.rate);
			const values = new Float32Array(needed);
			for (let i = 0; i < needed; i++) values[i] = random() < this.rate ? 0 : kept;
			this.bank = tf.keep(tf.tensor1d(values));
		}
		const start = Math.floor(createRandom(...this.keys)() * BANK_WINDOWS);
		return tf.reshape(tf.slice(this.bank, start, x.size), x.shape);
	}
}
