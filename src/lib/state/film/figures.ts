/** Figures of a film: what each person shows for how much of the time, how often and for how long. */
import {
	clip,
	episodesOf,
	frameRange,
	rowOf,
	UNSURE_LABEL,
	without,
	type Episode,
	type Range,
	type ToldLabels
} from './episodes';
import type { Person } from './people';
import type { FilmTable } from './table';

export interface LabelFigures {
	readonly label: string;
	readonly seconds: number;
	/** Share of the time with a face, 0..1. */
	readonly share: number;
	/** Mean smoothed probability over the time with a face; null for `unsure`, which has none, and without any face. */
	readonly meanProbability: number | null;
	readonly episodes: number;
	/** Lengths of episodes, in seconds; 0 if there are none. */
	readonly meanS: number;
	readonly medianS: number;
	readonly longestS: number;
}

export interface Figures {
	/** Analysed time without excluded ranges, summed over persons. */
	readonly seconds: number;
	readonly faceSeconds: number;
	/** Share of the analysed time, 0..1. */
	readonly noFaceShare: number;
	/** Share of the time with a face, 0..1. */
	readonly unsureShare: number;
	/** The model's labels, then `unsure`. */
	readonly labels: readonly LabelFigures[];
	/** How often one label's episode (row) was followed by another's (column), as in `labels`; a gap ends a chain. */
	readonly transitions: readonly (readonly number[])[];
}

export interface Scope {
	readonly range: Range;
	readonly excluded: readonly Range[];
	/** End of the film in seconds. */
	readonly endS: number;
}

/** The figures of these persons together, over a part of the film. */
export function figuresOf(
	table: FilmTable,
	persons: readonly Pick<Person, 'faceIds'>[],
	told: ToldLabels,
	scope: Scope
): Figures {
	const names = [...told.labels, UNSURE_LABEL];
	const lengths = names.map((): number[] => []);
	const transitions = names.map(() => names.map(() => 0));
	const weighted = told.labels.map(() => 0);
	let seconds = 0;
	let faceSeconds = 0;
	for (const person of persons) {
		const episodes = episodesOf(table, person, told, scope);
		for (const [index, { label, ...range }] of episodes.entries()) {
			seconds += lengthOf(range);
			if (label === null) continue;
			faceSeconds += lengthOf(range);
			const at = names.indexOf(label);
			lengths[at]?.push(lengthOf(range));
			count(transitions, names, episodes[index - 1], { label, ...range });
		}
		addProbabilities(weighted, table, person, told, scope);
	}
	const labels = names.map((label, index): LabelFigures => {
		const each = (lengths[index] ?? []).toSorted((a, b) => a - b);
		const sum = each.reduce((total, length) => total + length, 0);
		const isLabel = index < told.labels.length;
		return {
			label,
			seconds: sum,
			share: faceSeconds > 0 ? sum / faceSeconds : 0,
			meanProbability: isLabel && faceSeconds > 0 ? (weighted[index] ?? 0) / faceSeconds : null,
			episodes: each.length,
			meanS: each.length > 0 ? sum / each.length : 0,
			medianS: median(each),
			longestS: each.at(-1) ?? 0
		};
	});
	return {
		seconds,
		faceSeconds,
		noFaceShare: seconds > 0 ? 1 - faceSeconds / seconds : 0,
		unsureShare: labels.at(-1)?.share ?? 0,
		labels,
		transitions
	};
}

function count(transitions: number[][], names: readonly string[], before: Episode | undefined, after: Episode): void {
	if (before === undefined || before.label === null || after.label === null || before.toS !== after.fromS) return;
	const row = transitions[names.indexOf(before.label)];
	const column = names.indexOf(after.label);
	if (row !== undefined) row[column] = (row[column] ?? 0) + 1;
}

/** Adds seconds times probability of each label. */
function addProbabilities(
	sums: number[],
	table: FilmTable,
	person: Pick<Person, 'faceIds'>,
	told: ToldLabels,
	{ range, excluded, endS }: Scope
): void {
	for (let index = Math.max(0, table.indexAt(range.fromS)); index < table.frameCount; index++) {
		const whole = frameRange(table, index, endS);
		if (whole.fromS >= range.toS) break;
		const row = rowOf(table, index, person.faceIds);
		if (row === null) continue;
		const weight = without(clip(whole, range), excluded).reduce((sum, part) => sum + lengthOf(part), 0);
		for (const label of sums.keys()) {
			sums[label] = (sums[label] ?? 0) + weight * table.smoothedAt(row, told.id, label);
		}
	}
}

function lengthOf({ fromS, toS }: Range): number {
	return toS - fromS;
}

/** Of ascending numbers; 0 if there are none. */
function median(sorted: readonly number[]): number {
	const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
	return low === undefined || high === undefined ? 0 : (low + high) / 2;
}
