/** How fast the trainer is: whole steps, with augmentation, gradients and optimizer, on pictures of noise. */
import type * as tf from '@tensorflow/tfjs';
import { FER2013_LABELS, FER2013_SIDE } from '../../src/lib/core/fer2013';
import type { TrainingBackend } from '../backend/index';
import type { Recipe } from '../models/recipe';
import { allocate, type Dataset } from '../data/dataset';
import { foldForInference } from '../models/fold-batch-norm';
import { multiplyAddsOf } from '../lib/multiply-adds';
import type { ModelDefinition } from '../models/definition';
import { createRandom } from '../lib/random';
import { startReplicas } from '../loop/replica-group';

export interface Speed {
	readonly imagesPerSecond: number;
	/** Forward and backward, counted from the layers' shapes; normalisation, pooling and the optimizer count as nothing. */
	readonly gigaflopsPerSecond: number;
	readonly batchSize: number;
	readonly replicas: number;
}

/**
 * Floating-point operations of one training step per picture, of the layers as shipped: two per multiply-add, once
 * forward, once for the gradient of the weights, and once for that of the input, which the first layer does not need.
 */
export function flopsPerPicture(network: tf.LayersModel): number {
	const [first = 0, ...others] = network.layers.map(multiplyAddsOf).filter((count) => count > 0);
	return 2 * (2 * first + 3 * others.reduce((a, b) => a + b, 0));
}

function noise(n: number): Dataset {
	const random = createRandom(1);
	const dataset = allocate(n);
	for (let i = 0; i < dataset.pixels.length; i++) dataset.pixels[i] = Math.floor(random() * 256);
	for (let row = 0; row < n; row++) dataset.labels[row] = row % FER2013_LABELS.length;
	return dataset;
}

/** Trains `definition` at 48 pixels for at least one step and about `seconds`, after one step that is not counted. */
export async function measureSpeed(
	definition: ModelDefinition,
	backend: TrainingBackend,
	{ batchSize, replicas, seconds }: { batchSize: number; replicas: number; seconds: number },
	now: () => number
): Promise<Speed> {
	const recipe: Recipe = {
		...definition.recipes[0],
		pooled: false,
		batchSize,
		epochs: 1000,
		sizes: [{ fromEpoch: 0, size: FER2013_SIDE }]
	};
	const dataset = noise(4 * batchSize);
	const rows = Uint32Array.from({ length: dataset.n }, (_, row) => row);
	const labels = FER2013_LABELS.length;
	const group = await startReplicas({ definition, recipe, labels, dataset, rows, backend, replicas });
	try {
		const network = definition.build(labels, recipe);
		const { size, channels } = definition.input;
		const folded = foldForInference(network, size, channels);
		const flops = flopsPerPicture(folded);
		network.dispose();
		folded.dispose();
		let step = await group.run(0, 1, () => undefined);
		const start = now();
		const end = start + seconds * 1000;
		do step = await group.run(step, step + 1, () => undefined);
		while (now() < end);
		const imagesPerSecond = ((step - 1) * batchSize * 1000) / (now() - start);
		return { imagesPerSecond, gigaflopsPerSecond: (imagesPerSecond * flops) / 1e9, batchSize, replicas };
	} finally {
		await group.close();
	}
}
