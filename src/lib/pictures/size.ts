/** Sizes of pictures according to their files: in their own pixels, before any turning. */
import type { Format } from './format';

export interface Size {
	readonly width: number;
	readonly height: number;
}

/** The size of a picture according to the start of its file; null if that does not say. */
export function pixelSize(format: Format | null, bytes: Uint8Array): Size | null {
	const size = format === null ? null : sizeOf(format, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
	return size !== null && size.width > 0 && size.height > 0 ? size : null;
}

const IHDR = 0x49484452;

function sizeOf(format: Format, data: DataView): Size | null {
	const reaches = (end: number): boolean => data.byteLength >= end;
	switch (format) {
		case 'jpeg':
			return jpegSize(data);
		case 'png':
			// Some files have another chunk before IHDR; browsers refuse them.
			return reaches(24) && data.getUint32(12) === IHDR
				? { width: data.getUint32(16), height: data.getUint32(20) }
				: null;
		case 'gif':
			return reaches(10) ? { width: data.getUint16(6, true), height: data.getUint16(8, true) } : null;
		case 'bmp':
			if (!reaches(26)) return null;
			return data.getUint32(14, true) === 12
				? { width: data.getUint16(18, true), height: data.getUint16(20, true) }
				: { width: data.getInt32(18, true), height: Math.abs(data.getInt32(22, true)) };
		case 'webp':
			return reaches(30) ? webpSize(data) : null;
		case 'avif':
		case 'heic':
		case 'tiff':
		case 'svg':
		case 'jxl':
		case 'ico':
			return null;
	}
}

/**
 * The largest size that an item of an AVIF or HEIC file claims (ISO/IEC 23008-12, "ispe"); only the decoder knows which
 * item is shown, and how it is turned or cropped.
 */
export function largestItem(format: Format | null, bytes: Uint8Array): Size | null {
	if (format !== 'avif' && format !== 'heic') return null;
	const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let largest: Size | null = null;
	for (let at = bytes.indexOf(ISPE[0]); at >= 0; at = bytes.indexOf(ISPE[0], at + 1)) {
		if (at + 16 > bytes.length || !ISPE.every((byte, index) => bytes[at + index] === byte)) continue;
		const size = { width: data.getUint32(at + 8), height: data.getUint32(at + 12) };
		if (largest === null || size.width * size.height > largest.width * largest.height) largest = size;
	}
	return largest;
}

const ISPE = [0x69, 0x73, 0x70, 0x65] as const;

/** Whether a JPEG is of a kind that browsers do not show: not 8-bit baseline or progressive with Huffman codes. */
export function isRareJpeg(bytes: Uint8Array): boolean {
	const frame = jpegFrame(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
	return frame !== null && (frame.bits !== 8 || ![0xc0, 0xc1, 0xc2].includes(frame.code));
}

function jpegSize(data: DataView): Size | null {
	const frame = jpegFrame(data);
	return frame === null ? null : { width: frame.width, height: frame.height };
}

/** From the frame header (ITU-T T.81, B.2.2). */
function jpegFrame(data: DataView): (Size & { readonly code: number; readonly bits: number }) | null {
	for (let at = 2; at + 9 <= data.byteLength;) {
		if (data.getUint8(at) !== 0xff) at++;
		else {
			const code = data.getUint8(at + 1);
			const isFrame = code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
			if (isFrame) {
				const size = { width: data.getUint16(at + 7), height: data.getUint16(at + 5) };
				return { ...size, code, bits: data.getUint8(at + 4) };
			}
			if (code === 0xda || code === 0xd9) return null;
			const isAlone = code === 0xff || code <= 0x01 || (code >= 0xd0 && code <= 0xd8);
			at += isAlone ? (code === 0xff ? 1 : 2) : 2 + Math.max(2, data.getUint16(at + 2));
		}
	}
	return null;
}

function webpSize(data: DataView): Size | null {
	const kind = String.fromCharCode(...[12, 13, 14, 15].map((at) => data.getUint8(at)));
	const three = (at: number): number => data.getUint16(at, true) + 65_536 * data.getUint8(at + 2);
	if (kind === 'VP8X') return { width: three(24) + 1, height: three(27) + 1 };
	if (kind === 'VP8 ') return { width: data.getUint16(26, true) & 0x3fff, height: data.getUint16(28, true) & 0x3fff };
	if (kind !== 'VP8L') return null;
	const bits = data.getUint32(21, true);
	return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
