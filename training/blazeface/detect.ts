/** The face detectors that ship, in Node, as the photo page uses them. */
import path from 'node:path';
import { FULL_RANGE, SHORT_RANGE, type BlazefaceLayout } from '../../src/lib/core/blazeface';
import { blazefaceDetector } from '../../src/lib/core/blazeface-detector';
import { thoroughDetector } from '../../src/lib/core/still';
import { STILL_LIMITS } from '../../src/lib/core/tiles';
import { inAnyTurn } from '../../src/lib/core/turned';
import type { FaceDetector } from '../../src/lib/core/types';
import { DETECTORS, loadDetectorNetwork } from './detector';

const LIMITS = { minConfidence: 0.5, maxFaces: STILL_LIMITS.maxFaces };

/** The detector of the photo page: near and far, searching the whole picture. Throws UserError if it is missing. */
export function loadStillDetector(modelsDir: string): FaceDetector {
	const load = (folder: string, layout: BlazefaceLayout): FaceDetector =>
		blazefaceDetector(loadDetectorNetwork(path.join(modelsDir, folder)), layout, LIMITS, true);
	const near = load(DETECTORS.short.folder, SHORT_RANGE);
	const far = load(DETECTORS.full.folder, FULL_RANGE);
	return inAnyTurn(thoroughDetector({ near, far }, STILL_LIMITS), near);
}
