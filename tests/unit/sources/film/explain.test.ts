import { expect, it } from 'vitest';
import { whatItIs } from '../../../../src/lib/sources/film/explain';

const ASF = [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11];

it.each<[what: string, head: string | number[], said: string | null]>([
	['AVI', 'RIFF\0\x10\0\0AVI LIST', 'It is an AVI file.'],
	['FLV', 'FLV\x01\x05', 'It is a Flash film (FLV).'],
	['WMV', ASF, 'It is a Windows Media film (WMV or ASF).'],
	['MPEG-PS', [0, 0, 1, 0xba, 0x44], 'It is an MPEG program stream, as used by DVDs and older cameras.'],
	['H.264 alone', [0, 0, 0, 1, 0x67, 0x42], 'It is a raw video stream without a container.'],
	['H.265 alone', [0, 0, 0, 1, 0x40, 0x01], 'It is a raw video stream without a container.'],
	['MPEG-2 alone', [0, 0, 1, 0xb3, 0x14], 'It is a raw video stream without a container.'],
	['GIF', 'GIF89a', 'It is a picture: open it on the Photos page.'],
	['JPEG', [0xff, 0xd8, 0xff, 0xe0], 'It is a picture: open it on the Photos page.'],
	['ZIP', 'PK\x03\x04', 'It is an archive: unpack it.'],
	['7z', [0x37, 0x7a, 0xbc, 0xaf], 'It is an archive: unpack it.'],
	['text', 'frame,timestamp', 'It is a text file.'],
	['PDF', '%PDF-1.7', 'It is a PDF.'],
	['a damaged MP4', '\0\0\0\x18ftypmp42', null],
	['unknown bytes', [0x91, 0x02, 0x7f, 0x99], null]
])('says what %s is', async (_what, head, said) => {
	const bytes =
		typeof head === 'string' ? Uint8Array.from(head, (letter) => letter.charCodeAt(0)) : Uint8Array.from(head);
	expect(await whatItIs(new Blob([bytes]))).toBe(said);
});
