/** The faults that a soak causes in the kiosk, and their order. */
import { createRandom, uniform } from '../../training/lib/random';

/** Each kind of fault in a few words, and whether it is held for some seconds and then undone. */
export const FAULTS = {
	cut: { title: 'stream cut', held: true },
	unavailable: { title: 'camera answers 503', held: true },
	away: { title: 'camera server away', held: true },
	freeze: { title: 'stream frozen', held: true },
	repeat: { title: 'same picture repeated', held: true },
	corrupt: { title: 'damaged pictures', held: true },
	'page-stopped': { title: 'page stopped', held: true },
	'worker-dies': { title: 'worker dies', held: false },
	'worker-stuck': { title: 'worker stuck', held: false },
	'graphics-crash': { title: 'graphics process crash', held: false }
} as const satisfies Record<string, { title: string; held: boolean }>;

export type FaultKind = keyof typeof FAULTS;
/** Faults of the page itself, whatever it shows. */
export const PAGE_FAULTS = ['page-stopped', 'worker-dies', 'worker-stuck', 'graphics-crash'] as const;
export type PageFault = (typeof PAGE_FAULTS)[number];
export type StreamFault = Exclude<FaultKind, PageFault>;

export function isPageFault(kind: FaultKind): kind is PageFault {
	return PAGE_FAULTS.some((each) => each === kind);
}

export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

export interface Fault {
	readonly kind: FaultKind;
	/** Seconds until it is undone; 0 if the kiosk has to recover by itself. */
	readonly heldS: number;
}

/** Both shorter and longer than what the kiosk takes for a freeze. */
const HELD_S = { least: 3, most: 15 };

/** `count` faults: all kinds in random order, then all in another order, and so on. */
export function planFaults(seed: number, count: number, kinds: readonly FaultKind[] = FAULT_KINDS): Fault[] {
	const faults: Fault[] = [];
	for (let round = 0; kinds.length > 0 && faults.length < count; round++) {
		const random = createRandom(seed, round);
		const drawn = kinds.map((kind) => ({ kind, at: random() })).toSorted((a, b) => a.at - b.at);
		for (const { kind } of drawn) {
			const heldS = FAULTS[kind].held ? Math.round(uniform(random, HELD_S.least, HELD_S.most)) : 0;
			faults.push({ kind, heldS });
		}
	}
	return faults.slice(0, count);
}

/** After a result with a face, this many more over this time must follow for the kiosk to count as running again. */
const STEADY = { results: 4, ms: 3000 };

/**
 * When steady results with a face began after `sinceMs`; null if they have not yet. `timesMs`: times of all such
 * results, ascending. Single ones, as from a stream that repeats one picture at every new connection, do not count.
 */
export function steadySince(timesMs: readonly number[], sinceMs: number, longestGapMs: number): number | null {
	const after = timesMs.filter((ms) => ms >= sinceMs);
	let first = 0;
	for (const [index, ms] of after.entries()) {
		if (ms - (after[index - 1] ?? ms) > longestGapMs) first = index;
		const startMs = after[first] ?? ms;
		if (index - first >= STEADY.results && ms - startMs >= STEADY.ms) return startMs;
	}
	return null;
}
