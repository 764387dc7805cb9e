/** Several models: copies of the shipped default that differ in what the manifest says. */
import type { BrowserContext } from 'playwright-core';
import { inject } from 'vitest';
import { type Manifest, parseManifest } from '../../src/lib/manifest';

export async function fetchShippedManifest(): Promise<Manifest> {
	return parseManifest(await (await fetch(`${inject('origin')}/models/index.json`)).json());
}

/**
 * Has the site offer the default model, "twin" (the same without figures) and "contrary", whose labels are shifted so
 * that it always disagrees. The first two are averaged with the mirror image on request. Gives that manifest.
 */
export async function offerSeveral(context: BrowserContext): Promise<Manifest> {
	const shipped = await fetchShippedManifest();
	const first = shipped.models.find(({ id }) => id === shipped.default);
	if (first === undefined) throw new Error('The default model is not in the manifest');
	const mirrored = { temperature: 1, metrics: first.metrics };
	const several = parseManifest({
		...shipped,
		models: [
			{ ...first, mirrored, trained: { ...first.trained, teachers: [first.id, 'face-api'] } },
			{ ...first, id: 'twin', title: 'Twin', bytes: 2_000_000, metrics: {}, mirrored },
			{
				...first,
				id: 'contrary',
				title: 'Contrary',
				mirrored: undefined,
				labels: [...first.labels.slice(1), ...first.labels.slice(0, 1)]
			}
		]
	});
	await context.route('**/models/index.json', (route) => route.fulfill({ json: several }));
	return several;
}
