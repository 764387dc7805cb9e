/** A larger network of Mien's kind, for photos: five times the work, as the picture is first halved after the stem. */
import { FER2013_LEAST_CONTRAST } from '../../src/lib/core/contrast';
import type { ModelDefinition } from './definition';
import { residualNetwork } from './residual';
import { threeStages } from './three-stages';

export const mienLarge: ModelDefinition = {
	id: 'mien-large',
	title: 'Mien large',
	purpose: 'more careful',
	input: { size: 48, channels: 1, range: [-1, 1] },
	leastContrast: FER2013_LEAST_CONTRAST,
	recipes: threeStages([
		[64, 2],
		[128, 3],
		[256, 2]
	]),
	build: (labels, recipe) => residualNetwork(labels, recipe, { kernelSize: 3, strides: 1 })
};
