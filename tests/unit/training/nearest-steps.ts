import type { NetworkDescription } from '../../../src/lib/core/network/description';
import { largeKernels, levelOf, stepsOf, type SteppedKernels } from '../../../training/lib/steps';

/** The large kernels of a network with each weight rounded to the nearest step. */
export function inNearestSteps(network: NetworkDescription, coarseness: number): SteppedKernels {
	return new Map(
		largeKernels(network).map((place) => {
			const kernel = network.weights[place] ?? { shape: [], values: new Float32Array() };
			const steps = stepsOf(kernel, coarseness);
			const levels = Int8Array.from(kernel.values, (value, index) => levelOf(value, steps[index % steps.length] ?? 1));
			return [place, { levels, steps }];
		})
	);
}
