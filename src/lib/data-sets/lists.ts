/** Lists of labels beside their pictures: "train_00001.jpg 5", or a table with a column of names and one of labels. */
import { splitFields } from '../core/fer2013';
import { labelNamed } from '../core/labels';
import { isNumber } from './folders';
import { isPictureName } from './names';
import { piecesOf } from './pieces';
import { linesOf, recordsOf, type NamedBlob } from './tables';

export interface ListedLabels {
	/** The label of each picture, by its path; if lists contradict each other, all their labels. */
	readonly labels: ReadonlyMap<string, string>;
	/** Names of the lists with these labels. */
	readonly lists: readonly string[];
	/** Number of pictures that they name but that are not among the paths. */
	readonly missing: number;
	/** Lists that name pictures but have no clear column of labels, or that break off. */
	readonly unclear: readonly string[];
}

/** Rows used to identify the columns. */
const SAMPLE_ROWS = 100;
/** The name of the label column, or part of it; lower case, letters only. */
const LABEL_NAMES = /^(class|target|category|y|expr)$|label|emotion|expression/;
/** Names of columns whose numbers are no labels, in the same spelling. */
const OTHER_NAMES =
	/^(id|index|no|nr|gender|sex|age|race|fold|split|usage|subject|person|user|face|width|height)(id)?$/;
const SEPARATORS = [',', ';', '\t', '|'];
/** Suffix that RAF-DB's aligned pictures have, but the names in its list lack. */
const ADDED_TO_NAMES = /_aligned$/;

/** What these lists say about the pictures with these paths. Files that name none of them are skipped. */
export async function readLists(lists: readonly NamedBlob[], paths: readonly string[]): Promise<ListedLabels> {
	const said = new Map<string, Set<string>>();
	const used: string[] = [];
	const unclear: string[] = [];
	let missing = 0;
	for (const { name, file } of lists) {
		const find = finderFor(name, pathsAround(name, paths));
		try {
			const read = await readList(piecesOf(file.stream()), find);
			if (read === null) continue;
			if (read === 'unclear') {
				unclear.push(name);
				continue;
			}
			used.push(name);
			missing += read.missing;
			for (const [path, label] of read.rows) said.set(path, (said.get(path) ?? new Set()).add(label));
		} catch {
			// Not text, so not a list.
		}
	}
	return {
		labels: new Map([...said].map(([path, labels]) => [path, [...labels].join(' / ')])),
		lists: used,
		missing,
		unclear
	};
}

interface ReadList {
	readonly rows: readonly (readonly [path: string, label: string])[];
	readonly missing: number;
}

/** Null if it names no pictures. */
async function readList(
	pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
	find: (name: string) => string | undefined
): Promise<ReadList | 'unclear' | null> {
	const lines = recordsOf(linesOf(pieces));
	try {
		const sample: string[][] = [];
		let separator: string | null | undefined;
		while (sample.length < SAMPLE_ROWS) {
			const next = await lines.next();
			if (next.done === true) break;
			separator ??= SEPARATORS.find((each) => next.value.text.includes(each)) ?? null;
			sample.push(fieldsOf(next.value.text, separator));
		}
		// Of a whole data set's list, often few pictures are here.
		const nameAt = mostOften(sample, (field) => find(field) !== undefined) ?? mostOften(sample, isPictureName);
		if (nameAt === null) return null;
		const labelAt = labelColumn(sample, nameAt, find);
		const rows: [string, string][] = [];
		let missing = 0;
		const take = (fields: readonly string[]): void => {
			const [name = '', label = ''] = [fields[nameAt], fields[labelAt ?? -1]];
			const path = find(name);
			if (path !== undefined) rows.push([path, label]);
			else if (isPictureName(name)) missing++;
		};
		for (const fields of sample) take(fields);
		try {
			for await (const { text } of lines) take(fieldsOf(text, separator ?? null));
		} catch {
			// Half a list is useless.
			return 'unclear';
		}
		if (rows.length === 0) return null;
		return labelAt === null ? 'unclear' : { rows, missing };
	} finally {
		await lines.return(undefined);
	}
}

