/** Codes of people who watched a film: a table with start, stop and label, or what ELAN and BORIS export. */
import { AppError } from '../../errors';
import type { Range } from './episodes';
import { parseTime } from './time-text';

export interface Code extends Range {
	/** As it was written. */
	readonly label: string;
	/** Whom it is of: tier or subject; null where the table does not say. */
	readonly subject: string | null;
}

const ROLES = {
	start: /^(start|begin|onset|from)/,
	stop: /^(stop|end|offset|to$)/,
	duration: /^duration/,
	time: /^time$|^time \(/,
	status: /^(status|behaviou?r type)$/,
	label: /^(label|code|annotation|behaviou?r|emotion|expression|value)$/,
	subject: /^(subject|tier|person|participant)/
} as const;
type Role = keyof typeof ROLES;

/** Names that other schemes have for the labels of FER2013. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
	angry: ['anger'],
	disgust: ['disgusted'],
	fear: ['fearful', 'afraid', 'scared'],
	happy: ['happiness', 'joy', 'smile', 'smiling'],
	sad: ['sadness'],
	surprise: ['surprised'],
	neutral: ['none', 'no expression', 'rest']
};

/** The label of a model that a code means; null where it means none of them. */
export function labelOfCode(code: string, labels: readonly string[]): string | null {
	const name = code.trim().toLowerCase();
	return labels.find((label) => label.toLowerCase() === name || SYNONYMS[label]?.includes(name) === true) ?? null;
}

/** Rows of a text that is separated by tabs, semicolons or commas. Throws AppError 'codes-unreadable'. */
export async function readRows(text: string): Promise<string[][]> {
	const first = text.split(/\r?\n/).find((line) => line.trim() !== '') ?? '';
	const count = (separator: string): number => first.split(separator).length;
	const delimiter = first.includes('\t') ? '\t' : count(';') > count(',') ? ';' : ',';
	// Few visitors have such a table.
	const { parse } = await import('csv-parse/browser/esm/sync');
	try {
		return parse(text, {
			bom: true,
			delimiter,
			relax_column_count: true,
			relax_quotes: true,
			// Nothing is quoted by tabs: a quote is a quote.
			quote: delimiter === '\t' ? false : '"',
			skip_empty_lines: true,
			trim: true
		});
	} catch (thrown) {
		throw new AppError('codes-unreadable', thrown instanceof Error ? thrown.message : String(thrown), thrown);
	}
}

/** The codes of a table, in the order of time. `endS`: of the film. Throws AppError 'codes-unreadable'. */
export function parseCodes(rows: readonly (readonly string[])[], endS: number): Code[] {
	const codes = withHeader(rows) ?? withoutHeader(rows, endS);
	const sound = codes.filter(({ fromS, toS, label }) => toS > fromS && label.trim() !== '');
	if (sound.length === 0) throw new AppError('codes-unreadable', 'no row has a start, a later stop and a label');
	return sound.sort((a, b) => a.fromS - b.fromS);
}

/** Whom codes are of, in the order of their first ones. */
export function subjectsOf(codes: readonly Code[]): string[] {
	return [...new Set(codes.flatMap(({ subject }) => (subject === null ? [] : [subject])))];
}

function withHeader(rows: readonly (readonly string[])[]): Code[] | null {
	// BORIS writes lines about the observation before the names of the columns.
	const at = rows.findIndex((row) => {
		const roles = row.map(roleOf);
		return roles.includes('label') && (roles.includes('start') || roles.includes('time'));
	});
	const header = rows[at];
	if (header === undefined) return null;
	const columns = header.map((name, index) => ({ role: roleOf(name), index, unit: unitOf(name) }));
	const column = (role: Role) => columns.find((each) => each.role === role);
	const cell = (row: readonly string[], role: Role): string => row[column(role)?.index ?? -1] ?? '';
	const seconds = (row: readonly string[], role: Role): number => {
		const value = parseTime(cell(row, role));
		return value === null ? NaN : column(role)?.unit === 'ms' ? value / 1000 : value;
	};
	const subject = (row: readonly string[]): string | null => cell(row, 'subject') || null;
	const body = rows.slice(at + 1);
	if (column('start') !== undefined) {
		return body.map((row) => {
			const fromS = seconds(row, 'start');
			const toS = column('stop') === undefined ? fromS + seconds(row, 'duration') : seconds(row, 'stop');
			return { fromS, toS, label: cell(row, 'label'), subject: subject(row) };
		});
	}
	// An event a row: a state begins with one and ends with another.
	const open = new Map<string, number>();
	const codes: Code[] = [];
	for (const row of body) {
		const label = cell(row, 'label');
		const key = `${subject(row) ?? ''}\t${label}`;
		const beganS = open.get(key);
		const status = cell(row, 'status').toUpperCase();
		if (status === 'START') open.set(key, seconds(row, 'time'));
		else if (status === 'STOP' && beganS !== undefined) {
			codes.push({ fromS: beganS, toS: seconds(row, 'time'), label, subject: subject(row) });
			open.delete(key);
		}
	}
	return codes;
}

/** ELAN leaves the names of the columns out: tier, begin, end, duration, each time once or in several ways, annotation. */
function withoutHeader(rows: readonly (readonly string[])[], endS: number): Code[] {
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
	if (start === undefined || stop === undefined || label === undefined) return [];
	const all = rows.flatMap((row) => [value(row, start), value(row, stop)]);
	const isMs = all.every(Number.isInteger) && Math.max(...all) > 10 * endS;
	const unit = isMs ? 1000 : 1;
	const subject = words[0] === label ? undefined : words[0];
	return rows.map((row) => ({
		fromS: value(row, start) / unit,
		toS: value(row, stop) / unit,
		label: row[label] ?? '',
		subject: subject === undefined ? null : (row[subject] ?? null)
	}));
}

function roleOf(name: string): Role | null {
	const plain = name.trim().toLowerCase();
	const found = Object.entries(ROLES).find(([, pattern]) => pattern.test(plain));
	return found === undefined ? null : (found[0] as Role);
}

function unitOf(name: string): 's' | 'ms' {
	return /(?<!ss\.)\bmsec\b|\(ms\)|_ms$/i.test(name) ? 'ms' : 's';
}
