/** Says in words what a file is that could not be read as a film; loaded only in that case. */
import type { Kinds } from '../../pictures/explain';
import { formatOf, HEAD_BYTES } from '../../pictures/format';

/** Films that browsers cannot decode, by their first bytes. */
const FILMS: Kinds = [
	[/^RIFF[^]{4}AVI /, 'an AVI file'],
	['FLV', 'a Flash film (FLV)'],
	['0&\xb2u', 'a Windows Media film (WMV or ASF)'],
	['\0\0\x01\xba', 'an MPEG program stream, as used by DVDs and older cameras'],
	['.RMF', 'a RealMedia film'],
	['\0\0\x01', 'a raw video stream without a container'],
	['\0\0\0\x01', 'a raw video stream without a container']
];

/** A sentence such as "It is an AVI file."; null if unknown. Rejects with a DOMException if the file is gone. */
export async function whatItIs(file: Blob): Promise<string | null> {
	const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
	if (formatOf(head) !== null) return 'It is a picture: open it on the Photos page.';
	const { otherKind } = await import('../../pictures/explain');
	const kind = otherKind(head, FILMS);
	if (kind?.includes('archive') === true) return 'It is an archive: unpack it.';
	// If it starts like a film, nothing more is known.
	return kind === null || kind === 'a film' ? null : `It is ${kind}.`;
}
