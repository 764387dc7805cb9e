/** Identifies a file by its first bytes, whatever its name says. */

export const HEAD_BYTES = 512;

/** Picture formats that at least some browsers show. */
export type Format = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'avif' | 'heic' | 'tiff' | 'svg' | 'jxl' | 'ico';

/** SVGs may start with comments and entities. */
const DRAWING_HEAD_BYTES = 32 * 1024;

/** The first bytes as text, one letter per byte. */
export const latin1 = (head: Uint8Array, bytes = HEAD_BYTES): string => String.fromCharCode(...head.subarray(0, bytes));

/** The format indicated by the first bytes of a file; null if unknown. */
export function formatOf(head: Uint8Array): Format | null {
	const text = latin1(head);
	if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
	if (text.startsWith('\x89PNG')) return 'png';
	if (text.startsWith('GIF8')) return 'gif';
	if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
	if (text.startsWith('BM')) return 'bmp';
	if (text.startsWith('\xff\x0a') || text.slice(4, 12) === 'JXL \r\n\x87\n') return 'jxl';
	if (text.startsWith('\0\0\x01\0') || text.startsWith('\0\0\x02\0')) return 'ico';
	if (isDrawing(head)) return 'svg';
	if (text.slice(4, 8) === 'ftyp') {
		const brands = text.slice(8, 64);
		if (/avi[fs]/.test(brands)) return 'avif';
		if (/hei[cxms]|hev[cx]|mif1|msf1/.test(brands)) return 'heic';
		return null;
	}
	return /^(II[*+]\0|MM\0[*+])(?![^]{4}CR)/.test(text) ? 'tiff' : null;
}

/** Whether this is SVG, in UTF-8 or in UTF-16. */
function isDrawing(head: Uint8Array): boolean {
	const begins = /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(<\?xml|<!--|<!DOCTYPE svg|<(\w+:)?svg)/i;
	if (!begins.test(latin1(head).replaceAll('\0', ''))) return false;
	return /<(\w+:)?svg[\s>]/i.test(latin1(head, DRAWING_HEAD_BYTES).replaceAll('\0', ''));
}
