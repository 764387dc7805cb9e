import type { ClassifierEntry } from '../../manifest';
import { exactPercent, fileSize, milliseconds } from './format';

/** A download from here on is asked about first: on a phone's data plan it is felt. */
export const LARGE_BYTES = 10e6;

/**
 * What a model costs and gives, in a few words: "71.6 %, 1.8 MB, 4.1 ms". `faceMs`: what one face took those that ran here;
 * of others it is told about how long they would, by their multiply-adds.
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
