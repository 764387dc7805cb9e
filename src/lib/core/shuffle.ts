/** mulberry32, a small generator by Tommy Ettinger: 32 bits of state are plenty for shuffling. */
function createRandom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let bits = Math.imul(state ^ (state >>> 15), 1 | state);
		bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
		return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** The items in random order (Fisher-Yates), always the same for the same number of items. Changes no argument. */
export function shuffled<T>(items: readonly T[]): T[] {
	const all = [...items];
	const random = createRandom(all.length);
	for (let last = all.length - 1; last > 0; last--) {
		const other = Math.floor(random() * (last + 1));
		[all[last], all[other]] = [all[other] as T, all[last] as T];
	}
	return all;
}
