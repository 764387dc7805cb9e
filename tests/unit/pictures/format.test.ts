/** What a file is, judged by how it begins: members of each family that turn up under the name of a JPEG. */
import { describe, expect, it } from 'vitest';
import { explained, otherKind } from '../../../src/lib/pictures/explain';
import { formatOf } from '../../../src/lib/pictures/format';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text.padEnd(600, '\x07'), 'latin1'));
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="6"></svg>';

describe('formatOf', () => {
	it.each([
		['II*\0\x08\0\0\0', 'tiff'],
		['MM\0*\0\0\0\x08', 'tiff'],
		['II+\0\x08\0\0\0', 'tiff'],
		['\xff\x0a..', 'jxl'],
		['\0\0\0\x18ftypheic\0\0\0\0mif1', 'heic'],
		['\0\0\0\x18ftypmif1\0\0\0\0avif', 'avif'],
		['\0\0\0\x18ftypavis', 'avif'],
		[svg, 'svg'],
		[`<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>`, 'svg'],
		[`<?xml version="1.0"?>\n<!-- ${'Made by a program. '.repeat(100)} -->\n${svg}`, 'svg'],
		[`<?xml version="1.0"?><!DOCTYPE svg [${'<!ENTITY a "b">'.repeat(100)}]>${svg}`, 'svg'],
		[`\xff\xfe${Buffer.from(svg, 'utf16le').toString('latin1')}`, 'svg'],
		['<?xml version="1.0"?><rss></rss>', null],
		['<!DOCTYPE html><svg></svg>', null]
	])('of %j is %s', (begin, format) => {
		expect(formatOf(bytes(begin))).toBe(format);
	});
});

it.each([
	['8BPS\0\x01', 'picture-unsupported'],
	['gimp xcf v011', 'picture-unsupported'],
	['\0\0\0\x0cjP  \r\n\x87\n', 'picture-unsupported'],
	['\0\0\0\x18ftypcrx ', 'picture-unsupported'],
	['icns', 'picture-unsupported'],
	['%PDF-1.4', 'picture-other'],
	['/9j/4AAQSkZJRg', 'picture-other'],
	['ID3\x03\0', 'picture-other']
])('only a picture that no browser shows is called unsupported: %j is %s', async (begin, code) => {
	expect((await explained(bytes(begin), null, null)).code).toBe(code);
});

describe('otherKind', () => {
	it.each([
		['II*\0\x10\0\0\0CR\x02\0', 'a raw photo of a camera'],
		['IIU\0\x18\0\0\0', 'a raw photo of a camera'],
		['IIRO\x08\0\0\0', 'a raw photo of a camera'],
		['II\xbc\x01', 'a JPEG XR picture, which no browser shows'],
		['8BPS\0\x01', 'a Photoshop file'],
		['gimp xcf v011', 'a GIMP file'],
		['qoif', 'a QOI picture, which no browser shows'],
		['\x8aMNG\r\n\x1a\n', 'an MNG or JNG file, which no browser shows'],
		['%!PS-Adobe-3.0 EPSF-3.0', 'a PostScript file'],
		['\0\x05\x16\x07\0\x02\0\0', 'what macOS keeps beside a file (its name begins with “._”), not the picture itself'],
		['bplist00', 'a property list, which iCloud leaves instead of a file that was not downloaded'],
		['data:image/jpeg;base64,/9j/', 'the text of a data address, not the picture itself'],
		['/9j/4AAQSkZJRg', 'a picture written as Base64 text, not the picture itself'],
		[
			'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
			'the answer of a server that refused the download'
		],
		['ID3\x03\0', 'a sound file'],
		['\r\n\xff\xd8\xff\xe0', 'a picture with something else before it'],
		['HTTP/1.1 200 OK\r\n\r\n\x89PNG\r\n', 'a picture with something else before it']
	])('of %j is %s', (begin, kind) => {
		const head = bytes(begin);
		expect(formatOf(head)).toBeNull();
		expect(otherKind(head)).toBe(kind);
	});
});
