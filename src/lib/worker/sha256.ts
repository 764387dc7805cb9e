/** SHA-256 as 64 lower-case hex digits: by the browser or, in insecure contexts that lack it, by a library. */
import { sha256 as computeSha256 } from '@noble/hashes/sha2.js';

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
	// Despite its type, it is missing outside secure contexts.
	const digest =
		'subtle' in crypto ? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)) : computeSha256(bytes);
	return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
