/** The face detectors that ship, in Node, as the photo page uses them. */
import * as tf from '@tensorflow/tfjs';
import path from 'node:path';
import {
	blazefaceAnchors,
	decodeFaces,
	FULL_RANGE,
	SHORT_RANGE,
	type BlazefaceLayout
} from '../../src/lib/core/blazeface';
import { letterboxInput } from '../../src/lib/core/preprocess';
import { STILL_LIMITS, thoroughDetector } from '../../src/lib/core/tiles';
import type { FaceDetector } from '../../src/lib/core/types';
import { detectorHandler, DETECTORS } from './detector';

const LIMITS = { minConfidence: 0.5, maxFaces: STILL_LIMITS.maxFaces };

/** The detector of the photo page: near and far, all places of the picture looked at. Throws UserError where it is missing. */
export async function loadStillDetector(modelsDir: string): Promise<FaceDetector> {
	const load = async (folder: string, layout: BlazefaceLayout) =>
		createDetector(await tf.loadGraphModel(detectorHandler(path.join(modelsDir, folder))), layout);
	const near = await load(DETECTORS.short.folder, SHORT_RANGE);
	const far = await load(DETECTORS.full.folder, FULL_RANGE);
	return thoroughDetector({ near, far }, STILL_LIMITS);
}

function createDetector(model: tf.GraphModel, layout: BlazefaceLayout): FaceDetector {
	const { size, range } = layout;
	const anchors = blazefaceAnchors(layout);
	return {
		async detect(frame, { region, minConfidence = LIMITS.minConfidence } = {}) {
			const { data, transform } = letterboxInput(frame, size, range, region);
			const output = tf.tidy(() => model.predict(tf.tensor4d(data, [1, size, size, 3])) as tf.Tensor);
			const raw = await output.data<'float32'>();
			output.dispose();
			return decodeFaces(raw, transform, { ...LIMITS, minConfidence }, anchors);
		}
	};
}
