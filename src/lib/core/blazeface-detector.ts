/** BlazeFace as a FaceDetector, in a worker or in Node. */
import { blazefaceAnchors, decodeFaces, type BlazefaceLayout, type DetectionLimits } from './blazeface';
import type { Network } from './network/network';
import { letterboxInput, regionInput } from './preprocess';
import type { FaceDetector } from './types';

/** Wraps a network of this layout as a detector. `anySize`: see FaceDetector; depends on the back end. */
export function blazefaceDetector(
	network: Pick<Network, 'predict'>,
	layout: BlazefaceLayout,
	limits: DetectionLimits,
	anySize: boolean
): FaceDetector {
	const { size, range } = layout;
	const anchors = blazefaceAnchors(layout);
	return {
		anySize,
		async detect(frame, { region, minConfidence = limits.minConfidence, scale } = {}) {
			if (scale !== undefined && region !== undefined) {
				const { data, width, height, transform } = regionInput(frame, scale, range, region);
				const raw = await network.predict(data, 1, [height, width]);
				// As many faces per area as for inputs of the network's own size.
				const maxFaces = Math.ceil((limits.maxFaces * width * height) / size ** 2);
				return decodeFaces(raw, transform, { maxFaces, minConfidence }, blazefaceAnchors(layout, width, height));
			}
			const { data, transform } = letterboxInput(frame, size, range, region);
			return decodeFaces(await network.predict(data, 1), transform, { ...limits, minConfidence }, anchors);
		}
	};
}
