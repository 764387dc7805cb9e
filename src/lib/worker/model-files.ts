/** A model's files: fetched once, checked against the manifest, handed to tfjs as a whole. */
import { io } from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { AppError } from '../errors';
import type { DetectorEntry, ModelEntry } from '../manifest';
import { concatenate, fetchBytes, parseJson } from './fetch-file';
import { sha256 } from './sha256';

const modelJson = v.looseObject({
	modelTopology: v.looseObject({}),
	weightsManifest: v.array(
		v.object({ paths: v.array(v.string()), weights: v.array(v.looseObject({ name: v.string() })) })
	)
});

/**
 * model.json and weights of an entry. `onBytes` is told the bytes of every piece that arrives. Throws AppError
 * 'model-unreachable' where a file cannot be had, 'model-invalid' where one is not what the manifest describes.
 */
export async function fetchModel(
	entry: ModelEntry | DetectorEntry,
	manifestUrl: string,
	onBytes: (bytes: number) => void
): Promise<io.ModelArtifacts> {
	const url = new URL(entry.url, manifestUrl).href;
	const options = { unreachable: 'model-unreachable', onBytes } as const;
	const json = parseJson(await fetchBytes(url, options), url, 'model-invalid');
	const parsed = v.safeParse(modelJson, json);
	if (!parsed.success) throw new AppError('model-invalid', `${url}: ${v.summarize(parsed.issues)}`);
	const paths = parsed.output.weightsManifest.flatMap((group) => group.paths);
	const shards = await Promise.all(paths.map((path) => fetchBytes(new URL(path, url).href, options)));
	const weights = concatenate(shards);
	const found = await sha256(weights);
	if (found !== entry.sha256) {
		throw new AppError('model-invalid', `${url}: expected weights of SHA-256 ${entry.sha256} but found ${found}`);
	}
	// What was not checked here (topology, shapes) is for tfjs to judge, when it builds the model.
	const model = json as io.ModelJSON;
	return io.getModelArtifactsForJSONSync(model, io.getWeightSpecs(model.weightsManifest), weights.buffer);
}
