/** The log as files for spreadsheets and programs. */
import { toCsv as table } from '../csv';
import { addMinutes, emptyMinute, type MinuteRecord } from './minutes';
import { INCIDENTS } from './supervise';

/** Minutes in one part of a file. */
const PART = 2000;

const seconds = (ms: number): number => Number((ms / 1000).toFixed(1));

/**
 * The figures of a minute under plain names: durations in seconds, probabilities as means (null if nobody was read).
 * `labels` are included even if nobody showed them.
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

/** A minute of the log, with its camera if there are several. */
export interface LoggedMinute extends MinuteRecord {
	readonly camera?: string;
}

/** JSON: `minutes`, oldest first, as `plainMinute` gives them, with `camera` if there are several. One line each. */
export function toJson(records: readonly LoggedMinute[]): Blob {
	const lines = records.map((record, index) => {
		const minute = plainMinute(record);
		const named = record.camera === undefined ? minute : { camera: record.camera, ...minute };
		return `${index === 0 ? '' : ','}\n\t\t${JSON.stringify(named)}`;
	});
	// Joined only in the file: the minutes of many cameras are longer than a string may be.
	const parts = Array.from({ length: Math.ceil(lines.length / PART) }, (_, part) =>
		lines.slice(part * PART, (part + 1) * PART).join('')
	);
	const head = '{\n\t"format": "mien-kiosk-log",\n\t"version": 1,\n\t"minutes": [';
	return new Blob([head, ...parts, '\n\t]\n}\n'], { type: 'application/json' });
}

/** CSV (RFC 4180): a line per minute, three columns per label that occurs; the camera first if there are several. */
export function toCsv(records: readonly LoggedMinute[]): string {
	const hasCameras = records.some(({ camera }) => camera !== undefined);
	const labels = [...new Set(records.flatMap(({ expressions }) => Object.keys(expressions)))];
	const head = [
		...(hasCameras ? ['camera'] : []),
		...['minute', 'frames', 'faces', 'arrivals', 'too_small', 'seen_s', 'unsure_s'],
		...labels.flatMap((label) => [`${label}_faces`, `${label}_dwell_s`, `${label}_mean_probability`]),
		...INCIDENTS.map((incident) => incident.replaceAll('-', '_'))
	];
	const lines = records.map((record) => [
		...(hasCameras ? [record.camera ?? ''] : []),
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

/** One line of a report: a span of local time and what was counted in it. */
export interface ReportLine {
	readonly begin: Date;
	readonly end: Date;
	readonly total: MinuteRecord;
}

/** The hours of the day of `nowMs`, or the seven days up to it: whole ones in local time, even when clocks change. */
export function reportLines(
	records: readonly MinuteRecord[],
	span: 'day' | 'week',
	nowMs: number
): readonly ReportLine[] {
	const now = new Date(nowMs);
	const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
	const edges =
		span === 'day'
			? Array.from({ length: 25 }, (_, hour) => new Date(year, month, day, hour))
			: Array.from({ length: 8 }, (_, index) => new Date(year, month, day - 6 + index));
	// An hour that is skipped when clocks change has no line.
	const begins = edges.slice(0, -1).filter((begin, index) => begin < (edges[index + 1] ?? begin));
	return begins.map((begin, index) => {
		const end = begins[index + 1] ?? edges.at(-1) ?? begin;
		const within = records.filter(({ minute }) => minute >= begin.getTime() && minute < end.getTime());
		return { begin, end, total: within.reduce(addMinutes, emptyMinute(begin.getTime())) };
	});
}

/** CSV: a line per span and one for the total, in local time; for each label its time and share of the time read. */
export function toReportCsv(lines: readonly ReportLine[]): string {
	const labels = [...new Set(lines.flatMap(({ total }) => Object.keys(total.expressions)))];
	const all = lines.reduce((sum, { total }) => addMinutes(sum, total), emptyMinute(lines[0]?.total.minute ?? 0));
	const row = (title: string, end: string, total: MinuteRecord): (string | number | null)[] => [
		...[title, end, total.arrivals, seconds(total.seenMs), seconds(total.unsureMs)],
		...labels.flatMap((label) => {
			const { dwellMs = 0 } = total.expressions[label] ?? {};
			const readMs = total.seenMs - total.unsureMs;
			return [seconds(dwellMs), readMs <= 0 ? null : Number((dwellMs / readMs).toFixed(4))];
		}),
		Object.values(total.incidents).reduce((sum, count) => sum + count, 0)
	];
	const head = [
		...['begin', 'end', 'arrivals', 'seen_s', 'unsure_s'],
		...labels.flatMap((label) => [`${label}_s`, `${label}_share`]),
		'incidents'
	];
	return table(head, [
		...lines.map(({ begin, end, total }) => row(localTime(begin), localTime(end), total)),
		row('total', '', all)
	]);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** "2026-11-29 14:00", local time. */
function localTime(date: Date): string {
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
