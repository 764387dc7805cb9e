/** Mien's own classifier: a small residual network on a 5x5 stem that halves the picture at once. */
import { FER2013_LEAST_CONTRAST } from '../../src/lib/core/contrast';
import type { ModelDefinition } from './definition';
import { residualNetwork } from './residual';
import { threeStages } from './three-stages';

export const mien: ModelDefinition = {
	id: 'mien',
	title: 'Mien',
	purpose: 'fast',
	input: { size: 48, channels: 1, range: [-1, 1] },
	leastContrast: FER2013_LEAST_CONTRAST,
	recipes: threeStages([
		[72, 2],
		[128, 2],
		[256, 1]
	]),
	build: (labels, recipe) => residualNetwork(labels, recipe, { kernelSize: 5, strides: 2 })
};
