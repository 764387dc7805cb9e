/** A film as episodes: which label each person shows for how long. */
import { verdictOf } from '../../core/verdict';
import type { Person } from './people';
import type { FilmTable } from './table';

/** The model whose labels are told, and from which probability on. */
export interface ToldLabels {
	readonly id: string;
	readonly labels: readonly string[];
	readonly unsureBelow: number;
}

export interface Range {
	readonly fromS: number;
	readonly toS: number;
}

/** What a person shows for a while: a label, `unsure`, or no face (null). */
export interface Episode extends Range {
	readonly label: string | null;
}

/** Stands for a label if the model is too unsure to give one. */
export const UNSURE_LABEL = 'unsure';

/**
 * The time that a frame stands for: up to the next one or a gap; the last, as long as those before it, at most to the
 * end.
 */
export function frameRange(table: FilmTable, index: number, endS: number): Range {
	const fromS = table.timeAt(index);
	const gap = table.gapAfter(index);
	if (gap !== null) return { fromS, toS: gap.fromS };
	if (index + 1 < table.frameCount) return { fromS, toS: table.timeAt(index + 1) };
	// The longer of the two steps before: ten a second out of 25 are two and three frames apart in turn.
	const steps = [index - 1, index - 2].filter((before) => before >= 0).map((before) => frameRange(table, before, endS));
	const stepS = steps.length > 0 ? Math.max(...steps.map((step) => step.toS - step.fromS)) : endS - fromS;
	return { fromS, toS: Math.max(fromS, Math.min(endS, fromS + stepS)) };
}

/** Whether nobody knows what is at a time after this frame and before the next: it cannot be decoded. */
export function isLost(table: FilmTable, index: number, timeS: number): boolean {
	return timeS >= (table.gapAfter(index)?.fromS ?? Infinity);
}

/** The row of a person in a frame: the larger one if two of its faces are there; null if none is. */
export function rowOf(table: FilmTable, index: number, faceIds: readonly number[]): number | null {
	const [from, to] = table.rowsOf(index);
	let best: number | null = null;
	let bestSize = -Infinity;
	for (let row = from; row < to; row++) {
		if (!faceIds.includes(table.faceIdAt(row))) continue;
		const { width, height } = table.boxAt(row);
		if (width * height > bestSize) [best, bestSize] = [row, width * height];
	}
	return best;
}

/** What a model says about a row: a label, or `unsure`. */
export function labelAt(table: FilmTable, row: number, { id, labels, unsureBelow }: ToldLabels): string {
	const top = table.topAt(row, id);
	const smoothed = labels.map((_, label) => table.smoothedAt(row, id, label));
	const verdict = verdictOf({ top, smoothed, scores: smoothed }, labels, unsureBelow);
	return verdict === null || verdict.unsure ? UNSURE_LABEL : verdict.label;
}

/**
 * The episodes of a person, one after another, over what was analysed of a range. An excluded range or a gap leaves two
 * episodes, even if both show the same.
 */
export function episodesOf(
	table: FilmTable,
	person: Pick<Person, 'faceIds'>,
	told: ToldLabels,
	{ range, excluded, endS }: { readonly range: Range; readonly excluded: readonly Range[]; readonly endS: number }
): Episode[] {
	const episodes: { fromS: number; toS: number; label: string | null }[] = [];
	for (let index = Math.max(0, table.indexAt(range.fromS)); index < table.frameCount; index++) {
		const whole = frameRange(table, index, endS);
		if (whole.fromS >= range.toS) break;
		const row = rowOf(table, index, person.faceIds);
		const label = row === null ? null : labelAt(table, row, told);
		for (const { fromS, toS } of without(clip(whole, range), excluded)) {
			const last = episodes.at(-1);
			if (last?.label === label && last.toS === fromS) last.toS = toS;
			else episodes.push({ fromS, toS, label });
		}
	}
	return episodes;
}

export function clip(range: Range, within: Range): Range {
	return { fromS: Math.max(range.fromS, within.fromS), toS: Math.min(range.toS, within.toS) };
}

/** What is left of a range, in order of time; nothing if it is empty. */
export function without(range: Range, excluded: readonly Range[]): Range[] {
	let left = range.toS > range.fromS ? [range] : [];
	for (const out of excluded) {
		left = left.flatMap((each) => {
			if (out.toS <= each.fromS || out.fromS >= each.toS) return [each];
			return [
				{ fromS: each.fromS, toS: out.fromS },
				{ fromS: out.toS, toS: each.toS }
			].filter(({ fromS, toS }) => toS > fromS);
		});
	}
	return left;
}

/** The parts of a film between its markers, in order of time; none if no marker divides it. */
export function sections(
	whole: Range,
	markers: readonly { readonly timeS: number; readonly text: string }[]
): (Range & {
	readonly title: string;
})[] {
	const before = markers.filter(({ timeS }) => timeS < whole.toS).toSorted((a, b) => a.timeS - b.timeS);
	const starts = [{ timeS: whole.fromS, text: 'Beginning' }, ...before];
	const parts = starts
		.map(({ timeS, text }, index) => ({
			fromS: Math.max(whole.fromS, timeS),
			toS: starts[index + 1]?.timeS ?? whole.toS,
			title: text === '' ? `Marker ${index}` : text
		}))
		.filter(({ fromS, toS }) => toS > fromS);
	return parts.length > 1 ? parts : [];
}
