/**
 * Checks, format by format, whether all of a picture's pixels are in its file, and repairs markers and size fields that
 * are missing or wrong and that some browsers insist on.
 */
import type { Format } from './format';

/**
 * `whole`: nothing is known to be missing; `cut`: pixels are missing; `mended`: only a marker or a size was wrong, and
 * `bytes` is corrected; `doubtful`: `bytes` is corrected, but only decoding can tell whether pixels are missing.
 */
export type Mended =
	| { readonly kind: 'whole' | 'cut' }
	| { readonly kind: 'mended' | 'doubtful'; readonly bytes: Uint8Array<ArrayBuffer> };

const WHOLE: Mended = { kind: 'whole' };
const CUT: Mended = { kind: 'cut' };

/** Checks a whole file of this format. */
export async function mend(format: Format | null, bytes: Uint8Array<ArrayBuffer>): Promise<Mended> {
	switch (format) {
		case 'jpeg':
			return mendJpeg(bytes);
		case 'png':
			return mendPng(bytes);
		case 'gif':
			return mendGif(bytes);
		case 'webp':
			return mendWebp(bytes);
		case 'bmp':
			return mendBmp(bytes);
		case 'avif':
		case 'heic':
			return boxesReachBeyond(bytes) ? CUT : WHOLE;
		case 'tiff':
		case 'svg':
		case 'jxl':
		case 'ico':
		case null:
			return WHOLE;
	}
}

/** Goes from marker to marker (ITU-T T.81, annex B); anything after the end marker is ignored, however long it is. */
function mendJpeg(bytes: Uint8Array): Mended {
	const data = view(bytes);
	/** For each component, the number of bits of its coefficients that no scan has given yet. */
	const missing = new Map<number, { dc: number; ac: number }>();
	let isProgressive = false;
	let scans = 0;
	let at = 2;
	while (at < bytes.length) {
		at = bytes.indexOf(0xff, at);
		if (at < 0) break;
		const code = bytes[at + 1];
		if (code === undefined) break;
		if (code === 0xd9) return WHOLE;
		if (code === 0xff) at++;
		else if (code <= 0x01 || (code >= 0xd0 && code <= 0xd8)) at += 2;
		else {
			if (at + 4 > bytes.length) return CUT;
			const end = at + 2 + Math.max(2, data.getUint16(at + 2));
			if (end > bytes.length) return CUT;
			if (code === 0xc2 || code === 0xc6 || code === 0xca) isProgressive = true;
			if (code === 0xda) {
				scans++;
				noteScan(bytes.subarray(at + 4, end), isProgressive, missing);
			} else if (code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc) {
				for (let part = at + 10; part + 3 <= end; part += 3) missing.set(bytes[part] ?? 0, { dc: 1, ac: 1 });
			}
			at = end;
		}
	}
	if (scans === 0 || [...missing.values()].some(({ dc, ac }) => dc > 0 || ac > 0)) return CUT;
	const end = bytes.at(-1) === 0xff ? bytes.length - 1 : bytes.length;
	return { kind: 'doubtful', bytes: joined(bytes.subarray(0, end), Uint8Array.of(0xff, 0xd9)) };
}

function noteScan(head: Uint8Array, isProgressive: boolean, missing: Map<number, { dc: number; ac: number }>): void {
	const count = head[0] ?? 0;
	const [first = 0, last = 63, bits = 0] = head.subarray(1 + 2 * count);
	for (let part = 0; part < count; part++) {
		const component = missing.get(head[1 + 2 * part] ?? 0);
		if (component === undefined) continue;
		const left = isProgressive ? bits & 15 : 0;
		if (first === 0) component.dc = left;
		if (!isProgressive || last === 63) component.ac = left;
	}
}

/** The compressed rows must be complete; the end marker of the file proves nothing. */
async function mendPng(bytes: Uint8Array): Promise<Mended> {
	const data = view(bytes);
	const rows: Uint8Array[] = [];
	let at = 8;
	for (; at + 8 <= bytes.length;) {
		const kind = data.getUint32(at + 4);
		if (kind === IEND) {
			const isWhole = at + 12 <= bytes.length;
			return isWhole
				? withRightSums(bytes.subarray(0, at + 12), rows)
				: { kind: 'mended', bytes: joined(bytes.subarray(0, at), PNG_END) };
		}
		const end = at + 12 + data.getUint32(at);
		if (kind === IDAT) rows.push(bytes.subarray(at + 8, Math.min(bytes.length, end - 4)));
		if (end > bytes.length) break;
		at = end;
	}
	if (rows.length === 0 || !(await inflatesWhole(rows))) return CUT;
	return { kind: 'mended', bytes: joined(bytes.subarray(0, at), PNG_END) };
}

/** Corrects wrong checksums of chunks if the rows' own checksum is right: image elements show such files. */
async function withRightSums(bytes: Uint8Array, rows: readonly Uint8Array[]): Promise<Mended> {
	const data = view(bytes);
	const mended = Uint8Array.from(bytes);
	let isRight = true;
	for (let at = 8; at + 12 <= bytes.length; at += 12 + data.getUint32(at)) {
		const end = at + 8 + data.getUint32(at);
		if (end + 4 > bytes.length) break;
		const sum = crc32(bytes.subarray(at + 4, end));
		if (sum === data.getUint32(end)) continue;
		view(mended).setUint32(end, sum);
		isRight = false;
	}
	return isRight || !(await inflatesWhole(rows)) ? WHOLE : { kind: 'mended', bytes: mended };
}

