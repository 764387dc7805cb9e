import * as tf from '@tensorflow/tfjs';
import { BATCH_NORM_KERNEL, hasKernel, MOVE_KERNEL, moveInPlace, runKernel } from '../backend/extra-kernels';
import { onlyInput, type Kwargs, type LayerVariable } from './custom-layer';

/** What batch normalisation adds to a variance. */
const BATCH_NORM_EPSILON = 1e-3;
/** Weight of the old values in the moving statistics. */
const MOMENTUM = 0.9;

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
				const gradient = dy as tf.Tensor4D;
				const mean = channelMeans(gradient);
				const product = channelMeans(tf.mul(gradient, unit));
				const centred = tf.sub(tf.sub(gradient, mean), tf.mul(unit, product));
				const count = n * height * width;
				return [tf.mul(centred, tf.mul(factor, inverse)), tf.mul(product, count), tf.mul(mean, count)];
			}
		};
	});
	return operation(x, gamma, beta) as tf.Tensor4D;
}

/** Batch normalisation of the channels of [n, h, w, c], with a fused gradient. */
export class BatchNorm extends tf.layers.Layer {
	static readonly className = 'MienBatchNorm';
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
		const x = onlyInput(inputs) as tf.Tensor4D;
		if (kwargs['training'] !== true) {
			const { scale, offset } = this.affine();
			return tf.add(tf.mul(x, scale), offset);
		}
		if (hasKernel(BATCH_NORM_KERNEL)) {
			const inputs = { x, gamma: this.gamma.read(), beta: this.beta.read() };
			const outputs = runKernel(BATCH_NORM_KERNEL, inputs, { epsilon: BATCH_NORM_EPSILON });
			const [y, mean, variance] = outputs as [tf.Tensor4D, tf.Tensor, tf.Tensor];
			this.moveStatistics(mean, variance);
			return y;
		}
		const [mean, variance] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
			const average = channelMeans(x);
			return [average, channelMeans(tf.square(tf.sub(x, average)))];
		});
		this.moveStatistics(mean, variance);
		return normalise(x, this.gamma.read(), this.beta.read(), mean, variance);
	}

	/** At inference the layer is `x * scale + offset`, [c] each; the caller disposes both. */
	affine(): { scale: tf.Tensor; offset: tf.Tensor } {
		const [scale, offset] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
			const factor = tf.mul(this.gamma.read(), tf.rsqrt(tf.add(this.movingVariance.read(), BATCH_NORM_EPSILON)));
			return [factor, tf.sub(this.beta.read(), tf.mul(this.movingMean.read(), factor))];
		});
		return { scale, offset };
	}

	/** Moves the moving statistics a little towards those of a batch. */
	private moveStatistics(mean: tf.Tensor, variance: tf.Tensor): void {
		const moves = [
			{ moving: this.movingMean, towards: mean },
			{ moving: this.movingVariance, towards: variance }
		];
		if (hasKernel(MOVE_KERNEL)) {
			moveInPlace(
				moves.map(({ moving, towards }) => ({ target: moving.read(), towards })),
				MOMENTUM
			);
			return;
		}
		tf.tidy(() => {
			for (const { moving, towards } of moves)
				moving.write(tf.add(tf.mul(moving.read(), MOMENTUM), tf.mul(towards, 1 - MOMENTUM)));
		});
	}
}
