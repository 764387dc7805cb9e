import { sha256 } from '../lib/files';
import type { ModelDefinition } from '../models/definition';
import type { Recipe } from '../models/recipe';
import type { TaughtDataset } from './live-teacher';

interface Fingerprinted {
	readonly definition: ModelDefinition;
	readonly recipe: Recipe;
	readonly dataset: TaughtDataset;
	readonly replicas: number;
	readonly pretrained?: { readonly sha256: string };
}

/** A run resumes only with the same model, recipe, data, pretrained weights and number of replicas. */
export function fingerprintOf({ definition, recipe, dataset, replicas, pretrained }: Fingerprinted): string {
	const { labels, usage, pixels, softLabels, sharedLabels, faceApi, teacher, excluded } = dataset;
	const soft = [softLabels, sharedLabels, faceApi].flatMap((values) => (values ? [bytesOf(values)] : []));
	const weights = teacher?.weights.map(({ values }) => bytesOf(values)) ?? [];
	const parts = [...weights, labels, usage, pixels, ...soft, ...(excluded ? [excluded] : [])];
	return sha256(
		JSON.stringify([definition.id, recipe, replicas, ...(pretrained ? [pretrained.sha256] : [])]),
		...parts
	);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
	return new Uint8Array(buffer, byteOffset, byteLength);
}
