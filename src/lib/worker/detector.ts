/** BlazeFace as a FaceDetector. The package loads it; its own `estimateFaces` reads synchronously, so is not used. */
import { load } from '@tensorflow-models/blazeface';
import { GraphModel } from '@tensorflow/tfjs-converter';
import { io, Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { blazefaceAnchors, decodeFaces, FULL_RANGE, SHORT_RANGE, type DetectionLimits } from '../core/blazeface';
import { letterboxInput } from '../core/preprocess';
import type { FaceDetector } from '../core/types';
import { AppError } from '../errors';
import type { DetectorEntry } from '../manifest';

const LAYOUTS = [SHORT_RANGE, FULL_RANGE];

export interface LoadedDetector extends FaceDetector {
	/** Output for a blank picture, [1, anchors, 17]; the caller disposes it. For compiling ahead. */
	runBlank(): Tensor;
}

/** Builds the detector on the current back end. Throws AppError 'model-invalid' where it does not fit its entry. */
export async function buildDetector(
	entry: DetectorEntry,
	artifacts: io.ModelArtifacts,
	limits: DetectionLimits
): Promise<LoadedDetector> {
	const model = await loadModel(entry, artifacts);
	const layout = LAYOUTS.find((each) => each.size === entry.inputSize);
	if (layout === undefined) {
		const sizes = LAYOUTS.map((each) => each.size).join(' or ');
		throw new AppError('model-invalid', `${entry.id}: expected inputs of ${sizes} pixels, not ${entry.inputSize}`);
	}
	const { size, range } = layout;
	const anchors = blazefaceAnchors(layout);
	const run = (input: Float32Array): Tensor =>
		tidy(() => {
			const output = model.predict(tensor4d(input, [1, size, size, 3]));
			if (output instanceof Tensor) return output;
			throw new Error('The detector has more than one output');
		});
	return {
		async detect(frame, { region, minConfidence = limits.minConfidence } = {}) {
			const { data, transform } = letterboxInput(frame, size, range, region);
			const output = run(data);
			try {
				return decodeFaces(Float32Array.from(await output.data()), transform, { ...limits, minConfidence }, anchors);
			} finally {
				output.dispose();
			}
		},
		runBlank: () => run(new Float32Array(size * size * 3))
	};
}

async function loadModel(entry: DetectorEntry, artifacts: io.ModelArtifacts): Promise<GraphModel> {
	try {
		const detector: object = await load({ modelUrl: io.fromMemory(artifacts) });
		// The network itself is a private field of the package's class: checked here, as no type can promise it.
		if ('blazeFaceModel' in detector && detector.blazeFaceModel instanceof GraphModel) return detector.blazeFaceModel;
		throw new Error('@tensorflow-models/blazeface has no field "blazeFaceModel"');
	} catch (error) {
		throw new AppError('model-invalid', `${entry.id}: ${String(error)}`, error);
	}
}
