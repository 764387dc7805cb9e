/** Repeatable random numbers, for tests that try thousands of inputs. */

/** mulberry32: numbers of 0..1. */
export function generator(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** A copy damaged in a few places: bytes changed, runs overwritten, parts moved, cut off, or doubled. */
export function mutated(bytes: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
	let copy = Uint8Array.from(bytes);
	const at = () => Math.floor(random() * copy.length);
	for (let hit = 0; hit < 1 + random() * 6 && copy.length > 0; hit++) {
		const kind = random();
		if (kind < 0.35) copy[at()] = Math.floor(random() * 256);
		else if (kind < 0.5) copy.fill(random() < 0.5 ? 0xff : 0, at(), at() + 1);
		else if (kind < 0.65) copy.copyWithin(at(), at(), at() + Math.floor(random() * 64));
		else if (kind < 0.8) copy = copy.slice(0, at());
		else if (kind < 0.9) copy = copy.slice(Math.min(at(), 64));
		else copy = Uint8Array.from([...copy.subarray(0, at()), ...copy.subarray(at()).subarray(0, 2000)]);
	}
	return copy;
}
