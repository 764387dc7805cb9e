/** A day or a week of the log as a printed page shows it. */
import type { ReportLine } from './export';
import { hourMinute, totalOf } from './figures';
import { INCIDENT_TITLES } from './incident-titles';
import type { MinuteRecord } from './minutes';
import { INCIDENTS } from './supervise';

interface SheetFigures {
	readonly arrivals: number;
	readonly seenMs: number;
	readonly unsureMs: number;
	readonly dwellMs: Readonly<Record<string, number>>;
	readonly incidents: number;
}

export interface Sheet {
	readonly title: string;
	readonly period: string;
	readonly camera: string | null;
	readonly unit: string;
	readonly lines: readonly { readonly title: string; readonly figures: SheetFigures }[];
	readonly total: SheetFigures;
	readonly labels: readonly string[];
	readonly incidents: readonly { readonly title: string; readonly count: number }[];
	readonly made: string;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** "Sunday, 29 November 2026", local time. */
function dayOf(date: Date): string {
	return `${DAYS[date.getDay()] ?? ''}, ${date.getDate()} ${MONTHS[date.getMonth()] ?? ''} ${date.getFullYear()}`;
}

function figuresOf(record: MinuteRecord): SheetFigures {
	const { arrivals, seenMs, unsureMs, expressions, incidents } = record;
	return {
		...{ arrivals, seenMs, unsureMs },
		dwellMs: Object.fromEntries(Object.entries(expressions).map(([label, { dwellMs }]) => [label, dwellMs])),
		incidents: Object.values(incidents).reduce((sum, count) => sum + count, 0)
	};
}

/** `lines`: from `reportLines`, for the same span. `camera`: its name, null for the only one. `made`: when. */
export function reportSheet(
	lines: readonly ReportLine[],
	span: 'day' | 'week',
	camera: string | null,
	made: Date
): Sheet {
	const all = totalOf(lines.map(({ total }) => total));
	const [first, last] = [lines[0]?.begin ?? made, lines.at(-1)?.begin ?? made];
	return {
		title: span === 'day' ? 'Report of the day' : 'Report of the week',
		period: span === 'day' ? dayOf(first) : `${dayOf(first)} to ${dayOf(last)}`,
		camera: camera === null ? null : `Camera: ${camera}`,
		unit: span === 'day' ? 'Hour' : 'Day',
		lines: lines.map(({ begin, total }) => ({
			title: span === 'day' ? hourMinute(begin.getTime()) : dayOf(begin).replace(/ \d{4}$/, ''),
			figures: figuresOf(total)
		})),
		total: figuresOf(all),
		labels: Object.keys(all.expressions),
		incidents: INCIDENTS.map((incident) => ({
			title: INCIDENT_TITLES[incident],
			count: all.incidents[incident] ?? 0
		})).filter(({ count }) => count > 0),
		made: `${dayOf(made)}, ${hourMinute(made.getTime())}`
	};
}
