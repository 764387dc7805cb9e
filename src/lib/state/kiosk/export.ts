/** The log as files that a spreadsheet or a program reads. */
import { toCsv as table } from '../csv';
import { INCIDENTS } from './supervise';
import type { MinuteRecord } from './minutes';

const seconds = (ms: number): number => Number((ms / 1000).toFixed(1));

/**
 * The figures of a minute under plain names: durations in seconds, probabilities as means (null where nobody was read).
 * `labels` stand there also where nobody showed them.
 */
export function plainMinute(record: MinuteRecord, labels: readonly string[] = []): object {
	const { expressions } = record;
	return {
		minute: new Date(record.minute).toISOString(),
		frames: record.frames,
		faces: record.faces,
		arrivals: record.arrivals,
		tooSmall: record.tooSmall,
		seenSeconds: seconds(record.seenMs),
		unsureSeconds: seconds(record.unsureMs),
		expressions: Object.fromEntries(
			[...new Set([...labels, ...Object.keys(expressions)])].map((label) => {
				const { faces = 0, dwellMs = 0, probabilityMs = 0 } = expressions[label] ?? {};
				return [
					label,
					{ faces, dwellSeconds: seconds(dwellMs), meanProbability: meanProbability(probabilityMs, record.seenMs) }
				];
			})
		),
		incidents: record.incidents
	};
}

function meanProbability(probabilityMs: number, seenMs: number): number | null {
	return seenMs === 0 ? null : Number((probabilityMs / seenMs).toFixed(4));
}

/** JSON: `minutes`, oldest first, as `plainMinute` gives them. */
export function toJson(records: readonly MinuteRecord[]): string {
	const minutes = records.map((record) => plainMinute(record));
	return `${JSON.stringify({ format: 'mien-kiosk-log', version: 1, minutes }, null, '\t')}\n`;
}

/** CSV (RFC 4180), one line a minute, three columns for each label that occurs. */
export function toCsv(records: readonly MinuteRecord[]): string {
	const labels = [...new Set(records.flatMap(({ expressions }) => Object.keys(expressions)))];
	const head = [
		...['minute', 'frames', 'faces', 'arrivals', 'too_small', 'seen_s', 'unsure_s'],
		...labels.flatMap((label) => [`${label}_faces`, `${label}_dwell_s`, `${label}_mean_probability`]),
		...INCIDENTS.map((incident) => incident.replaceAll('-', '_'))
	];
	const lines = records.map((record) => [
		...[new Date(record.minute).toISOString(), record.frames, record.faces, record.arrivals, record.tooSmall],
		...[seconds(record.seenMs), seconds(record.unsureMs)],
		...labels.flatMap((label) => {
			const { faces = 0, dwellMs = 0, probabilityMs = 0 } = record.expressions[label] ?? {};
			return [faces, seconds(dwellMs), meanProbability(probabilityMs, record.seenMs)];
		}),
		...INCIDENTS.map((incident) => record.incidents[incident] ?? 0)
	]);
	return table(head, lines);
}
