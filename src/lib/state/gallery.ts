/** Which pictures are listed, and in which order. */
import { agreementOn, verdictOf } from '../core/verdict';
import type { Photo } from './photos.svelte';
import type { ShownModel } from './session.svelte';

/** All pictures, those with a face of a label or one on which the models differ, or those with a certain outcome. */
export type Filter = 'all' | 'unsure' | 'differ' | 'no-face' | 'unread' | `label:${string}`;
export type Order = 'added' | 'name' | 'faces' | 'probability';

const byName = new Intl.Collator('en', { numeric: true }).compare;

/** The filters that a picture fits; labels are those of the first model. */
function filtersOf({ state }: Photo, models: readonly ShownModel[]): ReadonlySet<Filter> {
	const fits = new Set<Filter>(['all']);
	if (state.kind === 'failed') fits.add('unread');
	if (state.kind !== 'done') return fits;
	if (state.result.faces.length === 0) fits.add('no-face');
	const [shown] = models;
	for (const face of state.result.faces) {
		if (agreementOn(face, models) === 'differ') fits.add('differ');
		const verdict = shown && verdictOf(face.readings[shown.id], shown.labels, shown.unsureBelow);
		if (verdict) fits.add(verdict.unsure ? 'unsure' : `label:${verdict.label}`);
	}
	return fits;
}

/** How many pictures fit each filter; filters that none fits are left out, except 'all'. */
export function countFilters(
	photos: readonly Photo[],
	models: readonly ShownModel[]
): { filter: Filter; count: number }[] {
	const labels = (models[0]?.labels ?? []).map((label): Filter => `label:${label}`);
	const sets = photos.map((photo) => filtersOf(photo, models));
	return (['all', ...labels, 'unsure', 'differ', 'no-face', 'unread'] as const)
		.map((filter: Filter) => ({ filter, count: sets.filter((fits) => fits.has(filter)).length }))
		.filter(({ filter, count }) => filter === 'all' || count > 0);
}

/**
 * The pictures that fit, in order. 'probability' puts first those in which the filter's label, or else any label, is
 * most likely; 'faces' those with most faces. Ties stay in the order in which they were added.
 */
export function arrange(
	photos: readonly Photo[],
	models: readonly ShownModel[],
	filter: Filter,
	order: Order
): Photo[] {
	const shown = photos.filter((photo) => filtersOf(photo, models).has(filter));
	const [model] = models;
	const label = model && filter.startsWith('label:') ? model.labels.indexOf(filter.slice('label:'.length)) : -1;
	switch (order) {
		case 'added':
			return shown;
		case 'name':
			return shown.sort((a, b) => byName(a.name, b.name));
		case 'faces':
			return shown.sort((a, b) => faceCount(b) - faceCount(a));
		case 'probability':
			return shown.sort((a, b) => greatest(b, model?.id, label) - greatest(a, model?.id, label));
	}
}

function faceCount({ state }: Photo): number {
	return state.kind === 'done' ? state.result.faces.length : -1;
}

function greatest({ state }: Photo, modelId: string | undefined, label: number): number {
	if (state.kind !== 'done') return -1;
	return Math.max(
		-1,
		...state.result.faces.map(({ readings }) => {
			const reading = modelId === undefined ? undefined : readings[modelId];
			return reading?.smoothed[label === -1 ? reading.top : label] ?? -1;
		})
	);
}
