/** Rows of a FER2013 file, gzipped or not, read as a stream: a file of 300 MB need not fit into memory as text. */
import { columnsOf, parseRow, splitFields, usageOf, type Fer2013Columns, type Fer2013Row } from '../core/fer2013';
import { createLineSplitter } from '../core/lines';
import { AppError, toAppError } from '../errors';
import type { CsvSplit } from '../protocol/tasks';

/** A row that is wanted, or what is wrong with it. `line`: its number in the file, counted from 1. */
export type ReadRow = { readonly line: number } & (Fer2013Row | { readonly fault: string });

const USAGES: Readonly<Record<CsvSplit, readonly string[] | null>> = {
	private: ['PrivateTest'],
	public: ['PublicTest'],
	paper: ['PublicTest', 'PrivateTest'],
	training: ['Training'],
	all: null
};

/**
 * The rows of a split. A file that does not tell the usage of its rows has one split: all. `onBytes` is told how much of
 * the file has been read. Throws AppError 'data-unreadable' for what is no such file, and where it breaks off.
 */
export async function* readFer2013(
	file: Blob,
	split: CsvSplit,
	onBytes: (done: number) => void
): AsyncGenerator<ReadRow> {
	const usages = USAGES[split];
	const lines = createLineSplitter();
	/** Null until the first line was read. */
	const header: { columns: Fer2013Columns | null } = { columns: null };
	let line = 0;
	const read = function* (texts: readonly string[]): Generator<ReadRow> {
		for (const text of texts) {
			line++;
			if (text.trim() === '') continue;
			if (header.columns === null) {
				header.columns = columnsOf(splitFields(text));
				continue;
			}
			const fields = splitFields(text);
			const usage = usageOf(fields, header.columns);
			if (usages !== null && usage !== null && !usages.includes(usage)) continue;
			try {
				yield { line, ...parseRow(fields, header.columns) };
			} catch (error) {
				yield { line, fault: toAppError(error, 'data-unreadable').message };
			}
		}
	};
	try {
		const reader = (await textOf(file, onBytes)).getReader();
		for (let piece = await reader.read(); !piece.done; piece = await reader.read())
			yield* read(lines.push(piece.value));
		yield* read(lines.end());
	} catch (error) {
		const { message } = toAppError(error, 'data-unreadable');
		throw new AppError('data-unreadable', `line ${header.columns === null ? 1 : line + 1}: ${message}`, error);
	}
	if (header.columns === null) throw new AppError('data-unreadable', 'the file is empty');
}

async function textOf(file: Blob, onBytes: (done: number) => void): Promise<ReadableStream<string>> {
	const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
	let done = 0;
	const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
		transform(piece, controller) {
			done += piece.byteLength;
			onBytes(done);
			controller.enqueue(piece);
		}
	});
	const bytes = file.stream().pipeThrough(counter);
	const plain = first === 0x1f && second === 0x8b ? bytes.pipeThrough(new DecompressionStream('gzip')) : bytes;
	return plain.pipeThrough(new TextDecoderStream());
}
