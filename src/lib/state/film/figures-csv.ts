import { toCsv } from '../csv';
import type { Figures } from './figures';

/** One line for each label of each person and part of a film. */
export function figuresToCsv(
	rows: readonly { readonly part: string; readonly person: string; readonly figures: Figures }[]
): string {
	const labels = rows[0]?.figures.labels.map(({ label }) => label) ?? [];
	const header = [
		...['part', 'person', 'analysed_seconds', 'face_seconds', 'no_face_share', 'label', 'seconds', 'share'],
		...['mean_probability', 'episodes', 'mean_length', 'median_length', 'longest'],
		...labels.map((label) => `to_${label}`)
	];
	const round = (value: number): number => Number(value.toFixed(4));
	return toCsv(
		header,
		rows.flatMap(({ part, person, figures }) =>
			figures.labels.map((each, index) => [
				...[part, person, round(figures.seconds), round(figures.faceSeconds), round(figures.noFaceShare)],
				...[each.label, round(each.seconds), round(each.share)],
				each.meanProbability === null ? null : round(each.meanProbability),
				...[each.episodes, round(each.meanS), round(each.medianS), round(each.longestS)],
				...(figures.transitions[index] ?? [])
			])
		)
	);
}
