/** Which networks read a film: what an export must say about where its numbers come from. */
import { mirroredId, type DetectorEntry, type Manifest, type ModelEntry } from '../../manifest';
import type { ShownModel } from '../session.svelte';
import type { UsedModel, UsedNetwork } from './record';

function networkOf({ id, title, sha256, trained: { date, commit } }: ModelEntry): UsedNetwork {
	return { id, title, sha256, trained: { date, commit } };
}

function detectorOf({ id, title, sha256 }: DetectorEntry): UsedNetwork {
	return { id, title, sha256, trained: null };
}

/** The models that read the film, with the networks that they run. */
export function usedModels({ models }: Manifest, shown: readonly ShownModel[]): UsedModel[] {
	return shown.map(({ id, title, labels, priorRatio }) => {
		const networks = models.filter((each) => [each.id, mirroredId(each.id)].includes(id)).map(networkOf);
		return { id, title, labels, priorRatio, networks };
	});
}

/** `searched`: whether the film was also searched for small faces. */
export function usedDetectors({ detector, farDetector }: Manifest, searched: boolean): UsedNetwork[] {
	return [detector, ...(searched ? [farDetector] : [])].map(detectorOf);
}
