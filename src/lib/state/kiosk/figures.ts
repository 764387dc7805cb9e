/** The log as chart bars and table totals. */
import { addMinutes, binMinutes, emptyMinute, type MinuteRecord } from './minutes';

export interface FigureBar {
	readonly title: string;
	/** Milliseconds that each label was shown. */
	readonly values: Readonly<Record<string, number>>;
}

/** `count` bars of `spanMs` up to `endMs`: the dwell of each label. `title` names a time. */
export function chartBars(
	records: readonly MinuteRecord[],
	labels: readonly string[],
	endMs: number,
	spanMs: number,
	count: number,
	title: (wallMs: number) => string
): FigureBar[] {
	return binMinutes(records, { endMs, spanMs, count }).map(({ minute, expressions }) => ({
		title: title(minute),
		values: Object.fromEntries(labels.map((label) => [label, expressions[label]?.dwellMs ?? 0]))
	}));
}

/** All records in one. */
export function totalOf(records: readonly MinuteRecord[]): MinuteRecord {
	return records.reduce(addMinutes, emptyMinute(records[0]?.minute ?? 0));
}

const two = (value: number): string => String(value).padStart(2, '0');

/** "14:05", local time. */
export function hourMinute(wallMs: number): string {
	const date = new Date(wallMs);
	return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** "24 Nov 14:00", local time. */
export function dayHour(wallMs: number): string {
	const date = new Date(wallMs);
	return `${date.getDate()} ${date.toLocaleString('en', { month: 'short' })} ${hourMinute(wallMs)}`;
}
