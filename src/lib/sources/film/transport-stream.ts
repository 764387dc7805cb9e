/** MPEG transport streams that begin anywhere: captures and files that were cut or joined by bytes. */

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

/** The file from its first whole packet on; the file itself if it is no transport stream, or begins with a packet. */
export async function fromFirstPacket(file: Blob): Promise<Blob> {
	const head = new Uint8Array(await file.slice(0, SEARCHED_BYTES).arrayBuffer());
	for (let at = 0; at < head.length; at++) {
		const found = STRIDES.find(({ stride, before }) => at >= before && arePackets(head, at, stride));
		if (found !== undefined) return at === found.before ? file : file.slice(at - found.before, file.size, file.type);
	}
	return file;
}

function arePackets(bytes: Uint8Array, from: number, stride: number): boolean {
	for (let at = from; at < from + PACKETS * stride; at += stride) if (bytes[at] !== SYNC) return false;
	return true;
}
