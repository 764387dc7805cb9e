/** Reads rows of FER2013 from the files in which people have it: tables, alone or in archives, read as streams. */
import {
	columnsOf,
	columnsWithoutNames,
	gatherPixels,
	labelNumberOf,
	parseRow,
	separatorOf,
	splitFields,
	usageOf,
	type Fer2013Columns,
	type Fer2013Row
} from '../core/fer2013';
import type { Numbering } from '../core/labels';
import { createLineSplitter } from '../core/lines';
import { AppError } from '../errors';
import { openArchive, type Inner, type Pieces } from './archives';
import { createTextDecoder } from './text';
import { isPictureName, isTableName } from './names';

export interface NamedBlob {
	readonly name: string;
	readonly file: Blob;
}

/** A row of a table. */
export interface TableRow {
	/** Number of its line, counted from 1. */
	readonly line: number;
	/** Training, PublicTest and PrivateTest in their usual spelling; null if the table has no such column. */
	readonly usage: string | null;
	/** The number that is its label; null if that is a word, or missing. */
	readonly number: number | null;
	/** Throws RangeError that says what is wrong with the row. By default numbers mean the same as in FER2013. */
	readonly parse: (numbers?: Numbering['labels']) => Fer2013Row;
}

/** Counts for a table. */
export interface TableInfo {
	readonly name: string;
	readonly rows: number;
	/** Number of rows by their usage, in the order of the file. */
	readonly usages: readonly { readonly usage: string | null; readonly rows: number }[];
	/** The numbers that its rows use as labels, in ascending order. */
	readonly numbers: readonly number[];
}

const LISTS_FILES =
	'it names picture files, but holds no pictures: put it into the folder of its pictures, and choose that folder';
const NO_ROWS = 'it has column names but no rows';

interface Table {
	readonly name: string;
	readonly rows: AsyncIterable<TableRow>;
}

/**
 * The tables in these files, one after another; each must be read, or abandoned, before the next. Files without rows of
 * FER2013 are passed to `skip`, with the reason. Throws AppError 'data-unreadable' if nothing can be read, or a file
 * breaks off.
 */
export async function* openTables(
	files: readonly NamedBlob[],
	onBytes: (done: number) => void,
	skip: (name: string, reason: string) => void
): AsyncGenerator<Table> {
	let before = 0;
	let tables = 0;
	let pictures = 0;
	let reason = 'it holds no table';
	const wants = (inner: string): boolean => {
		if (isPictureName(inner)) pictures++;
		if (inner.endsWith('/xl/workbook.xml')) reason = 'it is an Excel file: save it as CSV';
		if (/\.(parquet|arrow|xlsx?|jsonl?|npy|npz|h5|mat)$/i.test(inner))
			reason = `${inner} is of a kind that is not read here: save it as CSV`;
		return isTableName(inner);
	};
	const isAlone = files.length === 1;
	for (const { name, file } of files) {
		try {
			if (file.size === 0) throw new RangeError('the file is empty');
			const visit = { wants, onBytes: (done: number) => onBytes(before + done) };
			for await (const inner of openArchive(name, file, visit)) {
				const opened = await openTable(inner);
				if (typeof opened === 'string') {
					reason = inner.name.startsWith(`${name}/`) ? `${inner.name}: ${opened}` : opened;
					skip(inner.name, opened);
					continue;
				}
				tables++;
				yield opened;
			}
		} catch (thrown) {
			const message = thrown instanceof Error ? thrown.message : String(thrown);
			if (isAlone || tables > 0) throw new AppError('data-unreadable', message, thrown);
			reason = message;
			skip(name, message);
		}
		before += file.size;
	}
	if (tables > 0) return;
	if (pictures > 0) reason = `it holds pictures (${pictures}) but no table: unpack it, and choose its folder`;
	throw new AppError('data-unreadable', reason);
}

/** What the tables in these files hold, without reading their pictures. Throws like `openTables`. */
export async function inspectTables(
	files: readonly NamedBlob[],
	onBytes: (done: number) => void,
	skip: (name: string, reason: string) => void
): Promise<TableInfo[]> {
	const found: TableInfo[] = [];
	for await (const { name, rows } of openTables(files, onBytes, skip)) {
		const usages = new Map<string | null, number>();
		const numbers = new Set<number>();
		let count = 0;
		for await (const { usage, number } of rows) {
			count++;
			if (number !== null) numbers.add(number);
			// If the column is not a usage at all, it differs in every row: no data set has so many parts.
			const key = usages.has(usage) || usages.size < 50 ? usage : '';
			usages.set(key, (usages.get(key) ?? 0) + 1);
		}
		if (count === 0) {
			skip(name, NO_ROWS);
			continue;
		}
		found.push({
			name,
			rows: count,
			usages: [...usages].map(([usage, rows]) => ({ usage, rows })),
			numbers: [...numbers].sort((a, b) => a - b)
		});
	}
	if (found.length === 0) throw new AppError('data-unreadable', NO_ROWS);
	return found;
}

