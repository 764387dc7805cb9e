/** Files in one, stored as they are: pictures do not shrink by compressing them again. PKWARE APPNOTE 6.3.3. */

export interface ZipEntry {
	readonly name: string;
	readonly data: Blob;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
	let crc = index;
	for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	return crc;
});

/** CRC-32 as ZIP and PNG use it. */
export function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
	return (crc ^ 0xffffffff) >>> 0;
}

/** Names are in UTF-8 and should differ. Throws RangeError beyond the 4 GB or 65,535 files of the plain format. */
export async function zip(entries: readonly ZipEntry[]): Promise<Blob> {
	const parts: BlobPart[] = [];
	const directory: Uint8Array<ArrayBuffer>[] = [];
	let offset = 0;
	for (const { name, data } of entries) {
		const encoded = new TextEncoder().encode(name);
		const crc = crc32(new Uint8Array(await data.arrayBuffer()));
		// Version 2.0, names in UTF-8, stored, 1 January 1980.
		const shared = [20, 0x0800, 0, 0, 0x21];
		const sizes = [crc, data.size, data.size];
		const local = record(0x04034b50, shared, sizes, [encoded.length, 0], [], encoded);
		directory.push(record(0x02014b50, [20, ...shared], sizes, [encoded.length, 0, 0, 0, 0], [0, offset], encoded));
		parts.push(local, data);
		offset += local.length + data.size;
	}
	const directoryBytes = directory.reduce((sum, { length }) => sum + length, 0);
	if (offset + directoryBytes > 0xffffffff || entries.length > 0xffff) throw new RangeError('Too much for one archive');
	const counts = [0, 0, entries.length, entries.length];
	const end = record(0x06054b50, counts, [directoryBytes, offset], [0], [], new Uint8Array(0));
	return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}

/** Little-endian fields: a signature, 16-bit, 32-bit, 16-bit and 32-bit ones, then a name. */
function record(
	signature: number,
	first: readonly number[],
	second: readonly number[],
	third: readonly number[],
	fourth: readonly number[],
	name: Uint8Array
): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(
		4 + 2 * (first.length + third.length) + 4 * (second.length + fourth.length) + name.length
	);
	const view = new DataView(bytes.buffer);
	let at = 0;
	const put = (value: number, size: 2 | 4): void => {
		if (size === 2) view.setUint16(at, value, true);
		else view.setUint32(at, value, true);
		at += size;
	};
	put(signature, 4);
	for (const value of first) put(value, 2);
	for (const value of second) put(value, 4);
	for (const value of third) put(value, 2);
	for (const value of fourth) put(value, 4);
	bytes.set(name, at);
	return bytes;
}
