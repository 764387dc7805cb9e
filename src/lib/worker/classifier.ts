/** A trained network (tfjs layers format, softmax at its end) as a Classifier. */
import { io, tensor4d, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { calibrate } from '../core/calibration';
import type { Classifier, Scores } from '../core/types';
import { AppError } from '../errors';
import type { ModelEntry } from '../manifest';

export interface LoadedClassifier extends Classifier {
	/** Output of one blank face, [1, labels]; the caller disposes it. For compiling ahead. */
	runBlank(): Tensor;
	dispose(): void;
}

/** Builds the network on the current back end. Throws AppError 'model-invalid' where it does not fit its entry. */
export async function buildClassifier(entry: ModelEntry, artifacts: io.ModelArtifacts): Promise<LoadedClassifier> {
	const model = await loadModel(entry, artifacts);
	const { size, channels } = entry.input;
	const run = (batch: Float32Array, count: number): Tensor =>
		tidy(() => single(model.predictOnBatch(tensor4d(batch, [count, size, size, channels]))));
	return {
		id: entry.id,
		labels: entry.labels,
		input: entry.input,
		async classify(batch, count) {
			if (count === 0) return [];
			const output = run(batch, count);
			try {
				return rows(await output.data(), count).map((scores) => calibrate(scores, entry));
			} finally {
				output.dispose();
			}
		},
		runBlank: () => run(new Float32Array(size * size * channels), 1),
		dispose: () => {
			model.dispose();
		}
	};
}

async function loadModel(entry: ModelEntry, artifacts: io.ModelArtifacts): Promise<LayersModel> {
	let model: LayersModel;
	try {
		model = await loadLayersModel(io.fromMemory(artifacts));
	} catch (error) {
		throw new AppError('model-invalid', `${entry.id}: ${String(error)}`, error);
	}
	const { size, channels } = entry.input;
	const found = `${shapeOf(model.inputs)} to ${shapeOf(model.outputs)}`;
	const expected = `[null,${size},${size},${channels}] to [null,${entry.labels.length}]`;
	if (found === expected) return model;
	model.dispose();
	throw new AppError('model-invalid', `${entry.id}: expected a model from ${expected} but found ${found}`);
}

function shapeOf(tensors: readonly { readonly shape: readonly (number | null)[] }[]): string {
	return tensors.map(({ shape }) => JSON.stringify(shape)).join(', ');
}

function single(output: Tensor | Tensor[]): Tensor {
	if (Array.isArray(output)) throw new Error('The model has more than one output');
	return output;
}

function rows(values: ArrayLike<number>, count: number): Scores[] {
	const width = values.length / count;
	const flat = Array.from(values);
	return Array.from({ length: count }, (_, row) => flat.slice(row * width, (row + 1) * width));
}
