import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../lib/random';
import { onlyInput, type Kwargs, type LayerArgs } from './custom-layer';

/** The number of different masks that a dropout can draw. */
const BANK_WINDOWS = 1 << 20;
const BANK_KEY = 7;

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
		const x = onlyInput(inputs);
		if (kwargs['training'] !== true || this.rate === 0) return x;
		return tf.mul(x, this.mask(x));
	}

	/** Drawing masks one by one would slow training down: the keys choose a window of a bank of them instead. */
	private mask(x: tf.Tensor): tf.Tensor {
		const needed = x.size + BANK_WINDOWS;
		if (!this.bank || this.bank.size < needed) {
			this.bank?.dispose();
			// A longer bank begins like a shorter one, so that a resumed run finds the same numbers.
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
