/** What a file is that could not be read as a film, in words; loaded only where one could not. */
import type { Kinds } from '../../pictures/explain';
import { formatOf, HEAD_BYTES } from '../../pictures/format';

/** Films without a decoder in browsers, by how they begin. */
const FILMS: Kinds = [
	[/^RIFF[^]{4}AVI /, 'an AVI file'],
	['FLV', 'a Flash film (FLV)'],
	['0&\xb2u', 'a Windows Media film (WMV or ASF)'],
	['\0\0\x01\xba', 'an MPEG program stream, as DVDs and older cameras have them'],
	['.RMF', 'a RealMedia film'],
	['\0\0\x01', 'a stream of pictures without the container around it'],
	['\0\0\0\x01', 'a stream of pictures without the container around it']
];

/** "It is an AVI file.": null where that is not known. Rejects with a DOMException where the file is gone. */
export async function whatItIs(file: Blob): Promise<string | null> {
	const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
	if (formatOf(head) !== null) return 'It is a picture: open it on the Photos page.';
	const { otherKind } = await import('../../pictures/explain');
	const kind = otherKind(head, FILMS);
	if (kind?.includes('archive') === true) return 'It is an archive: unpack it.';
	// Of one that begins as a film does, the beginning is all that is known.
	return kind === null || kind === 'a film' ? null : `It is ${kind}.`;
}