/** The table, or why it is not one. */
async function openTable({ name, pieces }: Inner): Promise<Table | string> {
	const lines = recordsOf(linesOf(pieces));
	let first = await lines.next();
	// Skips spreadsheets' "sep=" lines, and comments.
	const told = first.done === true ? undefined : /^sep=(.)$/i.exec(first.value.text.trim())?.[1];
	while (first.done !== true && (/^sep=.$/i.test(first.value.text.trim()) || first.value.text.startsWith('#')))
		first = await lines.next();
	if (first.done === true) return 'it is empty';
	try {
		const { text } = first.value;
		const separator = told ?? separatorOf(text);
		const fields = splitFields(text, separator);
		const unnamed = columnsWithoutNames(fields);
		if (unnamed !== null) return { name, rows: rowsOf(after(first.value, lines), unnamed, separator, null) };
		const columns = columnsOf(fields, separator);
		const row = await lines.next();
		if (row.done === true) return { name, rows: rowsOf(lines, columns, separator, text) };
		// Lists as in RAF-DB and others: "image,label", then "train_00001.jpg,5".
		if (isPictureName((splitFields(row.value.text, separator)[columns.pixels] ?? '').trim())) {
			await lines.return(undefined);
			return LISTS_FILES;
		}
		return { name, rows: rowsOf(after(row.value, lines), columns, separator, text) };
	} catch (thrown) {
		await lines.return(undefined);
		return thrown instanceof Error ? thrown.message : String(thrown);
	}
}

export async function* after<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T, undefined> {
	yield first;
	yield* others;
	return undefined;
}

/** For a picture that was printed in rows, within quotes. */
const MOST_LINES = 200;

/** Lines, joined while quotes are still open at their end. */
export async function* recordsOf(
	lines: AsyncIterable<{ line: number; text: string }>
): AsyncGenerator<{ line: number; text: string }, undefined> {
	let open: { line: number; texts: string[] } | null = null;
	for await (const { line, text } of lines) {
		const isOdd: boolean = text.includes('"') && text.split('"').length % 2 === 0;
		if (open === null && !isOdd) yield { line, text };
		else if (open === null) open = { line, texts: [text] };
		else {
			open.texts.push(text);
			if (!isOdd && open.texts.length < MOST_LINES) continue;
			yield { line: open.line, text: open.texts.join('\n') };
			open = null;
		}
	}
	if (open !== null) yield { line: open.line, text: open.texts.join('\n') };
	return undefined;
}

/** `names`: the header line, which is repeated if tables were joined. */
async function* rowsOf(
	lines: AsyncIterable<{ line: number; text: string }>,
	columns: Fer2013Columns,
	separator: string,
	names: string | null
): AsyncGenerator<TableRow> {
	for await (const { line, text } of lines) {
		if (text.replace(BYTE_ORDER_MARKS, '') === names?.replace(BYTE_ORDER_MARKS, '')) continue;
		const fields = gatherPixels(splitFields(text, separator), columns);
		yield {
			line,
			usage: usageOf(fields, columns),
			number: labelNumberOf(fields, columns),
			parse: (numbers) => parseRow(fields, columns, numbers)
		};
	}
}

const BYTE_ORDER_MARKS = /^\uFEFF+/;
/** Ctrl-Z, with which old systems end or pad a file. */
const END_OF_FILE = '\u001A';
const isEmpty = (text: string): boolean => text.replaceAll(END_OF_FILE, '').trim() === '';

/**
 * Lines that are not empty. Throws AppError 'data-unreadable' with the line number if the file breaks off or is not
 * text.
 */
export async function* linesOf(pieces: Pieces): AsyncGenerator<{ line: number; text: string }, undefined> {
	const splitter = createLineSplitter();
	let line = 0;
	let decode: ReturnType<typeof createTextDecoder> | null = null;
	try {
		for await (const piece of pieces) {
			decode ??= createTextDecoder(piece);
			for (const text of splitter.push(decode(piece))) {
				line++;
				if (!isEmpty(text)) yield { line, text };
			}
		}
		for (const text of [...splitter.push(decode?.(null) ?? ''), ...splitter.end()]) {
			line++;
			if (!isEmpty(text)) yield { line, text };
		}
	} catch (thrown) {
		const message = thrown instanceof Error ? thrown.message : String(thrown);
		throw new AppError('data-unreadable', `line ${line + 1}: ${message}`, thrown);
	}
	return undefined;
}
