/** Why a file is no picture that this browser shows: told by its first and last bytes, for decoders give no reason. */
import { AppError } from '../errors';

const HEAD_BYTES = 64;
/** Most files end with the mark that ends their picture; programs append a little. */
const TAIL_BYTES = 4096;

type Format = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'avif' | 'heic' | 'tiff';

/** The format that the first bytes of a file announce; null where none is known. */
export function formatOf(head: Uint8Array): Format | null {
	const text = (from: number, length: number): string => String.fromCharCode(...head.subarray(from, from + length));
	if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpeg';
	if (text(1, 3) === 'PNG') return 'png';
	if (text(0, 4) === 'GIF8') return 'gif';
	if (text(0, 4) === 'RIFF' && text(8, 4) === 'WEBP') return 'webp';
	if (text(0, 2) === 'BM') return 'bmp';
	if (text(0, 4) === 'II*\0' || text(0, 4) === 'MM\0*') return 'tiff';
	if (text(4, 4) !== 'ftyp') return null;
	const brands = text(8, HEAD_BYTES);
	if (/avi[fs]/.test(brands)) return 'avif';
	return /hei[cxms]|hev[cx]|mif1|msf1/.test(brands) ? 'heic' : null;
}

/** Whether a file ends before its picture does. Formats whose end cannot be told by its bytes count as whole. */
function isCutOff(format: Format | null, head: Uint8Array, tail: Uint8Array, size: number): boolean {
	const ends = (...mark: number[]): boolean =>
		tail.some((_, at) => mark.every((byte, index) => tail[at + index] === byte));
	const uint32 = (at: number): number => new DataView(head.buffer, head.byteOffset).getUint32(at, true);
	switch (format) {
		case 'jpeg':
			return !ends(0xff, 0xd9);
		case 'png':
			return !ends(0x49, 0x45, 0x4e, 0x44);
		case 'gif':
			return !ends(0x00, 0x3b);
		case 'webp':
			return head.length >= 8 && size < uint32(4) + 8;
		case 'bmp':
			return head.length >= 6 && size < uint32(2);
		case 'avif':
		case 'heic':
		case 'tiff':
		case null:
			return false;
	}
}

/**
 * Whether a picture ends within its file, however much follows it: phones append a film. Marks within its parts, as those
 * of a preview, do not count.
 */
function endsWithin(format: 'jpeg' | 'png', file: Uint8Array): boolean {
	const data = new DataView(file.buffer, file.byteOffset, file.byteLength);
	if (format === 'png') {
		for (let at = 8; at + 12 <= file.length; at += 12 + data.getUint32(at)) {
			if (data.getUint32(at + 4) === 0x49454e44) return true;
		}
		return false;
	}
	for (let at = 2; at + 4 <= file.length && file[at] === 0xff; at += 2 + data.getUint16(at + 2)) {
		if (file[at + 1] !== 0xda) continue;
		// Compressed data has no such mark.
		for (let end = file.indexOf(0xff, at + 2); end !== -1; end = file.indexOf(0xff, end + 1)) {
			if (file[end + 1] === 0xd9) return true;
		}
		return false;
	}
	return false;
}

/**
 * Throws AppError 'picture-empty' or 'picture-truncated' for a file that is so, and 'picture-gone' for one that was moved
 * or deleted. Browsers show the beginning of a truncated picture, or nothing: faces would be missing without a word.
 */
export async function checkWhole(file: Blob): Promise<void> {
	if (file.size === 0) throw new AppError('picture-empty', 'the file has no bytes');
	const head = await bytes(file.slice(0, HEAD_BYTES));
	const tail = await bytes(file.slice(-TAIL_BYTES));
	const format = formatOf(head);
	if (isCutOff(format, head, tail, file.size)) {
		if ((format === 'jpeg' || format === 'png') && endsWithin(format, await bytes(file))) return;
		throw new AppError('picture-truncated', `the file ends after ${file.size} bytes, before its picture does`);
	}
}

/** What to tell of a file that could not be decoded. */
export async function undecodable(file: Blob, cause: unknown): Promise<AppError> {
	const format = formatOf(await bytes(file.slice(0, HEAD_BYTES)));
	if (format === null) return new AppError('picture-unreadable', 'the file is no picture of a known format', cause);
	if (format === 'heic' || format === 'tiff' || format === 'avif')
		return new AppError('picture-unsupported', `this browser does not decode ${format}`, cause);
	return new AppError('picture-damaged', `the ${format} file could not be decoded`, cause);
}

async function bytes(part: Blob): Promise<Uint8Array> {
	try {
		return new Uint8Array(await part.arrayBuffer());
	} catch (thrown) {
		throw new AppError('picture-gone', 'the file can no longer be read', thrown);
	}
}
