/** Builds oneDNN primitives from descriptors, structs that the library fills in: bytes here; handles are addresses. */
import type { Library } from './library';

export const FLOAT32 = 3;
const CPU = 1;
const IN_ORDER = 1;
/** Larger than any descriptor of version 2 (the largest has 5,976 bytes). */
const DESCRIPTOR_BYTES = 8192;
const LIBRARY_ALLOCATES = 0xffffffffffffffffn;
/** Roles of memories in a primitive, by DNNL_ARG_*. */
export const ARG = {
	source: 1,
	secondSource: 2,
	destination: 17,
	weights: 33,
	mean: 49,
	variance: 50,
	scale: 51,
	shift: 52,
	sourceGradient: 129,
	destinationGradient: 145,
	workspace: 64,
	weightsGradient: 161,
	scaleGradient: 255,
	shiftGradient: 256
} as const;
const QUERY_OF_WEIGHTS: Readonly<Record<number, number>> = { [ARG.weights]: 131, [ARG.weightsGradient]: 132 };
const QUERY_WORKSPACE = 135;

export type Pointer = bigint;
export type Bytes = Buffer;

/** A primitive ready to run: takes its memories in the order that it was made with. */
export type Primitive = (...memories: readonly Float32Array[]) => void;

interface Step {
	readonly primitive: Pointer;
	readonly args: BigUint64Array;
}

/** Makes descriptors, memories and primitives, all on one stream of the library. */
export function createAssembler(library: Library) {
	const create = (make: (out: BigUint64Array) => void): Pointer => {
		const out = new BigUint64Array(1);
		make(out);
		return out[0] ?? 0n;
	};
	const engine = create((out) => {
		library.createEngine(out, CPU, 0);
	});
	const stream = create((out) => {
		library.createStream(out, engine, IN_ORDER);
	});
	const dims = (...values: readonly number[]): BigInt64Array => BigInt64Array.from(values, BigInt);
	/** A memory of numbers of `type` in the layout `tag`. */
	const describeAs = (type: number, tag: number, shape: readonly number[]): Bytes => {
		const desc = Buffer.alloc(DESCRIPTOR_BYTES);
		library.describe(desc, shape.length, dims(...shape), type, tag);
		return desc;
	};
	/** The operation that `fill` describes; gradients take the forward pass as a hint. */
	const operation = (fill: (op: Bytes) => void, hint: Pointer = 0n): Pointer => {
		const op = Buffer.alloc(DESCRIPTOR_BYTES);
		fill(op);
		return create((out) => {
			library.createDesc(out, op, 0n, engine, hint);
		});
	};
	const memoryOf = (desc: unknown, handle = 0n): Pointer =>
		create((out) => {
			library.createMemory(out, desc, engine, handle);
		});
	/** Memory that the library allocates. */
	const ownMemoryOf = (desc: unknown): Pointer => memoryOf(desc, LIBRARY_ALLOCATES);
	/** A primitive with the memories for its roles. */
	const stepOf = (desc: Pointer, memories: readonly (readonly [role: number, memory: Pointer])[]): Step => ({
		primitive: create((out) => {
			library.createPrimitive(out, desc);
		}),
		args: BigUint64Array.from(memories.flatMap(([role, memory]) => [BigInt(role), memory]))
	});

	/** Runs `steps` with `memories` bound to the given data. */
	const sequence =
		(memories: readonly Pointer[], steps: readonly Step[]): Primitive =>
		(...data) => {
			for (const [index, memory] of memories.entries()) library.setHandle(memory, data[index]);
			for (const { primitive, args } of steps) library.execute(primitive, stream, args.length / 2, args);
		};

	/**
	 * Runs `desc` on plain memories. What the library wants in another layout or type, and weights in the layout that
	 * it chooses, is reordered before or after.
	 */
	const assemble = (
		desc: Pointer,
		ports: readonly (readonly [role: number, plain: Bytes, wanted?: Bytes])[]
	): Primitive => {
		const memories = ports.map(([, plain]) => memoryOf(plain));
		const before: Step[] = [];
		const after: Step[] = [];
		const bound = ports.map(([role, plain, other], index): readonly [number, Pointer] => {
			const memory = memories[index] ?? 0n;
			const query = QUERY_OF_WEIGHTS[role];
			const wanted = query === undefined ? (other ?? plain) : library.query(desc, query);
			if (library.equal(wanted, plain)) return [role, memory];
			const own = ownMemoryOf(wanted);
			const isResult = role === ARG.weightsGradient;
			const [from, to] = isResult ? [wanted, plain] : [plain, wanted];
			const reorder = create((out) => {
				library.createReorder(out, from, engine, to, engine, 0n);
			});
			const [source, destination] = isResult ? [own, memory] : [memory, own];
			(isResult ? after : before).push(
				stepOf(reorder, [
					[ARG.source, source],
					[ARG.destination, destination]
				])
			);
			return [role, own];
		});
		return sequence(memories, [...before, stepOf(desc, bound), ...after]);
	};
	/** What a forward primitive leaves for its gradient. */
	const workspaceOf = (desc: Pointer): Pointer => ownMemoryOf(library.query(desc, QUERY_WORKSPACE));
	return { dims, describeAs, operation, memoryOf, ownMemoryOf, workspaceOf, stepOf, sequence, assemble };
}
