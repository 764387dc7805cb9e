/** What a file is, by its first bytes, whatever its name says. */

export const HEAD_BYTES = 512;

/** Formats of pictures that browsers show, or some of them. */
export type Format = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'avif' | 'heic' | 'tiff' | 'svg' | 'jxl' | 'ico';

/** Drawings have remarks and entities before they begin. */
const DRAWING_HEAD_BYTES = 32 * 1024;

const latin1 = (head: Uint8Array, bytes = HEAD_BYTES): string => String.fromCharCode(...head.subarray(0, bytes));

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
	[/^(II\*\0[^]{4}CR|IIU\0|II(RO|RS))/, 'a raw photo of a camera'],
	['II\xbc', 'a JPEG XR picture, which no browser shows'],
	[/^8BPS/, 'a Photoshop file'],
	[/^gimp xcf/, 'a GIMP file'],
	[/^icns/, 'an icon of macOS (ICNS)'],
	[/^qoif/, 'a QOI picture, which no browser shows'],
	[/^[\x8a\x8b][MJ]NG/, 'an MNG or JNG file, which no browser shows'],
	[/^%!PS/, 'a PostScript file'],
	['\xd0\xcf\x11\xe0', 'an Office document'],
	['\0\x05\x16\x07', 'what macOS keeps beside a file (its name begins with “._”), not the picture itself'],
	[/^bplist00/, 'a property list, as iCloud leaves one in place of a file that was not downloaded'],
	[/^(ID3|fLaC|OggS)/, 'a sound'],
	[/^data:image\//, 'the text of a data address, not the picture itself'],
	[/^(\/9j\/|iVBORw0KGgo)/, 'a picture written as Base64 text, not the picture itself'],
	[/^\s*<\?xml[^]*<(Error|Fault)\b/i, 'the answer of a server that refused the download'],
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
	if (/\xff\xd8\xff|\x89PNG\r\n/.test(text)) return 'a picture with something else before it';
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
