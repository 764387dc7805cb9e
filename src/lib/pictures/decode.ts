/** A picture's file to pixels, as this browser decodes it; what it refuses is mended where nothing is missing, or explained. */
import { AppError } from '../errors';
import { type Format, formatOf, formatTitle, HEAD_BYTES, otherKind } from './format';
import { isProtected, mend, type Mended } from './mend';
import { isRareJpeg, largestItem, pixelSize, type Size } from './size';

/** The size stands behind what cameras write of a picture: a preview, a colour profile. */
const SIZE_WITHIN_BYTES = 512 * 1024;
/** Programs append a little behind the mark that ends a picture. */
const TAIL_BYTES = 4096;
/** The largest sensors of phones have 200 million; what claims more is made to fill memory. */
const MOST_PIXELS = 210e6;
/** With which every PNG begins, behind its name: they show what became of line breaks on the way. */
const PNG_BREAKS = [0x0d, 0x0a, 0x1a, 0x0a];
/** Of a picture whose end mark is missing, where its last pixels are. */
const STRIP_ROWS = 32;

export interface DecodedPicture {
	/** For the caller to close; its longer side is at most what was asked for. */
	readonly bitmap: ImageBitmap;
	/** Of the file's picture in its own pixels, turned upright. */
	readonly size: Size;
}

/** Draws what an image element shows and no bitmap is made of; null where there are no elements. */
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
	const mended = await lookedAt(format, file);
	if (mended.kind === 'cut') throw truncated(file);
	const found = await decodeEither(file, mended, own, maxSidePx).catch(async (thrown: unknown) => {
		throw await explained(file, format, thrown);
	});
	if (mended.kind === 'doubtful' && own !== null && (await lacksPixels(mended.bytes, own))) {
		found.bitmap.close();
		throw truncated(file);
	}
	return found;
}

function truncated(file: Blob): AppError {
	return new AppError('picture-truncated', `the file ends after ${file.size} bytes, before its picture does`);
}

/**
 * Looks at files of formats of which some browsers show the beginning without a word, where the mark of their end is
 * missing: faces would be missing with it.
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
	return isSuspect ? mend(format, await bytesOf(file)) : { kind: 'whole' };
}

async function decodeEither(file: Blob, mended: Mended, own: Size | null, maxSidePx: number): Promise<DecodedPicture> {
	try {
		return await decodeFitting(file, own, maxSidePx);
	} catch (thrown) {
		const again =
			'bytes' in mended ? mended : await mend(formatOf(await bytesOf(file.slice(0, HEAD_BYTES))), await bytesOf(file));
		if (!('bytes' in again)) throw thrown;
		return decodeFitting(new Blob([again.bytes]), own, maxSidePx);
	}
}

/**
 * What an image element says of its size counts the density that the file names, so the size is that of the bitmap, or
 * where it is reduced, the file's own, turned as the bitmap is.
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
	// The other side follows from the picture as it is turned, which tells how it is.
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
 * Whether a JPEG without its end mark lacks pixels, too: then other data behind what is there changes them. A decoder
 * passes over what stands behind the last pixel.
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

/** Why a file could not be decoded, from its bytes: decoders give no reason. */
async function explained(file: Blob, format: Format | null, cause: unknown): Promise<AppError> {
	if (cause instanceof AppError) return cause;
	const bytes = await bytesOf(file);
	if (format === null) {
		const kind = otherKind(bytes.subarray(0, HEAD_BYTES));
		if (kind === null) return new AppError('picture-unreadable', 'the file is no picture of a known format', cause);
		return new AppError('picture-other', 'the file is no picture', cause, `It is ${kind}.`);
	}
	const title = formatTitle(format);
	const isKnown =
		format !== 'heic' && format !== 'tiff' && format !== 'jxl' && (format !== 'avif' || (await decodesAvif()));
	if ((format === 'avif' || format === 'heic') && isProtected(bytes))
		return new AppError('picture-protected', `the ${format} file is protected`, cause);
	if (!isKnown) {
		const said = `It is ${/^[AHI]/.test(title) ? 'an' : 'a'} ${title} picture.`;
		return new AppError('picture-unsupported', `this browser does not decode ${format}`, cause, said);
	}
	if (format === 'jpeg' && isRareJpeg(bytes)) {
		const said = 'It is a JPEG of a rare kind: lossless, of 12 bits, or arithmetic-coded.';
		return new AppError('picture-unsupported', 'this browser does not decode this kind of JPEG', cause, said);
	}
	if (format === 'png' && String.fromCharCode(...bytes.subarray(12, 16)) === 'CgBI') {
		const said = 'It is a PNG that was packed for an app on iPhones (CgBI).';
		return new AppError('picture-unsupported', 'this browser does not decode this kind of PNG', cause, said);
	}
	if (format === 'png' && !PNG_BREAKS.every((byte, index) => bytes[4 + index] === byte)) {
		const said = 'Its line breaks were changed, as where it was copied as text.';
		return new AppError('picture-damaged', 'the png file has another beginning', cause, said);
	}
	if ((await mend(format, bytes)).kind === 'cut') return truncated(file);
	return new AppError(
		'picture-damaged',
		`the ${format} file could not be decoded`,
		cause,
		`It is a damaged ${title} file.`
	);
}

/** One grey pixel. */
const AVIF =
	'AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAAA+gABAAAAAAAAABoAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABhdjAxAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAAAAxhdjFDgSACAAAAABRpc3BlAAAAAAAAAAEAAAABAAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAAAibWRhdBIACgc4AAaQENBpMg0cQmLk4AAWAACQNY41';
let avif: Promise<boolean> | null = null;

/** Whether this browser decodes AVIF at all: asked of it once. */
function decodesAvif(): Promise<boolean> {
	const bytes = Uint8Array.from(atob(AVIF), (letter) => letter.charCodeAt(0));
	avif ??= createImageBitmap(new Blob([bytes])).then(
		(bitmap) => {
			bitmap.close();
			return true;
		},
		() => false
	);
	return avif;
}

async function bytesOf(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
	try {
		return new Uint8Array(await part.arrayBuffer());
	} catch (thrown) {
		throw new AppError('picture-gone', 'the file can no longer be read', thrown);
	}
}
