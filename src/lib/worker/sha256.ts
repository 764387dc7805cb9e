/** SHA-256 (FIPS 180-4): the browser's own, and one for pages that are not secure, where browsers give none. */

/** Fractional parts of the cube roots (`exponent` 1/3) or square roots (1/2) of the first primes, 32 bits each. */
function fractionBits(count: number, exponent: number): Uint32Array {
	const primes: number[] = [];
	for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
	return Uint32Array.from(primes, (prime) => (prime ** exponent % 1) * 2 ** 32);
}

const BLOCK_BYTES = 64;
const ROUNDS = 64;
const ROUND_CONSTANTS = fractionBits(ROUNDS, 1 / 3);
const INITIAL = fractionBits(8, 1 / 2);

function rotate(word: number, bits: number): number {
	return (word >>> bits) | (word << (32 - bits));
}

/** The message, a one bit, zeros, and its length in bits, to whole blocks. */
function padded(bytes: Uint8Array): DataView {
	const blocks = Math.ceil((bytes.length + 9) / BLOCK_BYTES);
	const whole = new Uint8Array(blocks * BLOCK_BYTES);
	whole.set(bytes);
	whole[bytes.length] = 0x80;
	const view = new DataView(whole.buffer);
	view.setBigUint64(whole.length - 8, BigInt(bytes.length) * 8n);
	return view;
}

/** The 16 words of a block, stretched to one for each round. */
function schedule(view: DataView, offset: number, words: Uint32Array): void {
	const at = (index: number): number => words[index] ?? 0;
	for (let i = 0; i < 16; i++) words[i] = view.getUint32(offset + 4 * i);
	for (let i = 16; i < ROUNDS; i++) {
		const [early, late] = [at(i - 15), at(i - 2)];
		const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
		const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
		words[i] = at(i - 16) + s0 + at(i - 7) + s1;
	}
}

/** 64 lower-case hex digits, without the browser's help: a few milliseconds a megabyte. */
export function computeSha256(bytes: Uint8Array): string {
	const view = padded(bytes);
	const words = new Uint32Array(ROUNDS);
	const hash = INITIAL.slice();
	for (let offset = 0; offset < view.byteLength; offset += BLOCK_BYTES) {
		schedule(view, offset, words);
		let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
		for (let i = 0; i < ROUNDS; i++) {
			const choice = (e & f) ^ (~e & g);
			const majority = (a & b) ^ (a & c) ^ (b & c);
			const sum = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
			const first = (h + sum + choice + (ROUND_CONSTANTS[i] ?? 0) + (words[i] ?? 0)) | 0;
			const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
			[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
		}
		for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) hash[index] = (hash[index] ?? 0) + value;
	}
	return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** SHA-256 as 64 lower-case hex digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
	// Missing, whatever its type says, outside secure contexts.
	if (!('subtle' in crypto)) return computeSha256(bytes);
	const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
	return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
