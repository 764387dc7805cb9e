/** The SHA-256 of a file that may be too large for memory: it is read as a stream. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

self.onmessage = async ({ data }: MessageEvent<Blob>): Promise<void> => {
	try {
		const hash = sha256.create();
		const reader = data.stream().getReader();
		for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
			if (value !== undefined) hash.update(value);
		}
		self.postMessage(bytesToHex(hash.digest()));
	} catch {
		// The file was moved or changed.
		self.postMessage(null);
	}
};
