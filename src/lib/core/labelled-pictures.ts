/** How pictures with labels are read for figures, by the page's benchmark and by the trainer. */
import type { AnalysisSettings } from './analyse';
import { VIEWS } from './crop';

/** Pictures up to this size are taken for cropped faces, unless the user says what they are. */
export const CROP_SIDE_PX = 64;

/** For the others: as the photo page starts; of several faces the largest counts. */
export const LARGEST_FACE: AnalysisSettings = {
	minConfidence: 0.5,
	maxFaces: 1,
	smoothingMs: 0,
	timeMs: 0,
	still: true,
	readMs: 0,
	views: VIEWS.photo
};
