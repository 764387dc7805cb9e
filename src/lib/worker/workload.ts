/** A frame's worth of work: shaped like the detector and a compact classifier, so that back ends can be compared. */
import * as tf from '@tensorflow/tfjs-core';
import { warmUp } from './compile';

const RUNS = 4;
/** On a slow back end fewer runs must do. */
const ENOUGH_MS = 120;

/**
 * Milliseconds of the fastest of a few runs on the current back end, after one that compiles. Throws the reason of
 * `signal` where that aborts. Leaves no tensor behind.
 */
export async function measureWorkload(now: () => number, signal: AbortSignal): Promise<number> {
	const weights = createWeights();
	const runs = [() => tf.tidy(() => detectorLike(weights)), () => tf.tidy(() => classifierLike(weights))];
	try {
		for (const run of runs) {
			await warmUp(tf.getBackend(), run);
			signal.throwIfAborted();
		}
		const times: number[] = [];
		const startMs = now();
		while (times.length < RUNS && (times.length === 0 || now() - startMs < ENOUGH_MS)) {
			const runStartMs = now();
			for (const run of runs) {
				const output = run();
				// Reading is part of the work: on a GPU it is where the waiting happens.
				await output.data().finally(() => {
					output.dispose();
				});
				signal.throwIfAborted();
			}
			times.push(now() - runStartMs);
		}
		return Math.min(...times);
	} finally {
		tf.dispose(weights);
	}
}

type Weights = ReturnType<typeof createWeights>;

function createWeights() {
	const kernel = (shape: [number, number, number, number]): tf.Tensor4D => tf.fill<tf.Rank.R4>(shape, 0.01);
	return {
		picture: tf.fill<tf.Rank.R4>([1, 128, 128, 3], 0.5),
		stem: kernel([5, 5, 3, 28]),
		depthwise: kernel([3, 3, 28, 1]),
		pointwise: kernel([1, 1, 28, 28]),
		head: kernel([1, 1, 28, 34]),
		face: tf.fill<tf.Rank.R4>([1, 48, 48, 1], 0.5),
		first: kernel([3, 3, 1, 32]),
		second: kernel([3, 3, 32, 64]),
		third: kernel([3, 3, 64, 64]),
		fourth: kernel([3, 3, 64, 128]),
		dense: tf.fill<tf.Rank.R2>([128, 7], 0.01)
	};
}

/** BlazeFace's pattern: depthwise and pointwise convolutions with a shortcut; 16 million multiply-adds. */
function detectorLike({ picture, stem, depthwise, pointwise, head }: Weights): tf.Tensor {
	let x: tf.Tensor4D = tf.relu(tf.conv2d(picture, stem, 2, 'same'));
	for (let block = 0; block < 4; block++) {
		x = tf.relu(tf.add(x, tf.conv2d(tf.depthwiseConv2d(x, depthwise, 1, 'same'), pointwise, 1, 'same')));
	}
	x = tf.maxPool(x, 2, 2, 'same');
	for (let block = 0; block < 8; block++) {
		x = tf.relu(tf.add(x, tf.conv2d(tf.depthwiseConv2d(x, depthwise, 1, 'same'), pointwise, 1, 'same')));
	}
	return tf.conv2d(x, head, 2, 'same');
}

/** Four convolutions with pooling, the mean of each channel and a softmax; 43 million multiply-adds. */
function classifierLike({ face, first, second, third, fourth, dense }: Weights): tf.Tensor {
	let x: tf.Tensor4D = tf.maxPool(tf.relu(tf.conv2d(face, first, 1, 'same')), 2, 2, 'same');
	x = tf.relu(tf.conv2d(x, second, 1, 'same'));
	x = tf.maxPool(tf.relu(tf.conv2d(x, third, 1, 'same')), 2, 2, 'same');
	x = tf.relu(tf.conv2d(x, fourth, 1, 'same'));
	return tf.softmax(tf.matMul(tf.mean(x, [1, 2]), dense));
}
