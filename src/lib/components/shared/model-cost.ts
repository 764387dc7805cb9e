import type { ClassifierEntry } from '../../manifest';
import { exactPercent, fileSize, milliseconds } from './format';

/** Downloads of this size or more need a confirmation: they hurt on a phone's data plan. */
export const LARGE_BYTES = 10e6;

/**
 * A model's accuracy and cost in a few words: "71.6 %, 1.8 MB, 4.1 ms". `faceMs`: time per face of the models that ran
 * here; for the others it is estimated from their multiply-adds.
 */
export function costOf(
	model: ClassifierEntry,
	all: readonly ClassifierEntry[],
	faceMs: Readonly<Record<string, number>>
): string {
	const accuracy = model.metrics['private']?.accuracy;
	const ms = faceMs[model.id] ?? null;
	const ran = all.find(({ id, multiplyAdds }) => faceMs[id] !== undefined && multiplyAdds > 0);
	const expected =
		ran === undefined ? null : ((faceMs[ran.id] ?? 0) * model.multiplyAdds) / Math.max(1, ran.multiplyAdds);
	return [
		...(accuracy === undefined ? [] : [exactPercent(accuracy)]),
		fileSize(model.bytes),
		...(ms !== null ? [milliseconds(ms)] : expected === null ? [] : [`about ${milliseconds(expected)}`])
	].join(', ');
}
