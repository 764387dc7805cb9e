/** A person's part of the timeline: a window in equal steps, each with what was shown during it. */
import { clip, frameRange, labelAt, rowOf, UNSURE_LABEL, type Range, type ToldLabels } from './episodes';
import type { Person } from './people';
import type { FilmTable } from './table';

export interface Bin {
	/** Share of the analysed time of this step with a face, 0..1. */
	readonly face: number;
	/** What was shown longest: a label, `unsure`, or null for no face. */
	readonly label: string | null;
	/** Mean smoothed probability of each label over the time with a face; empty without one. */
	readonly scores: readonly number[];
}

/** The steps of a window; null for those in which nothing was analysed. */
export function binLane(
	table: FilmTable,
	person: Pick<Person, 'faceIds'>,
	told: ToldLabels,
	{ window, steps, endS }: { readonly window: Range; readonly steps: number; readonly endS: number }
): (Bin | null)[] {
	const names = [...told.labels, UNSURE_LABEL];
	const stepS = (window.toS - window.fromS) / steps;
	/** Of each step: analysed time, then time of each label and of `unsure`, then time times probability. */
	const width = 1 + names.length + told.labels.length;
	const sums = new Float64Array(steps * width);
	for (let index = Math.max(0, table.indexAt(window.fromS)); index < table.frameCount; index++) {
		const whole = frameRange(table, index, endS);
		if (whole.fromS >= window.toS) break;
		const { fromS, toS } = clip(whole, window);
		if (toS <= fromS) continue;
		const row = rowOf(table, index, person.faceIds);
		const label = row === null ? -1 : names.indexOf(labelAt(table, row, told));
		const first = Math.floor((fromS - window.fromS) / stepS);
		const last = Math.min(steps - 1, Math.ceil((toS - window.fromS) / stepS) - 1);
		for (let step = Math.max(0, first); step <= last; step++) {
			const part = clip({ fromS, toS }, { fromS: window.fromS + step * stepS, toS: window.fromS + (step + 1) * stepS });
			const weight = Math.max(0, part.toS - part.fromS);
			const at = step * width;
			sums[at] = (sums[at] ?? 0) + weight;
			if (row === null) continue;
			sums[at + 1 + label] = (sums[at + 1 + label] ?? 0) + weight;
			for (const each of told.labels.keys()) {
				const place = at + 1 + names.length + each;
				sums[place] = (sums[place] ?? 0) + weight * table.smoothedAt(row, told.id, each);
			}
		}
	}
	return Array.from({ length: steps }, (_, step) => toBin(sums.subarray(step * width, (step + 1) * width), names));
}

function toBin(sums: Float64Array, names: readonly string[]): Bin | null {
	const [analysed = 0] = sums;
	if (analysed <= 0) return null;
	const times = names.map((_, index) => sums[1 + index] ?? 0);
	const face = times.reduce((sum, time) => sum + time, 0);
	const longest = Math.max(...times);
	if (face <= 0) return { face: 0, label: null, scores: [] };
	return {
		face: Math.min(1, face / analysed),
		label: longest >= analysed - face ? (names[times.indexOf(longest)] ?? null) : null,
		scores: Array.from({ length: names.length - 1 }, (_, index) => (sums[1 + names.length + index] ?? 0) / face)
	};
}
