/**
 * MPEG transport streams out of step: captures and files that begin in the middle of a packet, were joined by bytes, or
 * have lost some. Mediabunny stops at the first packet that does not begin where it should.
 */

const SYNC = 0x47;
/** A packet alone; after four bytes of time (M2TS); before sixteen bytes of error correction. */
const STRIDES = [
	{ stride: 188, before: 0 },
	{ stride: 192, before: 4 },
	{ stride: 204, before: 0 }
];
/** So many packets in a row are no chance. */
const PACKETS = 10;
const SEARCHED_BYTES = 256 * 1024;
/** Packets read at once: a film of an hour does not fit into memory. */
const PACKETS_READ = 20_000;

/** The whole packets of a transport stream, one after another; the file itself if it is none, or has nothing else. */
export async function inStep(file: Blob): Promise<Blob> {
	const head = await read(file, 0, SEARCHED_BYTES);
	const kind = STRIDES.map((each) => ({ ...each, first: firstOf(head, each.stride, each.before) }))
		.filter(({ first }) => first >= 0)
		.sort((a, b) => a.first - b.first)[0];
	if (kind === undefined) return file;
	const { stride, before } = kind;
	const parts: Blob[] = [];
	for (let from = kind.first; from >= 0;) {
		const gap = await gapAfter(file, from, stride);
		// A packet that another does not follow has lost some of its bytes.
		const end = gap === null ? file.size : gap - stride - before;
		if (end > from) parts.push(file.slice(from - before, end));
		from = gap === null ? -1 : await packetAfter(file, gap - stride, stride);
	}
	return parts[0]?.size === file.size ? file : new Blob(parts, { type: file.type });
}

/** Where the first sync byte at or after `from` is that packets follow; -1 if there is none. */
function firstOf(bytes: Uint8Array, stride: number, from: number): number {
	for (let at = from; at + (PACKETS - 1) * stride < bytes.length; at++) if (arePackets(bytes, at, stride)) return at;
	return -1;
}

function arePackets(bytes: Uint8Array, from: number, stride: number): boolean {
	for (let at = from; at < from + PACKETS * stride; at += stride) if (bytes[at] !== SYNC) return false;
	return true;
}

/** Where a sync byte is missing in the packets from `from` on; null if they reach to the end of the file. */
async function gapAfter(file: Blob, from: number, stride: number): Promise<number | null> {
	for (let at = from; at < file.size; at += PACKETS_READ * stride) {
		const bytes = await read(file, at, PACKETS_READ * stride);
		for (let packet = 0; packet < bytes.length; packet += stride) if (bytes[packet] !== SYNC) return at + packet;
	}
	return null;
}

/** Like `firstOf`, in a file and behind `after`. */
async function packetAfter(file: Blob, after: number, stride: number): Promise<number> {
	for (let at = after + 1; at < file.size; at += SEARCHED_BYTES) {
		const found = firstOf(await read(file, at, SEARCHED_BYTES + (PACKETS - 1) * stride), stride, 0);
		if (found >= 0) return at + found;
	}
	return -1;
}

async function read(file: Blob, from: number, length: number): Promise<Uint8Array> {
	return new Uint8Array(await file.slice(from, from + length).arrayBuffer());
}
