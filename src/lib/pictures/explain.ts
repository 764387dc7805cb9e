/** Explains in words why a picture could not be decoded; loaded only in that case. */
import { AppError } from '../errors';
import { truncated } from './cut';
import { type Format, HEAD_BYTES, latin1 } from './format';
import { isProtected, mend } from './mend';
import { isRareJpeg } from './size';

/** Every PNG starts with these after its name: they show whether a transfer changed line breaks. */
const PNG_BREAKS = [0x0d, 0x0a, 0x1a, 0x0a];

/** Why a file could not be decoded, from its bytes: decoders give no reason. */
export async function explained(
	bytes: Uint8Array<ArrayBuffer>,
	format: Format | null,
	cause: unknown
): Promise<AppError> {
	if (format === null) {
		const kind = otherKind(bytes.subarray(0, HEAD_BYTES));
		if (kind === null) return new AppError('picture-unreadable', 'the file is no picture of a known format', cause);
		const said = `It is ${kind}.`;
		if (IS_PICTURE.test(kind)) return new AppError('picture-unsupported', 'browsers do not decode it', cause, said);
		return new AppError('picture-other', 'the file is no picture', cause, said);
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
		const said = 'It is a JPEG of a rare kind: lossless, 12-bit, or arithmetic-coded.';
		return new AppError('picture-unsupported', 'this browser does not decode this kind of JPEG', cause, said);
	}
	if (format === 'png' && String.fromCharCode(...bytes.subarray(12, 16)) === 'CgBI') {
		const said = 'It is a PNG that was packed for an iPhone app (CgBI).';
		return new AppError('picture-unsupported', 'this browser does not decode this kind of PNG', cause, said);
	}
	if (format === 'png' && !PNG_BREAKS.every((byte, index) => bytes[4 + index] === byte)) {
		const said = 'Its line breaks were changed, as when a file is copied as text.';
		return new AppError('picture-damaged', 'the png file has another beginning', cause, said);
	}
	if ((await mend(format, bytes)).kind === 'cut') return truncated(bytes.length);
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

/** Whether this browser decodes AVIF at all: tested once. */
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

/** Kinds of files, by their first bytes. */
export type Kinds = readonly (readonly [begins: RegExp | string, title: string])[];

/** Other files that people mistake for a picture. */
const OTHERS: Kinds = [
	[/^%PDF/, 'a PDF'],
	[/^\s*(<!DOCTYPE html|<html|<head|<body)/i, 'a web page, as when a download asks for a login'],
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
	[/^bplist00/, 'a property list, which iCloud leaves instead of a file that was not downloaded'],
	[/^(ID3|fLaC|OggS)/, 'a sound file'],
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

/** Which of these are pictures all the same, but not for browsers. */
const IS_PICTURE = /^a (raw photo|Photoshop|GIMP)|^an icon|, which no browser shows$/;

/** What a file is that is not a picture ("a PDF", "a film"), checking `first` before all others; null if unknown. */
export function otherKind(head: Uint8Array, first: Kinds = []): string | null {
	const text = latin1(head);
	const known = [...first, ...OTHERS].find(([begins]) =>
		typeof begins === 'string' ? text.startsWith(begins) : begins.test(text)
	)?.[1];
	if (known !== undefined) return known;
	if (/\xff\xd8\xff|\x89PNG\r\n/.test(text)) return 'a picture with something else before it';
	if (text !== '' && head.every((byte) => byte === 0)) return 'nothing but zeros, as left by a copy that never ended';
	return text !== '' && /^[\t\n\r\x20-\x7e]*$/.test(text) ? 'a text file' : null;
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

/** The usual spelling: "JPEG", "JPEG XL". */
function formatTitle(format: Format): string {
	return TITLES[format];
}
