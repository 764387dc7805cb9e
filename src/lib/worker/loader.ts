/** Loads models until they are ready to run: fetches, checks, builds and compiles them, and reports progress. */
import { getBackend, type Tensor } from '@tensorflow/tfjs-core';
import type { DetectionLimits } from '../core/blazeface';
import { parseManifest, type DetectorEntry, type Manifest, type ModelEntry } from '../manifest';
import type { FromWorker } from '../protocol';
import { buildClassifier, type LoadedClassifier } from './classifier';
import { STEADY_BACKENDS, warmUp } from './compile';
import { buildDetector, type LoadedDetector } from './detector';
import { fetchBytes, parseJson } from './fetch-file';
import { fetchModel } from './model-files';

type Progress = Extract<FromWorker, { type: 'progress' }>;
type Tell = (progress: Progress) => void;

/** Runs tasks one after another: while programs compile, nothing else may use the back end. */
export type Exclusively = <T>(task: () => Promise<T>) => Promise<T>;

/** Throws AppError 'manifest-unreachable' or 'manifest-invalid'. */
export async function fetchManifest(url: string): Promise<Manifest> {
	const bytes = await fetchBytes(url, { unreachable: 'manifest-unreachable' });
	return parseManifest(parseJson(bytes, url, 'manifest-invalid'));
}

/** A detector, ready to run. Throws AppError 'model-unreachable' or 'model-invalid'. */
export async function loadDetector(
	entry: DetectorEntry,
	manifestUrl: string,
	limits: DetectionLimits,
	{ tell, exclusively }: { tell: Tell; exclusively: Exclusively }
): Promise<LoadedDetector> {
	const network = await fetchModel(entry, manifestUrl, countBytes('detector', entry.bytes, tell));
	return compiled(() => buildDetector(entry, network, limits), { tell, exclusively });
}

/** A classifier, ready to run. Throws AppError 'model-unreachable' or 'model-invalid'. */
export async function loadClassifier(
	entry: ModelEntry,
	manifestUrl: string,
	{ tell, exclusively }: { tell: Tell; exclusively: Exclusively }
): Promise<LoadedClassifier> {
	const network = await fetchModel(entry, manifestUrl, countBytes('model', entry.bytes, tell));
	return compiled(() => buildClassifier(entry, network), { tell, exclusively });
}

/** The result of `build`, warmed up if the back end compiles, once it has nothing else to do. */
function compiled<T extends { runBlank(): Tensor }>(
	build: () => T,
	{ tell, exclusively }: { tell: Tell; exclusively: Exclusively }
): Promise<T> {
	return exclusively(async () => {
		tell({ type: 'progress', stage: 'compile', loaded: 0, total: 1 });
		const built = build();
		if (!STEADY_BACKENDS.has(getBackend())) await warmUp(getBackend(), () => built.runBlank());
		tell({ type: 'progress', stage: 'compile', loaded: 1, total: 1 });
		return built;
	});
}

/** There are many small pieces, and the page redraws its bar with each message. */
const TOLD_SHARE = 0.05;

function countBytes(stage: Progress['stage'], total: number, tell: Tell): (bytes: number) => void {
	let loaded = 0;
	let told = 0;
	return (bytes) => {
		loaded += bytes;
		if (loaded < total && loaded - told < TOLD_SHARE * total) return;
		told = loaded;
		tell({ type: 'progress', stage, loaded: Math.min(loaded, total), total });
	};
}
