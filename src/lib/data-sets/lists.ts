/** Lists of labels beside their pictures: "train_00001.jpg 5", or a table with a column of names and one of labels. */
import { splitFields } from '../core/fer2013';
import { labelNamed } from '../core/labels';
import { labelReader } from './columns';
import { finderFor } from './find-paths';
import { isPictureName } from './names';
import { piecesOf } from './pieces';
import { after, linesOf, recordsOf, type NamedBlob } from './tables';

export interface ListedLabels {
	/** The label of each picture, by its path; if lists contradict each other, all their labels. */
	readonly labels: ReadonlyMap<string, string>;
	/** Names of the lists with these labels. */
	readonly lists: readonly string[];
	/** Number of pictures that they name but that are not among the paths. */
	readonly missing: number;
	/** Lists that name pictures but do not say their labels clearly, or that break off. */
	readonly unclear: readonly UnusedList[];
}

/** A list that names pictures, but whose labels are not used. */
export interface UnusedList {
	readonly name: string;
	readonly reason: string;
}

/** Rows used to identify the columns. */
const SAMPLE_ROWS = 100;

/** What these lists say about the pictures with these paths. Files that name none of them are skipped. */
export async function readLists(lists: readonly NamedBlob[], paths: readonly string[]): Promise<ListedLabels> {
	const said: ReadList['rows'][] = [];
	const used: string[] = [];
	const unclear: UnusedList[] = [];
	let missing = 0;
	for (const { name, file } of lists) {
		const find = finderFor(name, paths);
		try {
			const read = await readList(piecesOf(file.stream()), find);
			if (read === null) continue;
			if (typeof read === 'string') {
				unclear.push({ name, reason: read });
				continue;
			}
			used.push(name);
			missing += read.missing;
			said.push(read.rows);
		} catch {
			// Not text, so not a list.
		}
	}
	return { labels: joined(said.flat()), lists: used, missing, unclear };
}

/** The label of each path; different ones for the same path with ' / ' between them. */
export function joined(said: readonly (readonly [path: string, label: string])[]): Map<string, string> {
	const all = new Map<string, Map<string, string>>();
	for (const [path, label] of said)
		all.set(path, (all.get(path) ?? new Map<string, string>()).set(labelNamed(label)?.label ?? label, label));
	return new Map([...all].map(([path, labels]) => [path, [...labels.values()].join(' / ')]));
}

interface ReadList {
	readonly rows: readonly (readonly [path: string, label: string])[];
	readonly missing: number;
}

/** Null if it names no pictures; a text if it does, but gives them no clear labels, and why. */
async function readList(
	pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
	find: (name: string) => string | undefined
): Promise<ReadList | string | null> {
	const lines = linesOf(pieces);
	try {
		const first = await lines.next();
		if (first.done === true) return null;
		const isJson = first.value.text.trimStart().startsWith('{');
		const records = isJson ? after(first.value, lines) : recordsOf(after(first.value, lines));
		const sample: string[] = [];
		while (sample.length < SAMPLE_ROWS) {
			const next = await records.next();
			if (next.done === true) break;
			// Which spreadsheets write before the first row.
			if (!/^sep=.$/i.test(next.value.text.trim())) sample.push(next.value.text);
		}
		const names = isJson ? [...new Set(sample.flatMap((line) => Object.keys(objectIn(line))))] : null;
		const layout = names === null ? layoutOf(sample, LINES, find) : layoutOf(sample, [fieldsNamed(names)], find, names);
		if (layout === null) return null;
		const { fieldsOf, nameAt, rows: sampled } = layout;
		const read = labelReader(sampled, nameAt, (field) => find(field) !== undefined || isPictureName(field));
		const rows: [string, string][] = [];
		let missing = 0;
		const take = (fields: readonly string[]): void => {
			const name = fields[nameAt] ?? '';
			const path = find(name);
			if (path !== undefined) rows.push([path, typeof read === 'string' ? '' : read(fields)]);
			else if (isPictureName(name)) missing++;
		};
		for (const fields of sampled) take(fields);
		try {
			for await (const { text } of records) take(fieldsOf(text));
		} catch (thrown) {
			// Half a list is useless.
			return `it breaks off: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
		}
		if (rows.length === 0) return null;
		return typeof read === 'string' ? read : { rows, missing };
	} finally {
		await lines.return(undefined);
	}
}

type SplitRow = (line: string) => string[];

interface Layout {
	readonly fieldsOf: SplitRow;
	/** The column of names. */
	readonly nameAt: number;
	/** The sample. */
	readonly rows: readonly (readonly string[])[];
}

/** The first way to split rows that gives a column of names; null if none does. `head`: names of the fields. */
function layoutOf(
	sample: readonly string[],
	ways: readonly SplitRow[],
	find: (name: string) => string | undefined,
	head?: readonly string[]
): Layout | null {
	const layouts = ways.map((fieldsOf) => ({
		fieldsOf,
		rows: [...(head === undefined ? [] : [head]), ...sample.map(fieldsOf)]
	}));
	// Of a whole data set's list, often few pictures are here.
	for (const is of [(field: string) => find(field) !== undefined, isPictureName])
		for (const { fieldsOf, rows } of layouts) {
			const nameAt = mostOften(rows, is);
			if (nameAt !== null) return { fieldsOf, rows, nameAt };
		}
	return null;
}

/** The JSON object in a line; an empty one if it is damaged. */
function objectIn(line: string): Readonly<Record<string, unknown>> {
	try {
		return JSON.parse(line) as Readonly<Record<string, unknown>>;
	} catch {
		return {};
	}
}

const fieldsNamed =
	(names: readonly string[]): SplitRow =>
	(line) => {
		const row = objectIn(line);
		return names.map((name) => textOf(row[name]));
	};

function textOf(value: unknown): string {
	if (Array.isArray(value)) return value.map(textOf).join(' / ');
	if (typeof value === 'boolean' || typeof value === 'number') return String(value);
	return typeof value === 'string' ? value.trim() : '';
}

/** Spaces are between fields, but a picture's name may contain them as well. */
function spacedFields(line: string): string[] {
	const [, name, others] = /^\s*(.*?\.(?:jpe?g|png|bmp|webp|tiff?))\s+(.*)$/i.exec(line) ?? [];
	const rest = (others ?? line).trim().split(/\s+/);
	return name === undefined ? rest : [name, ...rest];
}

/** How lines may be split. */
const LINES: readonly SplitRow[] = [
	...[',', ';', '\t', '|'].map(
		(separator) => (line: string) => splitFields(line, separator).map((field) => field.trim())
	),
	spacedFields
];

/** The column that matches most often, in at least half of the rows. */
function mostOften(rows: readonly (readonly string[])[], is: (field: string) => boolean): number | null {
	const counts: number[] = [];
	for (const row of rows) for (const [at, field] of row.entries()) if (is(field)) counts[at] = (counts[at] ?? 0) + 1;
	const most = Math.max(0, ...counts.filter((count) => count > 0));
	return most > 0 && most * 2 >= rows.length - 1 ? counts.indexOf(most) : null;
}
