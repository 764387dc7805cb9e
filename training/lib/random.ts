/** Random numbers that depend on nothing but their keys, so that any step of a run can be drawn again. */

/** Numbers with 0 <= x < 1. */
export type Random = () => number;

/** One round of the finaliser of MurmurHash3 (Appleby, public domain): mixes all 32 bits. */
function mix(value: number): number {
	let h = value;
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The generator sfc32 (Doty-Humphrey, PractRand), seeded with the keys: whole numbers, of which the low 32 bits count.
 */
export function createRandom(...keys: readonly number[]): Random {
	let seed = 0x9e3779b9;
	for (const key of keys) seed = mix((seed + Math.imul(key, 0x9e3779b1)) ^ (seed >>> 7));
	let a = seed;
	let b = mix(seed + 1);
	let c = mix(seed + 2);
	let counter = 1;
	const next = (): number => {
		const sum = (a + b + counter++) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = (((c << 21) | (c >>> 11)) + sum) | 0;
		return (sum >>> 0) / 0x1_0000_0000;
	};
	for (let i = 0; i < 12; i++) next();
	return next;
}

/** A number with low <= x < high. */
export function uniform(random: Random, low: number, high: number): number {
	return low + (high - low) * random();
}

/** Shuffles in place (Fisher and Yates, Durstenfeld's form) and returns the same array. */
export function shuffle<T extends Uint32Array>(values: T, random: Random): T {
	for (let i = values.length - 1; i > 0; i--) {
		const j = Math.floor(random() * (i + 1));
		const kept = values[i] ?? 0;
		values[i] = values[j] ?? 0;
		values[j] = kept;
	}
	return values;
}

/** Streams of random numbers with different uses never share keys. */
export const STREAM = { order: 1, augmentation: 2, dropout: 3 } as const;
