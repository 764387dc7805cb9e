/** How well a model and people agree on a film, weighted by time. */
import { labelOfCode, type Code } from './codes';
import { clip, type Episode, type Range } from './episodes';

export interface Difference extends Range {
	readonly code: string;
	/** What the model shows: a label, `unsure`, or null for no face. */
	readonly label: string | null;
}

export interface CodeAgreement {
	/** Labels given by people or the model. */
	readonly labels: readonly string[];
	/** Seconds: code of people (row) by label of the model (column), both as in `labels`. */
	readonly confusion: readonly (readonly number[])[];
	/** For each row: seconds in which the model was unsure, and in which it saw no face. */
	readonly unsureS: readonly number[];
	readonly noFaceS: readonly number[];
	/** Seconds in which both gave a label. */
	readonly comparedS: number;
	/** Share of those in which they agree, 0..1; null if there are none. */
	readonly agreement: number | null;
	/** Cohen's kappa over those seconds; null if chance alone would agree, or there are none. */
	readonly kappa: number | null;
	/** Where they differ, longest first. */
	readonly differences: readonly Difference[];
	/** Seconds in which compared codes overlap: they count for each code. */
	readonly overlapS: number;
	/** Codes that match no label of the model, with their seconds. */
	readonly unknown: readonly { readonly code: string; readonly seconds: number }[];
}

/** Shorter differences arise when an episode begins a moment earlier for one than for the other. */
const LEAST_DIFFERENCE_S = 0.2;

/** `episodes`: of one person, one after another. */
export function compareCodes(
	episodes: readonly Episode[],
	codes: readonly Code[],
	modelLabels: readonly string[]
): CodeAgreement {
	const seconds = new Map<string, number>();
	const unknown = new Map<string, number>();
	const differences: { fromS: number; toS: number; code: string; label: string | null }[] = [];
	const add = (sums: Map<string, number>, key: string, value: number) => sums.set(key, (sums.get(key) ?? 0) + value);
	let next = 0;
	let coveredS = -Infinity;
	let overlapS = 0;
	for (const { label: written, fromS, toS } of codes.toSorted((a, b) => a.fromS - b.fromS)) {
		const range = { fromS, toS };
		const code = labelOfCode(written, modelLabels);
		if (code === null) {
			add(unknown, written, range.toS - range.fromS);
			continue;
		}
		overlapS += Math.max(0, Math.min(toS, coveredS) - fromS);
		coveredS = Math.max(coveredS, toS);
		while ((episodes[next]?.toS ?? Infinity) <= range.fromS) next++;
		for (let index = next; index < episodes.length; index++) {
			const episode = episodes[index];
			if (episode === undefined || episode.fromS >= range.toS) break;
			const part = clip(episode, range);
			if (part.toS <= part.fromS) continue;
			add(seconds, JSON.stringify([code, episode.label]), part.toS - part.fromS);
			if (episode.label !== code && part.toS - part.fromS >= LEAST_DIFFERENCE_S) {
				differences.push({ ...part, code, label: episode.label });
			}
		}
	}
	const at = (code: string, label: string | null): number => seconds.get(JSON.stringify([code, label])) ?? 0;
	const labels = modelLabels.filter(
		(label) =>
			modelLabels.some((other) => at(label, other) + at(other, label) > 0) ||
			at(label, null) > 0 ||
			at(label, 'unsure') > 0
	);
	const confusion = labels.map((code) => labels.map((label) => at(code, label)));
	const { comparedS, agreement, kappa } = kappaOf(confusion);
	return {
		labels,
		confusion,
		unsureS: labels.map((code) => at(code, 'unsure')),
		noFaceS: labels.map((code) => at(code, null)),
		comparedS,
		agreement,
		kappa,
		differences: differences.sort((a, b) => b.toS - b.fromS - (a.toS - a.fromS)),
		overlapS,
		unknown: [...unknown].map(([code, sum]) => ({ code, seconds: sum }))
	};
}

/** Cohen's kappa ("A Coefficient of Agreement for Nominal Scales", 1960) of a table of weights, [rows][columns]. */
export function kappaOf(confusion: readonly (readonly number[])[]): {
	comparedS: number;
	agreement: number | null;
	kappa: number | null;
} {
	const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
	const rows = confusion.map(sum);
	const columns = confusion.map((_, column) => sum(confusion.map((row) => row[column] ?? 0)));
	const total = sum(rows);
	if (total <= 0) return { comparedS: 0, agreement: null, kappa: null };
	const observed = sum(confusion.map((row, index) => row[index] ?? 0)) / total;
	const expected = sum(rows.map((row, index) => row * (columns[index] ?? 0))) / total ** 2;
	const kappa = 1 - expected < 1e-9 ? null : (observed - expected) / (1 - expected);
	return { comparedS: total, agreement: observed, kappa };
}