/** The fields of a line; separator null: spaces, which a picture's name may contain as well. */
function fieldsOf(line: string, separator: string | null): string[] {
	if (separator !== null) return splitFields(line, separator).map((field) => field.trim());
	const [, name, others] = /^\s*(.*?\.(?:jpe?g|png|bmp|webp|tiff?))\s+(.*)$/i.exec(line) ?? [];
	const rest = (others ?? line).trim().split(/\s+/);
	return name === undefined ? rest : [name, ...rest];
}

/** The column that matches most often, in at least half of the rows. */
function mostOften(rows: readonly (readonly string[])[], is: (field: string) => boolean): number | null {
	const counts: number[] = [];
	for (const row of rows) for (const [at, field] of row.entries()) if (is(field)) counts[at] = (counts[at] ?? 0) + 1;
	const most = Math.max(0, ...counts.filter((count) => count > 0));
	return most > 0 && most * 2 >= rows.length - 1 ? counts.indexOf(most) : null;
}

/** The column of labels, by its name; otherwise the only other column that holds labels. */
function labelColumn(
	sample: readonly (readonly string[])[],
	nameAt: number,
	find: (name: string) => string | undefined
): number | null {
	const [head = []] = sample;
	const hasHead = find(head[nameAt] ?? '') === undefined && !isPictureName(head[nameAt] ?? '');
	const rows = hasHead ? sample.slice(1) : sample;
	const share = (at: number, is: (field: string) => boolean): number =>
		rows.filter((row) => is(row[at] ?? '')).length / Math.max(1, rows.length);
	const isWord = (field: string): boolean => labelNamed(field) !== undefined;
	const others = head.map((_, at) => at).filter((at) => at !== nameAt);
	const called = others.filter((at) => hasHead && LABEL_NAMES.test(plain(head[at] ?? '')));
	// Some lists have both the label in words and its number.
	const named = called.find((at) => share(at, isWord) > 0.5) ?? called.find((at) => share(at, isNumber) > 0.5);
	if (named !== undefined) return named;
	const isOther = (at: number): boolean => hasHead && OTHER_NAMES.test(plain(head[at] ?? ''));
	const holding = others.filter((at) => share(at, (field) => isWord(field) || (isNumber(field) && !isOther(at))) > 0.5);
	return holding.length === 1 ? (holding[0] ?? null) : null;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}]/gu, '');

/** The paths below the nearest folder around a list that holds any. */
function pathsAround(list: string, paths: readonly string[]): readonly string[] {
	for (let end = list.lastIndexOf('/'); end >= 0; end = list.lastIndexOf('/', end - 1)) {
		const own = paths.filter((path) => path.startsWith(list.slice(0, end + 1)));
		if (own.length > 0) return own;
		if (end === 0) break;
	}
	return paths;
}

/** Like `finderOf`; if several folders have a name, the one counts that the list is named after, as "train_labels.csv". */
function finderFor(list: string, paths: readonly string[]): (name: string) => string | undefined {
	const own = /[^\W_]+/.exec(list.split('/').at(-1) ?? '')?.[0].toLowerCase() ?? '';
	const find = finderOf(paths);
	const findInOwn = finderOf(paths.filter((path) => `/${path.toLowerCase()}`.includes(`/${own}/`)));
	return (name) => find(name) ?? findInOwn(name);
}

/**
 * Returns a function that finds the path that a list means by a name, which may have more or fewer folders, or no
 * extension; undefined if there is none, or several.
 */
function finderOf(paths: readonly string[]): (name: string) => string | undefined {
	const exact = new Map<string, string | undefined>();
	const loose = new Map<string, string | undefined>();
	for (const path of paths)
		for (const end of endsOf(path)) {
			exact.set(end, exact.has(end) ? undefined : path);
			loose.set(stem(end), loose.has(stem(end)) ? undefined : path);
		}
	return (name) => {
		if (name === '') return undefined;
		const ends = endsOf(name);
		const known = ends.find((end) => exact.has(end));
		if (known !== undefined) return exact.get(known);
		return loose.get(ends.map(stem).find((end) => loose.has(end)) ?? '');
	};
}

/** A path, with one more leading folder removed each time. */
function endsOf(path: string): string[] {
	const parts = path
		.toLowerCase()
		.split(/[\\/]/)
		.filter((part) => part !== '' && part !== '.');
	return parts.map((_, at) => parts.slice(at).join('/'));
}

const stem = (name: string): string => name.replace(/\.\w+$/, '').replace(ADDED_TO_NAMES, '');
