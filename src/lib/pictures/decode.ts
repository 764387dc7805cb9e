/**
 * Decodes a picture's file with the browser; a file that it refuses is repaired if nothing is missing, or explained.
 */
import { AppError } from '../errors';
import { truncated } from './cut';
import { type Format, formatOf, HEAD_BYTES } from './format';
import type { Mended } from './mend';
import { largestItem, pixelSize, type Size } from './size';

/** The size comes after camera metadata, such as a preview or a colour profile. */
const SIZE_WITHIN_BYTES = 512 * 1024;
/** Programs append a little after the marker that ends a picture. */
const TAIL_BYTES = 4096;
/** The largest phone sensors have 200 million; files that claim more are made to fill memory. */
const MOST_PIXELS = 210e6;
/** Rows at the bottom of a picture without an end marker that hold its last pixels. */
const STRIP_ROWS = 32;

export interface DecodedPicture {
	/** For the caller to close; its longer side is at most the requested one. */
	readonly bitmap: ImageBitmap;
	/** Original size of the file's picture, turned upright. */
	readonly size: Size;
}

/** Draws files that an image element shows but `createImageBitmap` does not take. */
export type DrawVector = (file: Blob, maxSidePx: number) => Promise<DecodedPicture>;

/**
 * The picture in a file, its longer side at most `maxSidePx`, turned as the file says. Throws AppError 'picture-empty',
 * '-gone', '-truncated', '-too-large', '-damaged', '-protected', '-unsupported', '-other' or '-unreadable'.
 */
export async function decodePicture(
	file: Blob,
	maxSidePx: number,
	drawVector: DrawVector | null
): Promise<DecodedPicture> {
	if (file.size === 0) throw new AppError('picture-empty', 'the file has no bytes');
	const head = await bytesOf(file.slice(0, SIZE_WITHIN_BYTES));
	const format = formatOf(head);
	const own = pixelSize(format, head);
	const claimed = own ?? largestItem(format, head);
	if (claimed !== null && claimed.width * claimed.height > MOST_PIXELS) {
		const said = `It has ${claimed.width.toLocaleString('en')} × ${claimed.height.toLocaleString('en')} pixels.`;
		throw new AppError('picture-too-large', 'too many pixels', undefined, said);
	}
	if (format === 'svg' && drawVector !== null) return drawVector(file, maxSidePx);
	const looked = await lookedAt(format, file);
	if (looked.kind === 'cut') throw truncated(file.size);
	const found = await decodeEither(file, looked, own, maxSidePx).catch(async (thrown: unknown) => {
		if (thrown instanceof AppError) throw thrown;
		// Loaded on demand, as few files need it.
		const { explained } = await import('./explain');
		throw await explained(await bytesOf(file), format, thrown);
	});
	if (looked.kind === 'doubtful' && own !== null && (await lacksPixels(looked.bytes, own))) {
		found.bitmap.close();
		throw truncated(file.size);
	}
	return found;
}

/**
 * Checks files without an end marker, in formats of which some browsers silently show just the beginning: faces could
 * be missing.
 */
async function lookedAt(format: Format | null, file: Blob): Promise<Mended> {
	const tail = await bytesOf(file.slice(-TAIL_BYTES));
	const has = (...mark: number[]): boolean =>
		tail.some((_, at) => mark.every((byte, index) => tail[at + index] === byte));
	const isSuspect =
		(format === 'jpeg' && !has(0xff, 0xd9)) ||
		(format === 'png' && !has(0x49, 0x45, 0x4e, 0x44)) ||
		(format === 'gif' && tail.at(-1) !== 0x3b) ||
		format === 'bmp';
	return isSuspect ? mended(format, file) : { kind: 'whole' };
}

async function mended(format: Format | null, file: Blob): Promise<Mended> {
	const { mend } = await import('./mend');
	return mend(format, await bytesOf(file));
}

async function decodeEither(file: Blob, looked: Mended, own: Size | null, maxSidePx: number): Promise<DecodedPicture> {
	try {
		return await decodeFitting(file, own, maxSidePx);
	} catch (thrown) {
		const again = 'bytes' in looked ? looked : await mended(formatOf(await bytesOf(file.slice(0, HEAD_BYTES))), file);
		if (!('bytes' in again)) throw thrown;
		return decodeFitting(new Blob([again.bytes]), own, maxSidePx);
	}
}

/**
 * The size that an image element reports depends on the density in the file. So the size is taken from the bitmap or,
 * if that is reduced, from the file, turned like the bitmap.
 */
async function decodeFitting(file: Blob, own: Size | null, maxSidePx: number): Promise<DecodedPicture> {
	const turned: ImageBitmapOptions = { imageOrientation: 'from-image' };
	const longer = own === null ? 0 : Math.max(own.width, own.height);
	if (own === null || longer <= maxSidePx) {
		const bitmap = await createImageBitmap(file, turned);
		const size = { width: bitmap.width, height: bitmap.height };
		if (Math.max(size.width, size.height) <= maxSidePx) return { bitmap, size };
		const factor = maxSidePx / Math.max(size.width, size.height);
		const reduced = await createImageBitmap(bitmap, reducedTo(size, factor));
		bitmap.close();
		return { bitmap: reduced, size };
	}
	const factor = maxSidePx / longer;
	// The browser derives the other side from the turned picture, which reveals how it is turned.
	const reduced = await createImageBitmap(file, {
		...turned,
		resizeQuality: 'high',
		resizeWidth: Math.max(1, Math.round(own.width * factor))
	});
	const swapped = { width: own.height, height: own.width };
	const off = (size: Size): number => Math.abs(reduced.height / reduced.width - size.height / size.width);
	if (off(own) <= off(swapped)) return { bitmap: reduced, size: own };
	reduced.close();
	const bitmap = await createImageBitmap(file, { ...turned, ...reducedTo(swapped, factor) });
	return { bitmap, size: swapped };
}

function reducedTo({ width, height }: Size, factor: number): ImageBitmapOptions {
	return {
		resizeQuality: 'high',
		resizeWidth: Math.max(1, Math.round(width * factor)),
		resizeHeight: Math.max(1, Math.round(height * factor))
	};
}

/**
 * Whether a JPEG without an end marker also lacks pixels: then appending data changes its last rows. Decoders ignore
 * anything after the last pixel.
 */
async function lacksPixels(withEnd: Uint8Array<ArrayBuffer>, { width, height }: Size): Promise<boolean> {
	const more = Uint8Array.from({ length: width * height }, (_, index) => (index * 151 + 89) % 254);
	const filled = new Blob([withEnd.subarray(0, -2), more, withEnd.subarray(-2)]);
	const [first, second] = [await strip(new Blob([withEnd]), width, height), await strip(filled, width, height)];
	return first.some((value, index) => value !== second[index]);
}

async function strip(file: Blob, width: number, height: number): Promise<Uint8ClampedArray> {
	const rows = Math.min(STRIP_ROWS, height);
	const bitmap = await createImageBitmap(file, 0, height - rows, width, rows, { imageOrientation: 'none' });
	try {
		const context = new OffscreenCanvas(width, rows).getContext('2d', { willReadFrequently: true });
		if (context === null) throw new Error('no 2d context');
		context.drawImage(bitmap, 0, 0);
		return context.getImageData(0, 0, width, rows).data;
	} finally {
		bitmap.close();
	}
}

async function bytesOf(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
	try {
		return new Uint8Array(await part.arrayBuffer());
	} catch (thrown) {
		throw new AppError('picture-gone', 'the file can no longer be read', thrown);
	}
}
