/** What a file is, by its first bytes, whatever its name says. */

export const HEAD_BYTES = 512;

/** Formats of pictures that browsers show, or some of them. */
export type Format = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'avif' | 'heic' | 'tiff' | 'svg' | 'jxl' | 'ico';

const latin1 = (head: Uint8Array): string => String.fromCharCode(...head.subarray(0, HEAD_BYTES));

/** The format that the first bytes of a file announce; null where none is known. */
export function formatOf(head: Uint8Array): Format | null {
	const text = latin1(head);
	if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
	if (text.startsWith('\x89PNG')) return 'png';
	if (text.startsWith('GIF8')) return 'gif';
	if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
	if (text.startsWith('BM')) return 'bmp';
	if (text.startsWith('\xff\x0a') || text.slice(4, 12) === 'JXL \r\n\x87\n') return 'jxl';
	if (text.startsWith('\0\0\x01\0') || text.startsWith('\0\0\x02\0')) return 'ico';
	if (/^(\xef\xbb\xbf)?\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)/i.test(text) && /<svg[\s>]/i.test(text)) return 'svg';
	if (text.slice(4, 8) === 'ftyp') {
		const brands = text.slice(8, 64);
		if (/avi[fs]/.test(brands)) return 'avif';
		if (/hei[cxms]|hev[cx]|mif1|msf1/.test(brands)) return 'heic';
		return null;
	}
	return text.startsWith('II*\0') || text.startsWith('MM\0*') ? 'tiff' : null;
}

/** What else people take for a picture, by how it begins. */
const OTHERS: readonly (readonly [RegExp | string, string])[] = [
	[/^%PDF/, 'a PDF'],
	[/^\s*(<!DOCTYPE html|<html|<head|<body)/i, 'a web page, as where a download asked for a login'],
	[/^version https:\/\/git-lfs/, 'a pointer of Git LFS, not the picture itself'],
	[/^[^]{4}ftyp(qt|mp4|isom|M4V|3gp|avc1)/, 'a film'],
	[/^[^]{4}(moov|mdat|wide|free)/, 'a film'],
	['\x1a\x45\xdf\xa3', 'a film'],
	[/^RIFF[^]{4}AVI /, 'a film'],
	[/^[^]{4}ftypcrx/, 'a raw photo of a camera (CR3)'],
	[/^FUJIFILMCCD-RAW/, 'a raw photo of a camera (RAF)'],
	[/^8BPS/, 'a Photoshop file'],
	['PK\x03\x04', 'a ZIP archive: give it the ending .zip, or unpack it'],
	['\x1f\x8b', 'a gzip archive: give it the ending .tar.gz or .gz, or unpack it'],
	[/^(Rar!|7z\xbc\xaf)/, 'an archive: unpack it first'],
	['\0\0\0\x0cjP  ', 'a JPEG 2000 picture, which no browser shows'],
	['\xff\x4f\xff\x51', 'a JPEG 2000 picture, which no browser shows'],
	[/^P[1-7]\s/, 'a picture of the PNM family, which no browser shows'],
	[/^[^]{128}DICM/, 'a DICOM picture, which no browser shows'],
	[/^#\?RADIANCE/, 'a Radiance HDR picture, which no browser shows'],
	['\x76\x2f\x31\x01', 'an OpenEXR picture, which no browser shows'],
	[/^\x93NUMPY/, 'a NumPy file'],
	[/^[{[]/, 'a JSON file'],
	[/^(MZ|\x7fELF|\xcf\xfa\xed\xfe)/, 'a program']
];

/** "a PDF", "a film": what a file that is no picture is; null where that is not known. */
export function otherKind(head: Uint8Array): string | null {
	const text = latin1(head);
	const known = OTHERS.find(([begins]) =>
		typeof begins === 'string' ? text.startsWith(begins) : begins.test(text)
	)?.[1];
	if (known !== undefined) return known;
	if (text !== '' && head.every((byte) => byte === 0)) return 'nothing but zeros, as a copy that never ended leaves it';
	return text !== '' && /^[\t\n\r\x20-\x7e]*$/.test(text) ? 'a text' : null;
}

const TITLES: Readonly<Record<Format, string>> = {
	jpeg: 'JPEG',
	png: 'PNG',
	gif: 'GIF',
	webp: 'WebP',
	bmp: 'BMP',
	avif: 'AVIF',
	heic: 'HEIC',
	tiff: 'TIFF',
	svg: 'SVG',
	jxl: 'JPEG XL',
	ico: 'icon (ICO)'
};

/** "JPEG", "JPEG XL": as people write it. */
export function formatTitle(format: Format): string {
	return TITLES[format];
}
