/**
 * oneDNN 2.6 (Debian 12's libdnnl2), Intel's and UXL's library of deep learning primitives: on processors with AVX-512
 * its training arithmetic is about ten times as fast as WASM. All data is float32, pictures are NHWC in memory.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { ARG, createAssembler, FLOAT32, type Bytes, type Pointer, type Primitive } from './assembler';
import { openLibrary } from './library';

const BFLOAT16 = 2;
/** Memory layouts by dnnl_format_tag_t. */
const TAG = { any: 1, a: 2, ab: 3, ba: 22, nhwc: 20, hwio: 30 } as const;
const PROPAGATION = { forwardTraining: 64, backward: 128 } as const;
const ALGORITHM = { convolutionDirect: 1, relu: 31, reluFromOutput: 256, add: 131056, poolingMax: 511 } as const;
const USE_SCALE_AND_SHIFT = 8 | 16;

type Shape = tf.backend_util.Conv2DInfo;

export interface OneDnn {
	/** source, filter [h, w, in, out]; destination. */
	convolution(shape: Shape): Primitive;
	/** gradient of the destination, filter; gradient of the source. */
	convolutionSourceGradient(shape: Shape): Primitive;
	/** source, gradient of the destination; gradient of the filter. */
	convolutionFilterGradient(shape: Shape): Primitive;
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
	maxPoolGradient(shape: Shape): Primitive;
	/** a [m, k], b [k, n], or their transposes; destination [m, n]. */
	matMul(m: number, k: number, n: number, transposeA: boolean, transposeB: boolean): Primitive;
}

/**
 * The library with one thread for this thread of Node; with `bfloat16`, convolutions multiply in it. Throws UserError
 * if it cannot be used.
 */
export function loadOneDnn(bfloat16: boolean): OneDnn {
	const library = openLibrary();
	const factors = bfloat16 ? BFLOAT16 : FLOAT32;
	const { dims, describeAs, operation, memoryOf, ownMemoryOf, workspaceOf, stepOf, sequence, assemble } =
		createAssembler(library);
	const describe = (tag: number, ...shape: readonly number[]): Bytes => describeAs(FLOAT32, tag, shape);
	const cache = new Map<string, unknown>();
	const once = <T>(name: string, key: readonly unknown[], make: () => T): T => {
		const id = `${name} ${JSON.stringify(key)}`;
		const known = cache.get(id) as T | undefined;
		if (known) return known;
		const made = make();
		cache.set(id, made);
		return made;
	};

	const convolutionParts = (s: Shape) => ({
		source: describe(TAG.nhwc, s.batchSize, s.inChannels, s.inHeight, s.inWidth),
		destination: describe(TAG.nhwc, s.batchSize, s.outChannels, s.outHeight, s.outWidth),
		sourceFactor: describeAs(factors, TAG.nhwc, [s.batchSize, s.inChannels, s.inHeight, s.inWidth]),
		destinationFactor: describeAs(factors, TAG.nhwc, [s.batchSize, s.outChannels, s.outHeight, s.outWidth]),
		anyFilter: describe(TAG.any, s.outChannels, s.inChannels, s.filterHeight, s.filterWidth),
		filterFactor: describeAs(factors, TAG.any, [s.outChannels, s.inChannels, s.filterHeight, s.filterWidth]),
		filter: describe(TAG.hwio, s.outChannels, s.inChannels, s.filterHeight, s.filterWidth),
		strides: dims(s.strideHeight, s.strideWidth),
		before: dims(s.padInfo.top, s.padInfo.left),
		after: dims(s.padInfo.bottom, s.padInfo.right)
	});
	const keyOf = (s: Shape): readonly unknown[] => [
		...[s.batchSize, s.inHeight, s.inWidth, s.inChannels, s.outHeight, s.outWidth, s.outChannels],
		...[s.filterHeight, s.filterWidth, s.strideHeight, s.strideWidth],
		...[s.padInfo.top, s.padInfo.bottom, s.padInfo.left, s.padInfo.right]
	];
	const convolutionForward = (p: ReturnType<typeof convolutionParts>): Pointer =>
		operation((op) => {
			const { forwardTraining } = PROPAGATION;
			const geometry = [p.strides, p.before, p.after];
			library.convolution(op, forwardTraining, 1, p.sourceFactor, p.filterFactor, 0n, p.destination, ...geometry);
		});
	const normParts = (rows: number, channels: number, epsilon: number) => {
		const data = describe(TAG.nhwc, rows, channels, 1, 1);
		const forward = operation((op) => {
			library.batchNorm(op, PROPAGATION.forwardTraining, data, epsilon, USE_SCALE_AND_SHIFT);
		});
		return { data, perChannel: describe(TAG.a, channels), forward };
	};
	const reluParts = (size: number, algorithm: number) => {
		const data = describe(TAG.a, size);
		const forward = operation((op) => {
			library.eltwise(op, PROPAGATION.forwardTraining, algorithm, data, 0, 0);
		});
		return { data, forward };
	};

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
				// The places of the greatest values are computed again: tfjs cannot keep them between the passes.
				const [workspace, pooled] = [workspaceOf(forward), ownMemoryOf(p.destination)];
				const [source, outputGradient, gradient] = [memoryOf(p.source), memoryOf(p.destination), memoryOf(p.source)];
				return sequence(
					[source, outputGradient, gradient],
					[
						stepOf(forward, [
							[ARG.source, source],
							[ARG.destination, pooled],
							[ARG.workspace, workspace]
						]),
						stepOf(backward, [
							[ARG.destinationGradient, outputGradient],
							[ARG.workspace, workspace],
							[ARG.sourceGradient, gradient]
						])
					]
				);
			}),
		batchNorm: (rows, channels, epsilon) =>
			once('norm', [rows, channels, epsilon], () => {
				const { data, perChannel, forward } = normParts(rows, channels, epsilon);
				return assemble(forward, [
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
				const { data, perChannel, forward } = normParts(rows, channels, epsilon);
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
				const { data, forward } = reluParts(size, ALGORITHM.relu);
				return assemble(forward, [
					[ARG.source, data],
					[ARG.destination, data]
				]);
			}),
		reluGradient: (size) =>
			once('relu gradient', [size], () => {
				const { data, forward } = reluParts(size, ALGORITHM.reluFromOutput);
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
		matMul: (m, k, n, transposeA, transposeB) =>
			once('matMul', [m, k, n, transposeA, transposeB], () => {
				const a = describe(transposeA ? TAG.ba : TAG.ab, m, k);
				const b = describe(transposeB ? TAG.ba : TAG.ab, k, n);
				const destination = describe(TAG.ab, m, n);
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
