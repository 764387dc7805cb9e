/** BlazeFace as a FaceDetector. */
import type { Tensor } from '@tensorflow/tfjs-core';
import {
	blazefaceAnchors,
	BLAZEFACE_VALUES,
	decodeFaces,
	FULL_RANGE,
	SHORT_RANGE,
	type DetectionLimits
} from '../core/blazeface';
import type { NetworkDescription } from '../core/network/description';
import { letterboxInput } from '../core/preprocess';
import type { FaceDetector } from '../core/types';
import { AppError } from '../errors';
import type { DetectorEntry } from '../manifest';
import { buildNetwork } from './build-network';

const LAYOUTS = [SHORT_RANGE, FULL_RANGE];

export interface LoadedDetector extends FaceDetector {
	/** Output for a blank picture, [1, anchors, 17]; the caller disposes it. For compiling ahead. */
	runBlank(): Tensor;
}

/** Builds the detector on the current back end. Throws AppError 'model-invalid' where it does not fit its entry. */
export function buildDetector(
	entry: DetectorEntry,
	description: NetworkDescription,
	limits: DetectionLimits
): LoadedDetector {
	const layout = LAYOUTS.find((each) => each.size === entry.inputSize);
	if (layout === undefined) {
		const sizes = LAYOUTS.map((each) => each.size).join(' or ');
		throw new AppError('model-invalid', `${entry.id}: expected inputs of ${sizes} pixels, not ${entry.inputSize}`);
	}
	const { size, range } = layout;
	const anchors = blazefaceAnchors(layout);
	const network = buildNetwork(entry.id, description, [size, size, 3], [anchors.length, BLAZEFACE_VALUES]);
	return {
		async detect(frame, { region, minConfidence = limits.minConfidence } = {}) {
			const { data, transform } = letterboxInput(frame, size, range, region);
			return decodeFaces(await network.predict(data, 1), transform, { ...limits, minConfidence }, anchors);
		},
		runBlank: () => network.run(new Float32Array(size * size * 3), 1)
	};
}
