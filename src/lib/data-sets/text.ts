/** Decodes text in any Unicode encoding: UTF-8, UTF-16 or UTF-32, with or without a byte order mark. */

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be';

const HEAD_BYTES = 512;

/**
 * Returns a decoder for the pieces of a text; `head` is the first one, which must be passed again; null ends it. Zeros
 * are dropped. Throws RangeError if it is not text.
 */
export function createTextDecoder(head: Uint8Array): (piece: Uint8Array<ArrayBuffer> | null) => string {
	const encoding = encodingOf(head.subarray(0, HEAD_BYTES));
	const decode =
		encoding === 'utf-32le' || encoding === 'utf-32be'
			? createUtf32Decoder(encoding === 'utf-32le')
			: decoderOf(new TextDecoder(encoding));
	return (piece) => {
		const text = decode(piece);
		return text.includes('\0') ? text.replaceAll('\0', '') : text;
	};
}

const decoderOf = (decoder: InstanceType<typeof TextDecoder>) => (piece: Uint8Array<ArrayBuffer> | null) =>
	piece === null ? decoder.decode() : decoder.decode(piece, { stream: true });

/** Browsers do not support UTF-32. */
function createUtf32Decoder(isLittle: boolean): (piece: Uint8Array | null) => string {
	let rest = new Uint8Array(0);
	return (piece) => {
		if (piece === null) return rest.length > 0 ? '\uFFFD' : '';
		const bytes = new Uint8Array(rest.length + piece.length);
		bytes.set(rest);
		bytes.set(piece, rest.length);
		const view = new DataView(bytes.buffer);
		const parts: string[] = [];
		const whole = bytes.length - (bytes.length % 4);
		for (let at = 0; at < whole; at += 4) {
			const code = view.getUint32(at, isLittle);
			if (at > 0 || code !== 0xfeff) parts.push(String.fromCodePoint(code <= 0x10ffff ? code : 0xfffd));
		}
		rest = bytes.slice(whole);
		return parts.join('');
	};
}

/** By the byte order mark, or by where the zeros of Latin letters are. Throws RangeError if it is not text. */
function encodingOf(head: Uint8Array): Encoding {
	const starts = (...bytes: number[]): boolean => bytes.every((byte, index) => head[index] === byte);
	if (starts(0xff, 0xfe, 0, 0)) return 'utf-32le';
	if (starts(0, 0, 0xfe, 0xff)) return 'utf-32be';
	if (starts(0xff, 0xfe)) return 'utf-16le';
	if (starts(0xfe, 0xff)) return 'utf-16be';
	const start = head.subarray(0, 64);
	/** Which of each four bytes are often zero. */
	const zeros = [0, 1, 2, 3]
		.filter((place) => start.filter((byte, index) => index % 4 === place && byte === 0).length > start.length / 8)
		.join('');
	const ofZeros = new Map<string, Encoding>([
		['123', 'utf-32le'],
		['012', 'utf-32be'],
		['13', 'utf-16le'],
		['02', 'utf-16be']
	]).get(zeros);
	if (ofZeros !== undefined) return ofZeros;
	// Some programs write a few zeros between letters; binary data has more.
	const isText = head.every((byte) => byte === 0 || byte >= 32 || (byte >= 9 && byte <= 13) || byte === 26);
	if (head.includes(0) && !(isText && head.filter((byte) => byte === 0).length < head.length / 8))
		throw new RangeError('this is not a table, but binary data');
	return 'utf-8';
}
