/** FER2013 as it is published: `fer2013.csv`, the same gzipped, or `icml_face_data.csv`. */
import { existsSync, openAsBlob, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { FER2013_LABELS, FER2013_SIDE } from '../../src/lib/core/fer2013';
import { openTables, type TableRow } from '../../src/lib/data-sets/tables';
import { UserError, messageOf } from '../lib/errors';
import { requireFile, sha256, writeWhole } from '../lib/files';
import { allocate, type Dataset } from './dataset';

const PIXELS = FER2013_SIDE * FER2013_SIDE;
/** The names of FER2013's parts, in the order of `Dataset.usage`. */
export const USAGES = ['Training', 'PublicTest', 'PrivateTest'] as const;

interface Row {
	readonly label: number;
	readonly usage: number;
	readonly pixels: Uint8Array;
}

/** One row, checked. `line` counts data rows from 1, as the messages do. Throws UserError. */
function readRow({ usage: name, parse }: TableRow, line: number): Row {
	try {
		const { label, pixels } = parse();
		const usage = USAGES.findIndex((each) => each === name);
		if (usage < 0) throw new RangeError(`Usage must be ${USAGES.join(', ')}, but it is "${name?.slice(0, 20) ?? ''}".`);
		return { label: FER2013_LABELS.indexOf(label), usage, pixels };
	} catch (thrown) {
		throw new UserError(`Row ${String(line)}: ${messageOf(thrown)} Download the file again, or remove this row.`);
	}
}

const TAKES = '--data takes fer2013.csv, icml_face_data.csv, or the archive (ZIP, tar, gzip) that it came in.';

/**
 * Reads FER2013 as a stream, from a table or the archive that it came in, with the same code as the page. Throws
 * UserError with the row's number and what was expected; `onBytes` gets how many of the file's bytes are read.
 */
export async function readFer2013(file: string, onBytes: (done: number) => void = () => undefined): Promise<Dataset> {
	requireFile(file, TAKES);
	if (statSync(file).size === 0) throw new UserError(`${file} is empty. Download it again.`);
	const rows: Row[] = [];
	/** Tables that do not say which of their rows are for training. */
	const bare: string[] = [];
	let read = '';
	try {
		const blob = await openAsBlob(file);
		for await (const table of openTables([{ name: path.basename(file), file: blob }], onBytes, () => undefined)) {
			if (rows.length > 0)
				throw new UserError(`${file} holds both ${read} and ${table.name}: unpack it, and name one of them.`);
			for await (const row of table.rows) {
				if (row.usage === null) {
					bare.push(table.name);
					break;
				}
				rows.push(readRow(row, rows.length + 1));
			}
			read = table.name;
		}
	} catch (thrown) {
		if (thrown instanceof UserError) throw thrown;
		if (rows.length === 0) throw new UserError(`${file} cannot be read: ${messageOf(thrown)}. ${TAKES}`);
		const after = `after row ${String(rows.length)}: ${messageOf(thrown)}`;
		throw new UserError(`${file} is damaged ${after}. A whole FER2013 has 35,887 rows; download it again.`);
	}
	if (rows.length > 0) return pack(rows);
	throw new UserError(
		bare.length > 0
			? `The first line must name the columns emotion, pixels and Usage, but ${bare.join(', ')} has no column Usage.`
			: `${file} has a header but no rows. Download it again.`
	);
}

function pack(rows: readonly Row[]): Dataset {
	const dataset = allocate(rows.length);
	for (const [index, row] of rows.entries()) {
		dataset.pixels.set(row.pixels, index * PIXELS);
		dataset.labels[index] = row.label;
		dataset.usage[index] = row.usage;
	}
	return dataset;
}

const CACHE_MAGIC = 'mien-fer2013-1\n';

/** The prepared copy of a data file: named by its path, size and time, so that a changed file is read again. */
function cacheFile(file: string, cacheDir: string): string {
	const { size, mtimeMs } = statSync(file);
	return path.join(cacheDir, `${sha256(path.resolve(file), String(size), String(mtimeMs)).slice(0, 16)}.bin`);
}

/**
 * Reads FER2013 through a prepared binary copy in `cacheDir`, made if it is missing or damaged. Layout of the copy:
 * magic, SHA-256 of the rest in hex, labels [n], usage [n], pixels [n, 2304].
 */
export async function loadFer2013(file: string, cacheDir: string, onBytes?: (done: number) => void): Promise<Dataset> {
	const cached = existsSync(file) ? cacheFile(file, cacheDir) : undefined;
	if (cached !== undefined && existsSync(cached)) {
		const dataset = unpack(readFileSync(cached));
		if (dataset) return dataset;
	}
	const dataset = await readFer2013(file, onBytes);
	const body = [dataset.labels, dataset.usage, dataset.pixels];
	writeWhole(cacheFile(file, cacheDir), [CACHE_MAGIC, sha256(...body), ...body]);
	return dataset;
}

/** The data set in a prepared copy, or undefined if the copy is not whole. */
function unpack(bytes: Uint8Array): Dataset | undefined {
	const header = CACHE_MAGIC.length + 64;
	const n = (bytes.length - header) / (PIXELS + 2);
	if (!Number.isInteger(n) || n <= 0) return undefined;
	const text = new TextDecoder('latin1').decode(bytes.subarray(0, header));
	const body = bytes.subarray(header);
	if (text !== CACHE_MAGIC + sha256(body)) return undefined;
	const dataset = allocate(n);
	dataset.labels.set(body.subarray(0, n));
	dataset.usage.set(body.subarray(n, 2 * n));
	dataset.pixels.set(body.subarray(2 * n));
	return dataset;
}
