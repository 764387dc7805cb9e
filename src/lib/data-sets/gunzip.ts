/** Gzip as found in practice: several members in a row, padding or anything else after the last. */
import {
	Z_BUF_ERROR,
	Z_NO_FLUSH,
	Z_OK,
	Z_STREAM_END,
	ZStream,
	zlibInflate,
	zlibInflateInit2,
	zlibInflateReset
} from 'pako';

/** Gzip only, with its checksums; RFC 1952. */
const GZIP_WINDOW_BITS = 31;
const OUTPUT_BYTES = 1 << 18;

/**
 * Unpacks gzip piece by piece (RFC 1952, 2.2: a file is a series of members). Anything else after the last whole member
 * is ignored, as gzip does. Throws RangeError if a member is damaged or cut off.
 */
export async function* gunzip(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	const stream = new ZStream();
	zlibInflateInit2(stream, GZIP_WINDOW_BITS);
	/** Bytes not yet looked at: the start of the next member may be split between pieces. */
	let rest = new Uint8Array(0);
	let state: 'between' | 'within' = 'between';
	let members = 0;
	for await (const piece of pieces) {
		let input = rest.length === 0 ? piece : joined(rest, piece);
		while (input.length > 0) {
			if (state === 'between') {
				if (input.length === 1 && input[0] === 0x1f) break;
				if (input[0] !== 0x1f || input[1] !== 0x8b) {
					if (members > 0) return;
					throw new RangeError('this is not a gzip file');
				}
				if (members > 0) zlibInflateReset(stream);
				state = 'within';
			}
			stream.input = input;
			stream.next_in = 0;
			stream.avail_in = input.length;
			let code: number;
			do {
				stream.output = new Uint8Array(OUTPUT_BYTES);
				stream.next_out = 0;
				stream.avail_out = OUTPUT_BYTES;
				code = zlibInflate(stream, Z_NO_FLUSH);
				if (code !== Z_OK && code !== Z_STREAM_END && code !== Z_BUF_ERROR)
					throw new RangeError(`the gzip data is damaged (${stream.msg})`);
				if (stream.next_out > 0) yield stream.output.subarray(0, stream.next_out);
			} while (code === Z_OK && stream.avail_out === 0);
			input = input.subarray(stream.next_in);
			if (code === Z_STREAM_END) {
				members++;
				state = 'between';
			} else break;
		}
		rest = Uint8Array.from(input);
	}
	if (state === 'within' || members === 0) throw new RangeError('the gzip data is cut off');
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(first.length + second.length);
	bytes.set(first);
	bytes.set(second, first.length);
	return bytes;
}
