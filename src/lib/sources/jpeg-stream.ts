/**
 * Extracts whole JPEG pictures from a stream of bytes, such as Motion JPEG over HTTP. Anything between pictures (the
 * boundaries and headers of multipart answers, or nothing) is skipped, as cameras write it in many ways. A picture is
 * followed from marker to marker (ITU-T T.81, annex B), so that an embedded preview does not end it early.
 */

/** Anything larger than this is not a picture. */
const MAX_BYTES = 8 * 1024 * 1024;

const MARKER = 0xff;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const FIRST_RESTART = 0xd0;
const LAST_RESTART = 0xd7;
const TEM = 0x01;
/** Lowest code of a marker that starts a segment. */
const FIRST_SEGMENT = 0xc0;
const MOST_JUNK = 64;

const isRestart = (code: number): boolean => code >= FIRST_RESTART && code <= LAST_RESTART;

export interface JpegStream {
	/** Bytes from the start of an unfinished picture, or the last byte if it may start a marker. */
	readonly rest: Uint8Array;
	/** How far `rest` has been followed. */
	readonly position: number;
	/** What `position` is in: before a picture, at a marker, or in the coded pixels. */
	readonly within: 'gap' | 'segments' | 'pixels';
}

export const EMPTY_STREAM: JpegStream = { rest: new Uint8Array(0), position: 0, within: 'gap' };

export interface JpegsFound {
	readonly stream: JpegStream;
	/** Complete pictures, oldest first. */
	readonly pictures: readonly Uint8Array<ArrayBuffer>[];
	/** Pictures that were cut off or have a damaged structure. */
	readonly broken: number;
}

/** The stream after `chunk`, and the pictures it completed. Takes any bytes; never throws; holds at most 8 MB. */
export function readJpegs(before: JpegStream, chunk: Uint8Array): JpegsFound {
	const bytes = joined(before.rest, chunk);
	const pictures: Uint8Array<ArrayBuffer>[] = [];
	let broken = 0;
	/** Where the current picture begins. */
	let start = 0;
	let { position, within } = before;
	for (;;) {
		if (within === 'gap') {
			start = indexOfMarker(bytes, SOI, position);
			if (start < 0) {
				const last = bytes.length - 1;
				const rest = bytes[last] === MARKER ? bytes.slice(last) : new Uint8Array(0);
				return { stream: { ...EMPTY_STREAM, rest }, pictures, broken };
			}
			position = start + 2;
			within = 'segments';
		}
		const step = within === 'segments' ? followSegment(bytes, position) : followPixels(bytes, position);
		if (step.found === 'end') {
			pictures.push(bytes.slice(start, step.position));
			within = 'gap';
			position = step.position;
		} else if (step.found === 'damage' || step.position - start > MAX_BYTES) {
			broken++;
			within = 'gap';
			// What seemed to be part of this picture may hold the next one.
			position = start + 2;
		} else if (step.found === 'more') {
			const stream = { rest: bytes.slice(start), position: step.position - start, within };
			return { stream, pictures, broken };
		} else {
			within = step.found;
			position = step.position;
		}
	}
}

interface Step {
	/** What begins at `position`; 'more': more bytes are needed, call again. */
	readonly found: 'segments' | 'pixels' | 'end' | 'damage' | 'more';
	readonly position: number;
}

/** From a marker to what follows its segment. */
function followSegment(bytes: Uint8Array, position: number): Step {
	if (position >= bytes.length) return { found: 'more', position };
	if (bytes[position] !== MARKER) {
		// A few stray bytes between segments are skipped, as decoders do; a picture does not end after them.
		const next = bytes.indexOf(MARKER, position);
		if (next < 0)
			return bytes.length - position > MOST_JUNK ? { found: 'damage', position } : { found: 'more', position };
		const code = bytes[next + 1];
		if (code === undefined) return { found: 'more', position };
		const isSegment = code >= FIRST_SEGMENT && code !== SOI && code !== EOI && !isRestart(code);
		return isSegment && next - position <= MOST_JUNK
			? { found: 'segments', position: next }
			: { found: 'damage', position };
	}
	const code = bytes[position + 1];
	if (code === undefined) return { found: 'more', position };
	// Any number of fill bytes may precede a marker.
	if (code === MARKER) return { found: 'segments', position: position + 1 };
	if (code === EOI) return { found: 'end', position: position + 2 };
	if (code === 0 || code === SOI) return { found: 'damage', position };
	if (code === TEM || isRestart(code)) {
		return { found: 'segments', position: position + 2 };
	}
	const [high, low] = [bytes[position + 2], bytes[position + 3]];
	if (high === undefined || low === undefined) return { found: 'more', position };
	const length = high * 256 + low;
	if (length < 2) return { found: 'damage', position };
	return { found: code === SOS ? 'pixels' : 'segments', position: position + 2 + length };
}

/** From coded pixels to the marker that ends them. */
function followPixels(bytes: Uint8Array, from: number): Step {
	let position = from;
	for (;;) {
		position = bytes.indexOf(MARKER, position);
		if (position < 0) return { found: 'more', position: Math.max(from, bytes.length) };
		const code = bytes[position + 1];
		if (code === undefined) return { found: 'more', position };
		const goesOn = code === 0 || isRestart(code);
		if (!goesOn && code !== MARKER) return { found: 'segments', position };
		position += code === MARKER ? 1 : 2;
	}
}

function indexOfMarker(bytes: Uint8Array, code: number, from: number): number {
	let position = bytes.indexOf(MARKER, from);
	while (position >= 0 && bytes[position + 1] !== code) position = bytes.indexOf(MARKER, position + 1);
	return position;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(first.length + second.length);
	bytes.set(first);
	bytes.set(second, first.length);
	return bytes;
}
