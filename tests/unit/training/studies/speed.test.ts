import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { flopsPerPicture } from '../../../../training/studies/speed';

it('the operations of a training step are counted from the shapes of the layers', () => {
	const network = tf.sequential({
		layers: [
			tf.layers.conv2d({ inputShape: [10, 10, 2], filters: 4, kernelSize: 3 }),
			tf.layers.flatten(),
			tf.layers.dense({ units: 5 })
		]
	});
	const [convolution, dense] = [8 * 8 * 3 * 3 * 2 * 4, 8 * 8 * 4 * 5];
	// The first layer's input needs no gradient.
	expect(flopsPerPicture(network)).toBe(2 * (2 * convolution + 3 * dense));
});
