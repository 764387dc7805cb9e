/**
 * oneDNN 2.6 (Debian 12's libdnnl2), Intel's and UXL's library of deep learning primitives, called through its C interface:
 * on processors with AVX-512 it does the arithmetic of training about ten times as fast as WASM.
 * Descriptors are structs that the library fills in; here they are bytes, handles are addresses. All data is float32,
 * pictures are NHWC in memory.
 */
import koffi from 'koffi';
import { UserError } from '../../lib/errors';

const LIBRARY = 'libdnnl.so.2';
/** Major and minor version whose interface this is. */
const VERSION = [2, 6] as const;
const FLOAT32 = 3;
const BFLOAT16 = 2;
const CPU = 1;
const IN_ORDER = 1;
/** Larger than any descriptor of version 2 (the largest has 5,976 bytes). */
const DESCRIPTOR_BYTES = 8192;
const LIBRARY_ALLOCATES = 0xffffffffffffffffn;
/** Memory layouts by dnnl_format_tag_t. */
const TAG = { any: 1, a: 2, ab: 3, ba: 22, abc: 4, nhwc: 20, hwio: 30 } as const;
const PROPAGATION = { forwardTraining: 64, backward: 128 } as const;
const ALGORITHM = { convolutionDirect: 1, relu: 31, reluFromOutput: 256, add: 131056, poolingMax: 511 } as const;
const USE_SCALE_AND_SHIFT = 8 | 16;
/** Roles of memories in a primitive, by DNNL_ARG_*. */
const ARG = {
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

type Pointer = bigint;
type Bytes = Buffer;

/** A primitive ready to run: takes its memories in the order in which it was made with. */
export type Primitive = (...memories: readonly Float32Array[]) => void;

export interface ConvolutionShape {
	readonly batch: number;
	readonly inHeight: number;
	readonly inWidth: number;
	readonly inChannels: number;
	readonly outHeight: number;
	readonly outWidth: number;
	readonly outChannels: number;
	readonly filterHeight: number;
	readonly filterWidth: number;
	readonly strideHeight: number;
	readonly strideWidth: number;
	readonly padInfo: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };
}

export interface OneDnn {
	/** source, filter [h, w, in, out]; destination. */
	convolution(shape: ConvolutionShape): Primitive;
	/** gradient of the destination, filter; gradient of the source. */
	convolutionSourceGradient(shape: ConvolutionShape): Primitive;
	/** source, gradient of the destination; gradient of the filter. */
	convolutionFilterGradient(shape: ConvolutionShape): Primitive;
	/** source, scale, shift; destination, mean, variance. */
	batchNorm(rows: number, channels: number, epsilon: number): Primitive;
	/** source, mean, variance, scale, shift, gradient; gradients of source, scale and shift. */
	batchNormGradient(rows: number, channels: number, epsilon: number): Primitive;
	/** source; destination. */
	relu(size: number): Primitive;
	/** output, its gradient; gradient of the source. */
	reluGradient(size: number): Primitive;
	/** a [rows, columns], b [rowsOfB, columns] with one row or as many as `a`; destination. */
	add(rows: number, columns: number, rowsOfB: number): Primitive;
	/** source, gradient of the destination; gradient of the source. */
	maxPoolGradient(shape: ConvolutionShape): Primitive;
	/** a [batch, m, k], b [batch, k, n], or their transposes; destination [batch, m, n]. */
	matMul(batch: number, m: number, k: number, n: number, transposeA: boolean, transposeB: boolean): Primitive;
}

type Library = ReturnType<typeof bind>;

/** Why the library cannot be used on this machine, or undefined. */
export function oneDnnProblem(): string | undefined {
	let library: ReturnType<typeof koffi.load>;
	try {
		library = koffi.load(LIBRARY);
	} catch {
		return 'the library libdnnl2 is not installed';
	}
	const version = library.func('void *dnnl_version()') as () => unknown;
	const [major = 0, minor = 0] = koffi.decode(version(), 'int', 3) as number[];
	// Numbers of layouts and algorithms change from one to the next.
	return versionProblem(major, minor);
}

