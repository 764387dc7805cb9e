/** BlazeFace from its file. */
import { getBackend, type Tensor } from '@tensorflow/tfjs-core';
import { blazefaceAnchors, BLAZEFACE_VALUES, FULL_RANGE, SHORT_RANGE, type DetectionLimits } from '../core/blazeface';
import { blazefaceDetector } from '../core/blazeface-detector';
import type { NetworkDescription } from '../core/network/description';
import type { FaceDetector } from '../core/types';
import { AppError } from '../errors';
import type { DetectorEntry } from '../manifest';
import { buildNetwork } from './build-network';
import { STEADY_BACKENDS } from './compile';

const LAYOUTS = [SHORT_RANGE, FULL_RANGE];

export interface LoadedDetector extends FaceDetector {
	/** Output for a blank picture, [1, anchors, 17]; the caller disposes it. For compiling ahead. */
	runBlank(): Tensor;
}

/** Builds the detector on the current back end. Throws AppError 'model-invalid' if it does not match its entry. */
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
	const { size } = layout;
	const shape = [blazefaceAnchors(layout).length, BLAZEFACE_VALUES];
	const network = buildNetwork(entry.id, description, [size, size, 3], shape);
	return {
		...blazefaceDetector(network, layout, limits, STEADY_BACKENDS.has(getBackend())),
		runBlank: () => network.run(new Float32Array(size * size * 3), 1)
	};
}
