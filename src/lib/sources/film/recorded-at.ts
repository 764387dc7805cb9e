/** When a recording began, according to its container; libraries that read films ignore it. */

/** MP4 and MOV count seconds from 1904, Matroska from 2001. */
const SECONDS_1904_TO_1970 = 2_082_844_800;
const EPOCH_2001_MS = Date.UTC(2001, 0, 1);
/** Matroska's DateUTC comes before the first pictures. */
const HEAD_BYTES = 256 * 1024;
const MATROSKA = 0x1a45dfa3;
/** The id of DateUTC and the length of its value. */
const DATE_UTC = [0x44, 0x61, 0x88] as const;
/** No film is older; cameras without a clock write such dates. */
const OLDEST_MS = Date.UTC(1990, 0, 1);
const MOST_BOXES = 10_000;

/** Milliseconds since 1970, from `mvhd` of MP4 and MOV or `DateUTC` of Matroska and WebM; null if there is none. */
export async function readRecordedAt(file: Blob): Promise<number | null> {
	const head = new DataView(await file.slice(0, 12).arrayBuffer());
	if (head.byteLength < 12) return null;
	const ms = head.getUint32(0) === MATROSKA ? await matroskaDate(file) : await movieDate(file);
	return ms !== null && ms >= OLDEST_MS ? ms : null;
}

async function matroskaDate(file: Blob): Promise<number | null> {
	const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
	for (let at = 0; at + 11 <= bytes.length; at++) {
		if (!DATE_UTC.every((byte, index) => bytes[at + index] === byte)) continue;
		const nanoseconds = new DataView(bytes.buffer, at + 3, 8).getBigInt64(0);
		return EPOCH_2001_MS + Number(nanoseconds / 1_000_000n);
	}
	return null;
}

async function movieDate(file: Blob): Promise<number | null> {
	const movie = await findBox(file, 0, file.size, 'moov');
	if (movie === null) return null;
	const header = await findBox(file, movie.from, movie.to, 'mvhd');
	if (header === null) return null;
	const view = new DataView(await file.slice(header.from, header.from + 12).arrayBuffer());
	if (view.byteLength < 12) return null;
	const seconds = view.getUint8(0) === 1 ? Number(view.getBigUint64(4)) : view.getUint32(4);
	return (seconds - SECONDS_1904_TO_1970) * 1000;
}

/** Where the content of a box lies, searching between two positions in the file. */
async function findBox(
	file: Blob,
	from: number,
	to: number,
	wanted: string
): Promise<{ from: number; to: number } | null> {
	let at = from;
	for (let count = 0; count < MOST_BOXES && at + 8 <= to; count++) {
		const view = new DataView(await file.slice(at, at + 16).arrayBuffer());
		if (view.byteLength < 8) return null;
		const name = String.fromCharCode(...[4, 5, 6, 7].map((index) => view.getUint8(index)));
		const short = view.getUint32(0);
		const isLong = short === 1 && view.byteLength === 16;
		// 0: to the end of the file.
		const size = isLong ? Number(view.getBigUint64(8)) : short === 0 ? to - at : short;
		const headerSize = isLong ? 16 : 8;
		if (size < headerSize) return null;
		if (name === wanted) return { from: at + headerSize, to: Math.min(to, at + size) };
		at += size;
	}
	return null;
}