/** What speaks against that version, or undefined. */
export function versionProblem(major: number, minor: number): string | undefined {
	const [wantedMajor, wantedMinor] = VERSION;
	if (major === wantedMajor && minor === wantedMinor) return undefined;
	return (
		`the library libdnnl2 is version ${String(major)}.${String(minor)} here, and only ` +
		`${String(wantedMajor)}.${String(wantedMinor)} (Debian 12's) is known to work`
	);
}

/** The library with one thread for this thread of Node; `bfloat16` is what convolutions then multiply in. Throws UserError when it is not installed, or of another version. */
export function loadOneDnn(bfloat16: boolean): OneDnn {
	const problem = oneDnnProblem();
	if (problem !== undefined) throw new UserError(`oneDNN cannot be used: ${problem}. Leave --backend out.`);
	const library = bind();
	library.setThreads(1);
	return createPrimitives(library, bfloat16 ? BFLOAT16 : FLOAT32);
}

function bind() {
	const library = koffi.load(LIBRARY);
	const call = (signature: string): ((...args: unknown[]) => void) => {
		const native = library.func(`int ${signature}`) as (...args: unknown[]) => number;
		return (...args) => {
			const status = native(...args);
			if (status !== 0)
				throw new Error(`oneDNN: ${signature.replace(/\(.*/, '')} failed with status ${String(status)}.`);
		};
	};
	const query = library.func('void *dnnl_primitive_desc_query_md(void *desc, int what, int index)');
	const equal = library.func('int dnnl_memory_desc_equal(void *a, void *b)');
	return {
		setThreads: koffi.load('libgomp.so.1').func('void omp_set_num_threads(int)') as (count: number) => void,
		createEngine: call('dnnl_engine_create(void *engine, int kind, size_t index)'),
		createStream: call('dnnl_stream_create(void *stream, void *engine, unsigned int flags)'),
		createMemory: call('dnnl_memory_create(void *memory, void *desc, void *engine, void *handle)'),
		setHandle: call('dnnl_memory_set_data_handle(void *memory, void *handle)'),
		describe: call('dnnl_memory_desc_init_by_tag(void *desc, int ndims, void *dims, int type, int tag)'),
		createDesc: call('dnnl_primitive_desc_create(void *desc, void *op, void *attr, void *engine, void *hint)'),
		createReorder: call(
			'dnnl_reorder_primitive_desc_create(void *desc, void *from, void *engine, void *to, void *engine2, void *attr)'
		),
		createPrimitive: call('dnnl_primitive_create(void *primitive, void *desc)'),
		execute: call('dnnl_primitive_execute(void *primitive, void *stream, int count, void *args)'),
		convolution: call(
			'dnnl_convolution_forward_desc_init(void *op, int prop, int alg, void *src, void *w, void *bias, void *dst, void *strides, void *padl, void *padr)'
		),
		convolutionSourceGradient: call(
			'dnnl_convolution_backward_data_desc_init(void *op, int alg, void *dsrc, void *w, void *ddst, void *strides, void *padl, void *padr)'
		),
		convolutionFilterGradient: call(
			'dnnl_convolution_backward_weights_desc_init(void *op, int alg, void *src, void *dw, void *dbias, void *ddst, void *strides, void *padl, void *padr)'
		),
		batchNorm: call(
			'dnnl_batch_normalization_forward_desc_init(void *op, int prop, void *data, float epsilon, unsigned int flags)'
		),
		batchNormGradient: call(
			'dnnl_batch_normalization_backward_desc_init(void *op, int prop, void *ddata, void *data, float epsilon, unsigned int flags)'
		),
		pooling: call(
			'dnnl_pooling_forward_desc_init(void *op, int prop, int alg, void *src, void *dst, void *strides, void *kernel, void *padl, void *padr)'
		),
		poolingGradient: call(
			'dnnl_pooling_backward_desc_init(void *op, int alg, void *dsrc, void *ddst, void *strides, void *kernel, void *padl, void *padr)'
		),
		eltwise: call('dnnl_eltwise_forward_desc_init(void *op, int prop, int alg, void *data, float alpha, float beta)'),
		eltwiseGradient: call(
			'dnnl_eltwise_backward_desc_init(void *op, int alg, void *ddata, void *data, float alpha, float beta)'
		),
		binary: call('dnnl_binary_desc_init(void *op, int alg, void *a, void *b, void *dst)'),
		matMul: call('dnnl_matmul_desc_init(void *op, void *a, void *b, void *bias, void *dst)'),
		query: (desc: Pointer, what: number): Pointer => query(desc, what, 0) as Pointer,
		equal: (a: unknown, b: unknown): boolean => equal(a, b) === 1
	};
}

