import type { CropSpec, Use } from './types';

/**
 * The square that FER2013's pictures show around the face, and so what a classifier trained on them must be shown.
 * Medians of training/studies/crop-survey.ts over 4,000 training pictures. Half of them lie within scale 1.07 to 1.29,
 * shift x -0.03 to 0.03 and shift y -0.11 to -0.03. Their eyes are not level: half lie between -6 and 5 degrees, and
 * 15.5 % beyond 15. So only the part of a lean beyond 15 degrees is turned back (npm run study -- crop-trial). The
 * shift along the eyes is the same, so one value works with and without alignment.
 */
export const FER2013_CROP: CropSpec = { scale: 1.17, shift: [0, -0.075], align: true, tilt: 15 };

/**
 * The squares that each face is read in, as factors of the crop's side. Photos and films are read in two, as a wider one
 * shows slight smiles and anger more often for what they are (training/EXPERIMENTS.md); live there is no time for it.
 */
export const VIEWS: Readonly<Record<Use, readonly number[]>> = { photo: [1, 1.2], live: [1] };