/** PNG's checksum of a chunk (annex D). */
function crc32(bytes: Uint8Array): number {
	let sum = ~0;
	for (const byte of bytes) {
		sum ^= byte;
		for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ 0xedb88320;
	}
	return ~sum >>> 0;
}

const [IEND, IDAT] = [0x49454e44, 0x49444154];
const PNG_END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/** Whether zlib data is complete; the output is discarded piece by piece. */
async function inflatesWhole(parts: readonly Uint8Array[]): Promise<boolean> {
	const reader = new Blob(parts.map((part) => Uint8Array.from(part)))
		.stream()
		.pipeThrough(new DecompressionStream('deflate'))
		.getReader();
	try {
		while (!(await reader.read()).done);
		return true;
	} catch {
		return false;
	}
}

/** The blocks of the first picture must be complete; later pictures are never shown. */
function mendGif(bytes: Uint8Array): Mended {
	const tableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
	let at = 13 + tableBytes(bytes[10] ?? 0);
	/** Position after sub-blocks; -1 if they do not end. */
	const pass = (from: number): number => {
		for (let block = from; block < bytes.length; block += 1 + (bytes[block] ?? 0))
			if (bytes[block] === 0) return block + 1;
		return -1;
	};
	while (at < bytes.length) {
		// The end: there is no picture, but nothing is missing.
		if (bytes[at] === 0x3b) return WHOLE;
		const isPicture = bytes[at] === 0x2c;
		if (!isPicture && bytes[at] !== 0x21) return WHOLE;
		const end = pass(isPicture ? at + 11 + tableBytes(bytes[at + 9] ?? 0) : at + 2);
		if (end < 0) return CUT;
		if (isPicture) {
			const hasEnd = bytes.at(-1) === 0x3b;
			return hasEnd ? WHOLE : { kind: 'mended', bytes: joined(bytes.subarray(0, end), Uint8Array.of(0x3b)) };
		}
		at = end;
	}
	return CUT;
}

/** The picture's chunk must be there; the size of the file is corrected. */
function mendWebp(bytes: Uint8Array): Mended {
	const data = view(bytes);
	let at = 12;
	let hasPicture = false;
	while (at + 8 <= bytes.length) {
		const kind = String.fromCharCode(...bytes.subarray(at, at + 4));
		const end = at + 8 + data.getUint32(at + 4, true);
		const isPicture = kind === 'VP8 ' || kind === 'VP8L' || kind === 'ANMF';
		if (!isPicture && !/^(VP8X|ALPH|ANIM|ICCP|EXIF|XMP )$/.test(kind)) break;
		if (end > bytes.length) {
			if (!hasPicture) return CUT;
			break;
		}
		hasPicture ||= isPicture;
		at = end + (end % 2);
	}
	if (!hasPicture) return CUT;
	const end = Math.min(at, bytes.length);
	if (data.getUint32(4, true) === end - 8) return WHOLE;
	const mended = joined(bytes.subarray(0, end), new Uint8Array(end % 2));
	view(mended).setUint32(4, mended.length - 8, true);
	return { kind: 'mended', bytes: mended };
}

/** Uncompressed rows must all be there, whatever the size fields say. */
function mendBmp(bytes: Uint8Array): Mended {
	if (bytes.length < 26) return CUT;
	const data = view(bytes);
	const isOld = data.getUint32(14, true) === 12;
	if (!isOld && bytes.length < 34) return CUT;
	const [width, height] = isOld
		? [data.getUint16(18, true), data.getUint16(20, true)]
		: [data.getInt32(18, true), Math.abs(data.getInt32(22, true))];
	const bits = data.getUint16(isOld ? 24 : 28, true);
	const compression = isOld ? 0 : data.getUint32(30, true);
	if (compression !== 0 && compression !== 3 && compression !== 6) return WHOLE;
	const rowBytes = 4 * Math.ceil((width * bits) / 32);
	return data.getUint32(10, true) + rowBytes * height > bytes.length ? CUT : WHOLE;
}

/** Whether a top-level box of an ISO file (ISO/IEC 14496-12) reaches beyond its end. */
function boxesReachBeyond(bytes: Uint8Array): boolean {
	const data = view(bytes);
	for (let at = 0; at + 8 <= bytes.length;) {
		const short = data.getUint32(at);
		// 0: to the end of the file; 1: the size follows, in eight bytes.
		if (short === 0) return false;
		if (short === 1 && at + 16 > bytes.length) return true;
		const size = short === 1 ? Number(data.getBigUint64(at + 8)) : short;
		if (size < 8) return false;
		if (at + size > bytes.length) return true;
		at += size;
	}
	return false;
}

/** Whether items of an ISO file are protected: it then names a protection scheme. */
export function isProtected(bytes: Uint8Array): boolean {
	const text = Array.from(bytes.subarray(0, 65_536), (byte) => String.fromCharCode(byte)).join('');
	return /ipro[^]{0,16}sinf|sinf[^]{0,64}schm|encv[^]{0,400}schm/.test(text);
}

function view(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(first.length + second.length);
	bytes.set(first);
	bytes.set(second, first.length);
	return bytes;
}
