/** A trained network that ends in a softmax, as a Classifier. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { calibrate } from '../core/calibration';
import type { NetworkDescription } from '../core/network/description';
import type { Classifier, Scores } from '../core/types';
import type { ModelEntry } from '../manifest';
import { buildNetwork } from './build-network';

export interface LoadedClassifier extends Classifier {
	/** Output for one blank face, [1, labels]; the caller disposes it. For compiling ahead. */
	runBlank(): Tensor;
	dispose(): void;
}

/** Builds the network on the current back end. Throws AppError 'model-invalid' if it does not match its entry. */
export function buildClassifier(entry: ModelEntry, description: NetworkDescription): LoadedClassifier {
	const { size, channels } = entry.input;
	const network = buildNetwork(entry.id, description, [size, size, channels], [entry.labels.length]);
	return {
		id: entry.id,
		labels: entry.labels,
		input: entry.input,
		async classify(batch, count) {
			if (count === 0) return [];
			return rows(await network.predict(batch, count), count).map((scores) => calibrate(scores, entry));
		},
		runBlank: () => network.run(new Float32Array(size * size * channels), 1),
		dispose: () => {
			network.dispose();
		}
	};
}

function rows(values: ArrayLike<number>, count: number): Scores[] {
	const width = values.length / count;
	const flat = Array.from(values);
	return Array.from({ length: count }, (_, row) => flat.slice(row * width, (row + 1) * width));
}
