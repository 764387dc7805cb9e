/** The face detectors that ship, in Node, as the photo page uses them. */
import path from 'node:path';
import {
	blazefaceAnchors,
	decodeFaces,
	FULL_RANGE,
	SHORT_RANGE,
	type BlazefaceLayout
} from '../../src/lib/core/blazeface';
import type { Network } from '../../src/lib/core/network/network';
import { letterboxInput } from '../../src/lib/core/preprocess';
import { STILL_LIMITS, thoroughDetector } from '../../src/lib/core/tiles';
import type { FaceDetector } from '../../src/lib/core/types';
import { DETECTORS, loadDetectorNetwork } from './detector';

const LIMITS = { minConfidence: 0.5, maxFaces: STILL_LIMITS.maxFaces };

/** The detector of the photo page: near and far, all places of the picture looked at. Throws UserError where it is missing. */
export function loadStillDetector(modelsDir: string): FaceDetector {
	const load = (folder: string, layout: BlazefaceLayout): FaceDetector =>
		createDetector(loadDetectorNetwork(path.join(modelsDir, folder)), layout);
	const near = load(DETECTORS.short.folder, SHORT_RANGE);
	const far = load(DETECTORS.full.folder, FULL_RANGE);
	return thoroughDetector({ near, far }, STILL_LIMITS);
}

function createDetector(network: Network, layout: BlazefaceLayout): FaceDetector {
	const { size, range } = layout;
	const anchors = blazefaceAnchors(layout);
	return {
		async detect(frame, { region, minConfidence = LIMITS.minConfidence } = {}) {
			const { data, transform } = letterboxInput(frame, size, range, region);
			return decodeFaces(await network.predict(data, 1), transform, { ...LIMITS, minConfidence }, anchors);
		}
	};
}
