/** How replicas in different threads average their gradients, over shared memory alone. */

export interface AllReduce {
	readonly replica: number;
	readonly replicas: number;
	/**
	 * Replaces the numbers of all `parts` by their means over all replicas, in place; every replica calls it once a step
	 * with parts of the same lengths, and sees the same result.
	 */
	average(parts: readonly Float32Array[]): void;
	/** True for all replicas alike once any thread has called `stop()`, from the step after the last `average` on. */
	stopping(): boolean;
}

/** For one replica alone. */
export function createSoloAllReduce(stopFlag: Int32Array): AllReduce {
	return {
		replica: 0,
		replicas: 1,
		average: () => undefined,
		stopping: () => Atomics.load(stopFlag, 0) !== 0
	};
}

/** Memory that the threads share: two turns of one vector per replica, and the counters of the barrier. */
export interface AllReduceMemory {
	readonly replicas: number;
	readonly length: number;
	readonly vectors: SharedArrayBuffer;
	readonly counters: SharedArrayBuffer;
	/** One Int32: not zero asks all replicas to stop after the step they are in. */
	readonly stopFlag: SharedArrayBuffer;
}

/** Memory for `replicas` vectors of `length` numbers. */
export function createAllReduceMemory(replicas: number, length: number): AllReduceMemory {
	return {
		replicas,
		length,
		vectors: new SharedArrayBuffer(2 * replicas * length * 4),
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
	const vectors = Array.from(
		{ length: 2 * replicas },
		(_, i) => new Float32Array(memory.vectors, i * length * 4, length)
	);
	const counters = new Int32Array(memory.counters);
	const stopFlag = new Int32Array(memory.stopFlag);
	// Two sets of vectors by turns: a replica may still read the last ones while another writes the next.
	let turn = 0;
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
		average(parts) {
			const current = vectors.slice(turn * replicas, (turn + 1) * replicas);
			turn = 1 - turn;
			let offset = 0;
			for (const part of parts) {
				current[replica]?.set(part, offset);
				offset += part.length;
			}
			arrive();
			offset = 0;
			for (const part of parts) {
				// In the same order for all replicas, so that all get the same sums.
				const [first, ...others] = current.map((vector) => vector.subarray(offset, offset + part.length));
				if (first) part.set(first);
				for (const other of others) addTo(part, other);
				scale(part, 1 / replicas);
				offset += part.length;
			}
		},
		stopping: () => Atomics.load(counters, STOPPING) !== 0
	};
}

function addTo(sums: Float32Array, values: Float32Array): void {
	for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (values[i] ?? 0);
}

function scale(values: Float32Array, factor: number): void {
	for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
}
