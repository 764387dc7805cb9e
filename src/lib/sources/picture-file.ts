/** Why a file is no picture that this browser shows: told by its first and last bytes, for decoders give no reason. */
import { AppError } from '../errors';

const HEAD_BYTES = 64;
/** Programs append a little to their files; an end mark that is not within this is missing. */
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
 * Throws AppError 'picture-empty' or 'picture-truncated' for a file that is so. Browsers show the beginning of a
 * truncated picture, or nothing: faces would be missing without a word.
 */
export async function checkWhole(file: Blob): Promise<void> {
	if (file.size === 0) throw new AppError('picture-empty', 'the file has no bytes');
	const head = await bytes(file.slice(0, HEAD_BYTES));
	const tail = await bytes(file.slice(-TAIL_BYTES));
	if (isCutOff(formatOf(head), head, tail, file.size)) {
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
	return new Uint8Array(await part.arrayBuffer());
}