function createPrimitives(library: Library, factors: number): OneDnn {
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
	const describeAs = (type: number, tag: number, shape: readonly number[]): Bytes => {
		const desc = Buffer.alloc(DESCRIPTOR_BYTES);
		library.describe(desc, shape.length, dims(...shape), type, tag);
		return desc;
	};
	const describe = (tag: number, ...shape: readonly number[]): Bytes => describeAs(FLOAT32, tag, shape);
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
	const primitiveOf = (desc: Pointer): Pointer =>
		create((out) => {
			library.createPrimitive(out, desc);
		});
	const argumentsOf = (memories: readonly (readonly [role: number, memory: Pointer])[]): BigUint64Array =>
		BigUint64Array.from(memories.flatMap(([role, memory]) => [BigInt(role), memory]));

	interface Step {
		readonly primitive: Pointer;
		readonly args: BigUint64Array;
	}
	/** Runs `steps` with `memories` bound to the data that it is given. */
	const sequence =
		(memories: readonly Pointer[], steps: readonly Step[]): Primitive =>
		(...data) => {
			for (const [index, memory] of memories.entries()) library.setHandle(memory, data[index]);
			for (const { primitive, args } of steps) library.execute(primitive, stream, args.length / 2, args);
		};

	/**
	 * Runs `desc` on plain memories; what the library wants in another layout or type, and weights in a layout of its own,
	 * are reordered around it.
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
			const own = memoryOf(wanted, LIBRARY_ALLOCATES);
			const isResult = role === ARG.weightsGradient;
			const [from, to] = isResult ? [wanted, plain] : [plain, wanted];
			const reorder = create((out) => {
				library.createReorder(out, from, engine, to, engine, 0n);
			});
			const [source, destination] = isResult ? [own, memory] : [memory, own];
			(isResult ? after : before).push({
				primitive: primitiveOf(reorder),
				args: argumentsOf([
					[ARG.source, source],
					[ARG.destination, destination]
				])
			});
			return [role, own];
		});
		const steps = [...before, { primitive: primitiveOf(desc), args: argumentsOf(bound) }, ...after];
		return sequence(memories, steps);
	};

	const cache = new Map<string, unknown>();
	const once = <T>(name: string, key: readonly unknown[], make: () => T): T => {
		const id = `${name} ${JSON.stringify(key)}`;
		const known = cache.get(id) as T | undefined;
		if (known) return known;
		const made = make();
		cache.set(id, made);
		return made;
	};

	const convolutionParts = (s: ConvolutionShape) => ({
		source: describe(TAG.nhwc, s.batch, s.inChannels, s.inHeight, s.inWidth),
		destination: describe(TAG.nhwc, s.batch, s.outChannels, s.outHeight, s.outWidth),
		sourceFactor: describeAs(factors, TAG.nhwc, [s.batch, s.inChannels, s.inHeight, s.inWidth]),
		destinationFactor: describeAs(factors, TAG.nhwc, [s.batch, s.outChannels, s.outHeight, s.outWidth]),
		anyFilter: describe(TAG.any, s.outChannels, s.inChannels, s.filterHeight, s.filterWidth),
		filterFactor: describeAs(factors, TAG.any, [s.outChannels, s.inChannels, s.filterHeight, s.filterWidth]),
		filter: describe(TAG.hwio, s.outChannels, s.inChannels, s.filterHeight, s.filterWidth),
		strides: dims(s.strideHeight, s.strideWidth),
		before: dims(s.padInfo.top, s.padInfo.left),
		after: dims(s.padInfo.bottom, s.padInfo.right)
	});
	const keyOf = (s: ConvolutionShape): readonly unknown[] => [
		...[s.batch, s.inHeight, s.inWidth, s.inChannels, s.outHeight, s.outWidth, s.outChannels],
		...[s.filterHeight, s.filterWidth, s.strideHeight, s.strideWidth],
		...[s.padInfo.top, s.padInfo.bottom, s.padInfo.left, s.padInfo.right]
	];
	const convolutionForward = (p: ReturnType<typeof convolutionParts>): Pointer =>
		operation((op) => {
			const { forwardTraining } = PROPAGATION;
			const geometry = [p.strides, p.before, p.after];
			library.convolution(op, forwardTraining, 1, p.sourceFactor, p.filterFactor, 0n, p.destination, ...geometry);
		});

	return {
		convolution: (shape) =>
			once('convolution', keyOf(shape), () => {
				const p = convolutionParts(shape);
				return assemble(convolutionForward(p), [
					[ARG.source, p.source, p.sourceFactor],
					[ARG.weights, p.filter],
					[ARG.destination, p.destination]
				]);
			}),
		convolutionSourceGradient: (shape) =>
			once('convolution source', keyOf(shape), () => {
				const p = convolutionParts(shape);
				const desc = operation((op) => {
					const geometry = [p.strides, p.before, p.after];
					const { convolutionDirect } = ALGORITHM;
					library.convolutionSourceGradient(
						op,
						convolutionDirect,
						p.source,
						p.filterFactor,
						p.destinationFactor,
						...geometry
					);
				}, convolutionForward(p));
				return assemble(desc, [
					[ARG.destinationGradient, p.destination, p.destinationFactor],
					[ARG.weights, p.filter],
					[ARG.sourceGradient, p.source]
				]);
			}),
		convolutionFilterGradient: (shape) =>
			once('convolution filter', keyOf(shape), () => {
				const p = convolutionParts(shape);
				const desc = operation((op) => {
					const data = [p.sourceFactor, p.anyFilter, 0n, p.destinationFactor];
					library.convolutionFilterGradient(op, ALGORITHM.convolutionDirect, ...data, p.strides, p.before, p.after);
				}, convolutionForward(p));
				return assemble(desc, [
					[ARG.source, p.source, p.sourceFactor],
					[ARG.destinationGradient, p.destination, p.destinationFactor],
					[ARG.weightsGradient, p.filter]
				]);
			}),
		maxPoolGradient: (shape) =>
			once('max pool', keyOf(shape), () => {
				const p = convolutionParts(shape);
				const geometry = [p.strides, dims(shape.filterHeight, shape.filterWidth), p.before, p.after];
				const { poolingMax } = ALGORITHM;
				const forward = operation((op) => {
					library.pooling(op, PROPAGATION.forwardTraining, poolingMax, p.source, p.destination, ...geometry);
				});
				const backward = operation((op) => {
					library.poolingGradient(op, poolingMax, p.source, p.destination, ...geometry);
				}, forward);
				// Where the greatest values were is asked again: tfjs keeps no room for it between the passes.
				const workspace = memoryOf(library.query(forward, QUERY_WORKSPACE), LIBRARY_ALLOCATES);
				const pooled = memoryOf(p.destination, LIBRARY_ALLOCATES);
				const [source, outputGradient, gradient] = [memoryOf(p.source), memoryOf(p.destination), memoryOf(p.source)];
				return sequence(
					[source, outputGradient, gradient],
					[
						{
							primitive: primitiveOf(forward),
							args: argumentsOf([
								[ARG.source, source],
								[ARG.destination, pooled],
								[ARG.workspace, workspace]
							])
						},
						{
							primitive: primitiveOf(backward),
							args: argumentsOf([
								[ARG.destinationGradient, outputGradient],
								[ARG.workspace, workspace],
								[ARG.sourceGradient, gradient]
							])
						}
					]
				);
			}),
		batchNorm: (rows, channels, epsilon) =>
			once('norm', [rows, channels, epsilon], () => {
				const data = describe(TAG.nhwc, rows, channels, 1, 1);
				const perChannel = describe(TAG.a, channels);
				const desc = operation((op) => {
					library.batchNorm(op, PROPAGATION.forwardTraining, data, epsilon, USE_SCALE_AND_SHIFT);
				});
				return assemble(desc, [
					[ARG.source, data],
					[ARG.scale, perChannel],
					[ARG.shift, perChannel],
					[ARG.destination, data],
					[ARG.mean, perChannel],
					[ARG.variance, perChannel]
				]);
			}),
		batchNormGradient: (rows, channels, epsilon) =>
			once('norm gradient', [rows, channels, epsilon], () => {
				const data = describe(TAG.nhwc, rows, channels, 1, 1);
				const perChannel = describe(TAG.a, channels);
				const forward = operation((op) => {
					library.batchNorm(op, PROPAGATION.forwardTraining, data, epsilon, USE_SCALE_AND_SHIFT);
				});
				const desc = operation((op) => {
					library.batchNormGradient(op, PROPAGATION.backward, data, data, epsilon, USE_SCALE_AND_SHIFT);
				}, forward);
				return assemble(desc, [
					[ARG.source, data],
					[ARG.mean, perChannel],
					[ARG.variance, perChannel],
					[ARG.scale, perChannel],
					// Not used, but counted.
					[ARG.shift, perChannel],
					[ARG.destinationGradient, data],
					[ARG.sourceGradient, data],
					[ARG.scaleGradient, perChannel],
					[ARG.shiftGradient, perChannel]
				]);
			}),
		relu: (size) =>
			once('relu', [size], () => {
				const data = describe(TAG.a, size);
				const desc = operation((op) => {
					library.eltwise(op, PROPAGATION.forwardTraining, ALGORITHM.relu, data, 0, 0);
				});
				return assemble(desc, [
					[ARG.source, data],
					[ARG.destination, data]
				]);
			}),
		reluGradient: (size) =>
			once('relu gradient', [size], () => {
				const data = describe(TAG.a, size);
				const forward = operation((op) => {
					library.eltwise(op, PROPAGATION.forwardTraining, ALGORITHM.reluFromOutput, data, 0, 0);
				});
				const desc = operation((op) => {
					library.eltwiseGradient(op, ALGORITHM.reluFromOutput, data, data, 0, 0);
				}, forward);
				return assemble(desc, [
					[ARG.destination, data],
					[ARG.destinationGradient, data],
					[ARG.sourceGradient, data]
				]);
			}),
		add: (rows, columns, rowsOfB) =>
			once('add', [rows, columns, rowsOfB], () => {
				const a = describe(TAG.ab, rows, columns);
				const b = describe(TAG.ab, rowsOfB, columns);
				const desc = operation((op) => {
					library.binary(op, ALGORITHM.add, a, b, a);
				});
				return assemble(desc, [
					[ARG.source, a],
					[ARG.secondSource, b],
					[ARG.destination, a]
				]);
			}),
		matMul: (batch, m, k, n, transposeA, transposeB) =>
			once('matMul', [batch, m, k, n, transposeA, transposeB], () => {
				const matrix = (rows: number, columns: number, transposed: boolean): Bytes => {
					if (batch === 1) return describe(transposed ? TAG.ba : TAG.ab, rows, columns);
					if (transposed) throw new Error('oneDNN: a batch of transposed matrices is not covered.');
					return describe(TAG.abc, batch, rows, columns);
				};
				const [a, b, destination] = [matrix(m, k, transposeA), matrix(k, n, transposeB), matrix(m, n, false)];
				const desc = operation((op) => {
					library.matMul(op, a, b, 0n, destination);
				});
				// Its second operand is "weights" too, but always in the plain layout that it was described with.
				return assemble(desc, [
					[ARG.source, a],
					[ARG.weights, b],
					[ARG.destination, destination]
				]);
			})
	};
}
