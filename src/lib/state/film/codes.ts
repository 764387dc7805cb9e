/** Codes by people who watched a film: a table with start, stop and label, or what ELAN and BORIS export. */
import { labelNamed } from '../../core/labels';
import { createTextDecoder } from '../../data-sets/text';
import { AppError } from '../../errors';
import type { Range } from './episodes';
import { parseTime, timeText } from './time-text';

export interface Code extends Range {
	/** As written in the table. */
	readonly label: string;
	/** Whom it is about: tier or subject; null if the table does not say. */
	readonly subject: string | null;
}

/** What a table of codes holds. */
export interface CodeTable {
	/** In order of time. */
	readonly codes: readonly Code[];
	/** Rows without a start, a later stop or a label; BORIS events that never end or take no time. */
	readonly leftOut: number;
	/** Codes that begin after the film's end. */
	readonly late: number;
	/** Whether the times were taken for milliseconds because the film is far too short for that many seconds. */
	readonly isGuessedMs: boolean;
}

const ROLES = {
	start: /^(start|begin|onset|from)/,
	stop: /^(stop|end|offset|to$)/,
	duration: /^duration/,
	time: /^time$|^time \(/,
	status: /^(status|behaviou?r type)$/,
	label: /^(label|code\d*|annotation|behaviou?r|emotion|expression|value)$/,
	subject: /^(subject|tier|person|participant)/
} as const;
type Role = keyof typeof ROLES;
const TIMES: ReadonlySet<Role> = new Set(['start', 'stop', 'duration', 'time']);

/** What people call the labels of FER2013 only when they code films. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
	happy: ['smile', 'smiling'],
	neutral: ['none', 'no expression', 'rest']
};

/** The label of a model that a code means, in any language that `labelNamed` knows; null if it means none of them. */
export function labelOfCode(code: string, labels: readonly string[]): string | null {
	const name = code.trim().toLowerCase();
	const read = labelNamed(code);
	const known = read?.exact === true ? read.label : null;
	return (
		labels.find((label) => label.toLowerCase() === name || SYNONYMS[label]?.includes(name) === true) ??
		labels.find((label) => label === known) ??
		null
	);
}

/** Other files that hold codes, by how they begin, and how to turn each into a table. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
	[/^PK|^ÐÏ/, 'This is a spreadsheet’s own file. Save the sheet as CSV there.'],
	[/^<\?xml[^]*<ANNOTATION_DOCUMENT/, 'This is ELAN’s own file. Export it there as tab-delimited text.'],
	[
		/^\{[^]*"(behaviors_conf|project_format_version)"/,
		'This is BORIS’s own file. Export the events there as CSV or TSV.'
	],
	[/^WEBVTT|^\d+\s+[\d:,.]+ --> /, 'These are subtitles. Make a table of them, with start, stop and label.']
];

const IN_FRAMES = 'Its times hold frame numbers. Export them as seconds, or divide those by the frames per second.';

/** The text of a table in whatever encoding it has. Throws AppError 'codes-unreadable', which says what the file is. */
export function readText(bytes: Uint8Array<ArrayBuffer>): string {
	const latin1 = new TextDecoder('windows-1252').decode(bytes);
	const begin = latin1.replace(/^ï»¿/, '').trimStart().slice(0, 2000);
	const other = OTHERS.find(([start]) => start.test(begin))?.[1];
	if (other !== undefined) throw new AppError('codes-unreadable', other, undefined, other);
	try {
		const decode = createTextDecoder(bytes);
		const text = decode(bytes) + decode(null);
		// Spreadsheets on Windows write CSV in an encoding of their own.
		return text.includes('\uFFFD') ? latin1 : text;
	} catch (thrown) {
		throw new AppError('codes-unreadable', thrown instanceof Error ? thrown.message : String(thrown), thrown);
	}
}

/** Rows of a text separated by tabs, semicolons, bars or commas. Throws AppError 'codes-unreadable'. */
export async function readRows(text: string): Promise<string[][]> {
	// Judged by most lines: the first may be a title, and commas may be decimal ones.
	const lines = text.split(/\r?\n/, 50).filter((line) => line.trim() !== '');
	const delimiter =
		['\t', ';', '|'].find((each) => 2 * lines.filter((line) => line.split(each).length > 2).length >= lines.length) ??
		',';
	// Few visitors have such a table.
	const { parse } = await import('csv-parse/browser/esm/sync');
	try {
		return parse(text, {
			bom: true,
			delimiter,
			relax_column_count: true,
			relax_quotes: true,
			// Tab-separated text quotes nothing: a quote is just a character.
			quote: delimiter === '\t' ? false : '"',
			skip_empty_lines: true,
			trim: true
		});
	} catch (thrown) {
		throw new AppError('codes-unreadable', thrown instanceof Error ? thrown.message : String(thrown), thrown);
	}
}

/**
 * The codes of a table. `endS`: end of the film. Throws AppError 'codes-unreadable', which says what the times are
 * instead, if it can tell.
 */
export function parseCodes(rows: readonly (readonly string[])[], endS: number): CodeTable {
	const { codes: read, isMs, others } = withHeader(rows) ?? withoutHeader(rows);
	const sound = read.filter(({ fromS, toS, label }) => toS > fromS && label.trim() !== '');
	if (sound.length === 0) {
		// Video editors write hours, minutes, seconds and frames.
		const said = rows.flat().some((cell) => /^(\d+:){3}\d+$/.test(cell)) ? IN_FRAMES : undefined;
		throw new AppError('codes-unreadable', 'no row has a start, a later stop and a label', undefined, said);
	}
	const isGuessedMs =
		isMs === null &&
		sound.every(({ fromS, toS }) => Number.isInteger(fromS) && Number.isInteger(toS)) &&
		Math.max(...sound.map(({ toS }) => toS)) > 10 * endS;
	const unit = isMs === true || isGuessedMs ? 1000 : 1;
	const codes = sound
		.map((code) => ({ ...code, fromS: code.fromS / unit, toS: code.toS / unit }))
		.sort((a, b) => a.fromS - b.fromS);
	const late = codes.filter(({ fromS }) => fromS >= endS).length;
	if (late === codes.length) {
		const times = `begin at ${timeText(codes[0]?.fromS ?? 0)}, and the film ends at ${timeText(endS)}`;
		const said = `Its codes ${times}. Its times must be seconds from the beginning of the film, or clock times from 0:00:00.`;
		throw new AppError('codes-unreadable', `codes ${times}`, undefined, said);
	}
	return { codes, leftOut: read.length - sound.length + others, late, isGuessedMs };
}

/** Whom the codes are about, in order of first appearance. */
export function subjectsOf(codes: readonly Code[]): string[] {
	return [...new Set(codes.flatMap(({ subject }) => (subject === null ? [] : [subject])))];
}

/** Codes with the numbers as in the table. */
interface Read {
	readonly codes: readonly Code[];
	/** Whether these are milliseconds; null if the table does not say. */
	readonly isMs: boolean | null;
	/** Rows that are not part of any code. */
	readonly others: number;
}

type Rows = readonly (readonly string[])[];

function withHeader(rows: Rows): Read | null {
	// BORIS writes lines about the observation before the names of the columns.
	const at = rows.findIndex((row) => {
		const roles = row.map(roleOf);
		return roles.includes('label') && (roles.includes('start') || roles.includes('time'));
	});
	const header = rows[at];
	if (header === undefined) return null;
	const body = rows.slice(at + 1);
	const all = header.map((name, index) => ({ role: roleOf(name), index, unit: unitOf(name) }));
	if (all.some(({ role, unit }) => role === 'start' && unit === 'frames') && !all.some(isStartInTime)) {
		throw new AppError('codes-unreadable', 'times are frames', undefined, IN_FRAMES);
	}
	const columns = all.filter(({ unit }) => unit !== 'frames');
	const times = (column: (typeof columns)[number]): number =>
		body.filter((row) => parseTime(row[column.index] ?? '') !== null).length;
	/** Of several (ELAN writes times in several ways), the first with the most times that can be read. */
	const column = (role: Role) => {
		const those = columns.filter((each) => each.role === role);
		return TIMES.has(role) ? those.toSorted((a, b) => times(b) - times(a))[0] : those[0];
	};
	const [start, stop, duration, time] = [column('start'), column('stop'), column('duration'), column('time')];
	const [label, subject, status] = [column('label'), column('subject'), column('status')];
	const cell = (row: readonly string[], from: typeof label): string => row[from?.index ?? -1] ?? '';
	const value = (row: readonly string[], from: typeof label): number => parseTime(cell(row, from)) ?? NaN;
	const used = [start, stop ?? duration, time].filter((each) => each !== undefined);
	const named = new Set(used.flatMap((each) => each.unit ?? []));
	const areMixed = named.size > 1;
	// With a single unit, numbers stay as they are, so that an unnamed unit can be guessed from all of them.
	const scaled = (row: readonly string[], from: typeof label): number =>
		value(row, from) / (areMixed && from?.unit === 'ms' ? 1000 : 1);
	const isClock = used.some((from) => body.some((row) => cell(row, from).includes(':')));
	const isMs = areMixed || isClock ? false : named.size === 0 ? null : named.has('ms');
	const whom = (row: readonly string[]): string | null => cell(row, subject) || null;
	if (start !== undefined) {
		const codes = body.map((row) => {
			const fromS = scaled(row, start);
			const toS = stop === undefined ? fromS + scaled(row, duration) : scaled(row, stop);
			return { fromS, toS, label: cell(row, label), subject: whom(row) };
		});
		return { codes, isMs, others: 0 };
	}
	// One event per row: a state begins with one row and ends with another.
	const open = new Map<string, number>();
	const codes: Code[] = [];
	for (const row of body) {
		const name = cell(row, label);
		const key = `${whom(row) ?? ''}\t${name}`;
		const beganS = open.get(key);
		const event = cell(row, status).toUpperCase();
		if (event === 'START') open.set(key, scaled(row, time));
		else if (event === 'STOP' && beganS !== undefined) {
			codes.push({ fromS: beganS, toS: scaled(row, time), label: name, subject: whom(row) });
			open.delete(key);
		}
	}
	return { codes, isMs, others: body.length - 2 * codes.length };
}

/** ELAN omits column names: tier, begin, end, duration, each time in one or several formats, annotation. */
function withoutHeader(rows: Rows): Read {
	const [first = []] = rows;
	const isTime = (index: number): boolean => rows.every((row) => parseTime(row[index] ?? '') !== null);
	const times = first.map((_, index) => index).filter(isTime);
	const words = first
		.map((_, index) => index)
		.filter((index) => !isTime(index) && rows.some((row) => row[index] !== ''));
	const [start] = times;
	const hasColon = (index: number): boolean => rows.some((row) => row[index]?.includes(':') === true);
	const value = (row: readonly string[], index: number): number => parseTime(row[index] ?? '') ?? NaN;
	const stop = times.find(
		(index) =>
			start !== undefined &&
			index > start &&
			hasColon(index) === hasColon(start) &&
			rows.every((row) => value(row, index) > value(row, start))
	);
	const label = words.at(-1);
	if (start === undefined || stop === undefined || label === undefined) return { codes: [], isMs: null, others: 0 };
	const subject = words[0] === label ? undefined : words[0];
	const codes = rows.map((row) => ({
		fromS: value(row, start),
		toS: value(row, stop),
		label: row[label] ?? '',
		subject: subject === undefined ? null : (row[subject] ?? null)
	}));
	return { codes, isMs: hasColon(start) ? false : null, others: 0 };
}

function roleOf(name: string): Role | null {
	// Datavyu puts the name of the code in front: "expression.onset".
	const plain = name
		.trim()
		.toLowerCase()
		.replace(/^\w+\.(?=[a-z]\w*$)/, '');
	const found = Object.entries(ROLES).find(([, pattern]) => pattern.test(plain));
	return found === undefined ? null : (found[0] as Role);
}

/** Null if the column's name does not say. */
function unitOf(name: string): 's' | 'ms' | 'frames' | null {
	if (/frames?\b|frame_|image index/i.test(name)) return 'frames';
	if (/(?<!ss\.)msec|[([]ms[)\]]|[_ ]ms$|milli/i.test(name) || /[a-z]Ms$/.test(name)) return 'ms';
	return /[([]s[)\]]|[_ ]s$|sec/i.test(name) || /[a-z]S$/.test(name) ? 's' : null;
}

const isStartInTime = ({ role, unit }: { role: Role | null; unit: ReturnType<typeof unitOf> }): boolean =>
	(role === 'start' || role === 'time') && unit !== 'frames';
