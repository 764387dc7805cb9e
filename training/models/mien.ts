/** Mien's own classifier: a small residual network over a stem of 5x5 pixels that halves the picture at once. */
import { FER2013_LEAST_CONTRAST } from '../../src/lib/core/contrast';
import type { ModelDefinition } from './definition';
import { MIEN_RECIPES } from './mien-recipes';
import { residualNetwork } from './residual';

export const mien: ModelDefinition = {
	id: 'mien',
	title: 'Mien',
	purpose: 'fast',
	input: { size: 48, channels: 1, range: [-1, 1] },
	leastContrast: FER2013_LEAST_CONTRAST,
	recipes: MIEN_RECIPES,
	build: (labels, recipe) => residualNetwork(labels, recipe, { kernelSize: 5, strides: 2 })
};
