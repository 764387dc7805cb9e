/** A model with a single view and averaged with the mirror image is two classifiers, which visitors see as a switch. */
import type { ClassifierEntry } from '../../manifest';

/** The classifiers offered by name. */
export function singleViews(all: readonly ClassifierEntry[]): readonly ClassifierEntry[] {
	return all.filter(({ mirrored }) => !mirrored);
}

/** Whether any of these models has a classifier that averages with the mirror image. */
export function hasMirrorView(all: readonly ClassifierEntry[], ids: readonly string[]): boolean {
	return ids.some((id) => withView(all, id, true) !== withView(all, id, false));
}

/** Whether any of these classifiers averages with the mirror image. */
export function isMirrorView(all: readonly ClassifierEntry[], ids: readonly string[]): boolean {
	return all.some(({ id, mirrored }) => mirrored && ids.includes(id));
}

/** The same model's classifier with that view; `id` itself if there is none. */
export function withView(all: readonly ClassifierEntry[], id: string, mirrored: boolean): string {
	const model = all.find((each) => each.id === id)?.model;
	return all.find((each) => each.mirrored === mirrored && each.model === model)?.id ?? id;
}
