/** How replicas in different threads share the work of a step, through shared memory only. */

/** A range over several arrays, their numbers counted one array after another: from `from` up to but excluding `to`. */
export interface Range {
	readonly from: number;
	readonly to: number;
}

export const ALL: Range = { from: 0, to: Infinity };

/** The numbers of `part` that are in the range, with `offset` numbers before it. */
export function within({ from, to }: Range, part: Float32Array, offset: number): Float32Array {
	return part.subarray(Math.max(0, from - offset), Math.max(0, to - offset));
}

/**
 * Each replica owns a part of all weights and changes it for all replicas: it gets the mean of all gradients there
 * (`reduce`), takes its step, and shares the result (`gather`). All replicas call both in the same order, with parts of
 * the same lengths, in which the same ranges are owned.
 */
export interface AllReduce {
	readonly replica: number;
	readonly replicas: number;
	/** The range that this replica changes. */
	readonly own: Range;
	/**
	 * Replaces this replica's own numbers of `parts` with their means over all replicas; call `gather` before the next
	 * one.
	 */
	reduce(parts: readonly Float32Array[]): void;
	/** Replaces all numbers of `parts` with those of the replicas that own them. */
	gather(parts: readonly Float32Array[]): void;
	/** True for all replicas alike once the stop flag is set, from the step after the last `gather` on. */
	stopping(): boolean;
}

/** For a single replica. */
export function createSoloAllReduce(stopFlag: Int32Array): AllReduce {
	return {
		replica: 0,
		replicas: 1,
		own: ALL,
		reduce: () => undefined,
		gather: () => undefined,
		stopping: () => Atomics.load(stopFlag, 0) !== 0
	};
}

/** Memory that the threads share: one vector for each replica, two of results, and the counters of the barrier. */
export interface AllReduceMemory {
	readonly replicas: number;
	readonly length: number;
	readonly vectors: SharedArrayBuffer;
	readonly counters: SharedArrayBuffer;
	/** One Int32: non-zero asks all replicas to stop after their current step. */
	readonly stopFlag: SharedArrayBuffer;
}

/** Memory for `replicas` vectors of `length` numbers. */
export function createAllReduceMemory(replicas: number, length: number): AllReduceMemory {
	return {
		replicas,
		length,
		vectors: new SharedArrayBuffer((replicas + 2) * length * 4),
		counters: new SharedArrayBuffer(3 * 4),
		stopFlag: new SharedArrayBuffer(4)
	};
}

const ARRIVED = 0;
const ROUND = 1;
const STOPPING = 2;

/** For one replica in its own thread: blocks until all have arrived, so never call it on the main thread. */
export function createSharedAllReduce(memory: AllReduceMemory, replica: number): AllReduce {
	const { replicas, length } = memory;
	const vectorAt = (index: number) => new Float32Array(memory.vectors, index * length * 4, length);
	const vectors = Array.from({ length: replicas }, (_, index) => vectorAt(index));
	// Used in turn: a replica may still read the last results while another writes the next.
	let [results, lastResults] = [vectorAt(replicas), vectorAt(replicas + 1)];
	const counters = new Int32Array(memory.counters);
	const stopFlag = new Int32Array(memory.stopFlag);
	const own = {
		from: Math.floor((length * replica) / replicas),
		to: Math.floor((length * (replica + 1)) / replicas)
	};
	const arrive = (): void => {
		const round = Atomics.load(counters, ROUND);
		if (Atomics.add(counters, ARRIVED, 1) === replicas - 1) {
			// The last to arrive reads the flag for all, so that all stop after the same step.
			Atomics.store(counters, STOPPING, Atomics.load(stopFlag, 0));
			Atomics.store(counters, ARRIVED, 0);
			Atomics.add(counters, ROUND, 1);
			Atomics.notify(counters, ROUND);
		} else {
			while (Atomics.load(counters, ROUND) === round) Atomics.wait(counters, ROUND, round);
		}
	};
	return {
		replica,
		replicas,
		own,
		reduce(parts) {
			joined(parts, (part, offset) => vectors[replica]?.set(part, offset));
			arrive();
			joined(parts, (part, offset) => {
				const mine = within(own, part, offset);
				// In the same order whoever owns them, so that the sums do not depend on the owner.
				const [first, ...others] = vectors.map((vector) =>
					within(own, vector.subarray(offset, offset + part.length), offset)
				);
				if (first) mine.set(first);
				for (const other of others) addTo(mine, other);
				scale(mine, 1 / replicas);
			});
		},
		gather(parts) {
			[results, lastResults] = [lastResults, results];
			joined(parts, (part, offset) => {
				results.set(within(own, part, offset), Math.max(offset, own.from));
			});
			arrive();
			joined(parts, (part, offset) => {
				part.set(results.subarray(offset, offset + part.length));
			});
		},
		stopping: () => Atomics.load(counters, STOPPING) !== 0
	};
}

/** Calls `work` with each part and the count of numbers before it. */
function joined(parts: readonly Float32Array[], work: (part: Float32Array, offset: number) => void): void {
	let offset = 0;
	for (const part of parts) {
		work(part, offset);
		offset += part.length;
	}
}

function addTo(sums: Float32Array, values: Float32Array): void {
	for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (values[i] ?? 0);
}

function scale(values: Float32Array, factor: number): void {
	for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
}
