/** Reads files in gzip, tar and ZIP archives as streams, also nested, without holding a whole archive in memory. */
import { gunzip } from './gunzip';
import { isClutter } from './names';
import { piecesOf } from './pieces';

export type Pieces = AsyncIterable<Uint8Array<ArrayBuffer>>;

/** A file, or one of an archive. */
export interface Inner {
	/** With the archives and folders around it: "archive.zip/fer2013/fer2013.csv". */
	readonly name: string;
	/** To be read, or abandoned, before the next file is requested. */
	readonly pieces: Pieces;
}

const HEAD_BYTES = 512;
/** Deeper nesting is malicious. */
const MOST_ARCHIVES_AROUND = 4;
/** A ZIP within another archive is held in memory, as its directory is at its end. */
const MOST_NESTED_BYTES = 1024 * 1024 * 1024;

/** The start of a ZIP: with a file, with its end, or as one of several parts. */
const ZIP = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'];

/** Kinds of files that are not opened here, by their first bytes. */
const OTHERS: readonly (readonly [string, string])[] = [
	['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
	['Rar!', 'a RAR archive'],
	['BZh', 'a bzip2 archive'],
	['\xfd7zXZ', 'an xz archive'],
	['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
	['PAR1', 'a Parquet file: save it as CSV'],
	['\x89HDF', 'an HDF5 file: save it as CSV'],
	['\x93NUMPY', 'a NumPy file: save it as CSV'],
	['\xd0\xcf\x11\xe0', 'an Excel file: save it as CSV'],
	['%PDF', 'a PDF'],
	['\xff\xd8\xff', 'a picture'],
	['\x89PNG', 'a picture'],
	['<!DOCTYPE', 'a web page'],
	['<!doctype', 'a web page'],
	['<html', 'a web page'],
	['[{', 'a JSON file: save it as CSV'],
	['{"', 'a JSON file: save it as CSV'],
	['version https://git-lfs', 'a pointer of Git LFS, not the file itself']
];

export interface Visit {
	/** Called with how many bytes of the file were read. */
	readonly onBytes: (done: number) => void;
	/** Whether to open a file of an archive, by its name; others are not read. */
	readonly wants: (name: string) => boolean;
	/**
	 * Called for each file of a ZIP that cannot be unpacked and is skipped; without it, the first such file ends
	 * reading.
	 */
	readonly onDamaged?: (name: string) => void;
	/** Called with how many bytes gzip produced, needed or not; may throw to stop. */
	readonly onUnpacked?: (done: number) => void;
}

/**
 * The wanted files in `file`, or `file` itself if it is not an archive, in order. Throws RangeError that says what is
 * wrong: damaged, cut off, protected, or of a kind that is not opened here.
 */
export async function* openArchive(name: string, file: Blob, visit: Visit): AsyncGenerator<Inner> {
	const head = latin1(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
	if (isZip(head)) yield* openZip(name, file, visit, 0);
	else yield* openStream(name, counted(piecesOf(file.stream()), visit.onBytes), visit, 0);
}

const isZip = (head: string): boolean => ZIP.some((start) => head.startsWith(start));

async function* openStream(name: string, pieces: Pieces, visit: Visit, depth: number): AsyncGenerator<Inner> {
	if (depth > MOST_ARCHIVES_AROUND) throw new RangeError(`${name} holds archives within archives: unpack it`);
	const { head, all } = await peek(pieces);
	const text = latin1(head);
	if (isZip(text)) {
		yield* openZip(name, await whole(name, all, visit), visit, depth);
	} else if (text.startsWith('\x1f\x8b')) {
		const inner = name.replace(/\.gz$/i, '').replace(/\.tgz$/i, '.tar');
		yield* openStream(inner, counted(gunzip(all), visit.onUnpacked ?? (() => undefined)), visit, depth + 1);
	} else if (text.slice(257, 262) === 'ustar') {
		yield* openTar(name, all, visit, depth);
	} else {
		const begin = text.replace(/^(\xef\xbb\xbf)?\s*/, '');
		const other = OTHERS.find(([start]) => begin.startsWith(start))?.[1];
		if (other !== undefined && depth === 0) throw new RangeError(`${name} is ${other}`);
		yield { name, pieces: all };
	}
}

async function* openTar(name: string, pieces: Pieces, visit: Visit, depth: number): AsyncGenerator<Inner> {
	const { createTarDecoder } = await import('modern-tar');
	const entries = streamOf(pieces).pipeThrough(createTarDecoder({ strict: true }));
	let found = 0;
	for await (const { header, body } of piecesOf(entries)) {
		const inner = `${name}/${header.name.replace(/^(\.?\/)+/, '')}`;
		if (header.type === 'file') found++;
		if (header.type !== 'file' || isClutter(inner) || !visit.wants(inner)) await body.cancel();
		else yield* openStream(inner, piecesOf(body as ReadableStream<Uint8Array<ArrayBuffer>>), visit, depth + 1);
	}
	if (found === 0) throw new RangeError(`${name} is an empty archive`);
}

async function whole(name: string, pieces: Pieces, { onUnpacked }: Visit): Promise<Blob> {
	const parts: Uint8Array<ArrayBuffer>[] = [];
	let bytes = 0;
	for await (const piece of pieces) {
		bytes += piece.length;
		onUnpacked?.(bytes);
		if (bytes > MOST_NESTED_BYTES) throw new RangeError(`${name} is a large archive within another: unpack it`);
		parts.push(piece);
	}
	return new Blob(parts);
}

async function* openZip(name: string, file: Blob, visit: Visit, depth: number): AsyncGenerator<Inner> {
	const { BlobReader, configure, ZipReader } = await import('@zip.js/zip.js/lib/zip-core-native.js');
	// Its workers are loaded from blob: addresses, which the page's security policy forbids.
	configure({ useWebWorkers: false });
	const reader = new ZipReader(new BlobReader(file), { checkSignature: true });
	let done = 0;
	try {
		for await (const entry of reader.getEntriesGenerator()) {
			// Some Windows programs write backslashes.
			const inner = `${name}/${entry.filename.replaceAll('\\', '/')}`;
			if (entry.directory || isClutter(inner) || !visit.wants(inner)) continue;
			if (entry.encrypted) throw new RangeError(`${inner} is protected by a password: unpack the archive`);
			const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
			// An entry that cannot be opened neither writes to nor closes its stream.
			const failed = new Promise<never>((_, reject) => {
				entry.getData(writable).catch(reject);
			});
			failed.catch(() => undefined);
			const pieces = piecesOf(readable, failed);
			try {
				yield* openStream(inner, pieces, visit, depth + 1);
			} catch (thrown) {
				if (visit.onDamaged === undefined) throw thrown;
				visit.onDamaged(inner);
			}
			await pieces.return(undefined);
			done += entry.compressedSize;
			// For a nested ZIP, the outer archive reports progress.
			if (depth === 0) visit.onBytes(done);
		}
	} catch (thrown) {
		if (thrown instanceof RangeError) throw thrown;
		const message = thrown instanceof Error ? thrown.message : String(thrown);
		throw new RangeError(`${name} is damaged or cut off (${message})`, { cause: thrown });
	} finally {
		await reader.close().catch(() => undefined);
	}
}

/** The first bytes, and all pieces including them. */
async function peek(pieces: Pieces): Promise<{ head: Uint8Array; all: Pieces }> {
	const iterator = pieces[Symbol.asyncIterator]();
	const first: Uint8Array<ArrayBuffer>[] = [];
	let length = 0;
	while (length < HEAD_BYTES) {
		const next = await iterator.next();
		if (next.done === true) break;
		first.push(next.value);
		length += next.value.length;
	}
	const head = new Uint8Array(length);
	let at = 0;
	for (const piece of first) {
		head.set(piece, at);
		at += piece.length;
	}
	const all = async function* () {
		try {
			if (length > 0) yield head;
			for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
		} finally {
			await iterator.return?.();
		}
	};
	return { head: head.subarray(0, HEAD_BYTES), all: all() };
}

async function* counted(pieces: Pieces, onBytes: (done: number) => void): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	let done = 0;
	for await (const piece of pieces) {
		done += piece.length;
		onBytes(done);
		yield piece;
	}
}

function streamOf(pieces: Pieces): ReadableStream<Uint8Array<ArrayBuffer>> {
	const iterator = pieces[Symbol.asyncIterator]();
	return new ReadableStream({
		async pull(controller) {
			const next = await iterator.next();
			if (next.done === true) controller.close();
			else controller.enqueue(next.value);
		},
		async cancel() {
			await iterator.return?.();
		}
	});
}

function latin1(bytes: Uint8Array): string {
	return String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
}
