/** The library oneDNN, found on this machine and bound by its C interface; only the known version is accepted. */
import koffi from 'koffi';
import { UserError } from '../../lib/errors';

const LIBRARY = 'libdnnl.so.2';
/** Major and minor version that this interface is for. */
const VERSION = [2, 6] as const;

export type Library = ReturnType<typeof bind>;

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
	// The numbers of layouts and algorithms change between versions.
	return versionProblem(major, minor);
}

/** What is wrong with that version, or undefined. */
export function versionProblem(major: number, minor: number): string | undefined {
	const [wantedMajor, wantedMinor] = VERSION;
	if (major === wantedMajor && minor === wantedMinor) return undefined;
	return (
		`the library libdnnl2 is version ${String(major)}.${String(minor)} here, and only ` +
		`${String(wantedMajor)}.${String(wantedMinor)} (Debian 12's) is known to work`
	);
}

/** The library with one thread for this thread of Node. Throws UserError if it is missing or another version. */
export function openLibrary(): Library {
	const problem = oneDnnProblem();
	if (problem !== undefined) throw new UserError(`oneDNN cannot be used: ${problem}. Leave --backend out.`);
	const library = bind();
	library.setThreads(1);
	return library;
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
		query: (desc: bigint, what: number): bigint => query(desc, what, 0) as bigint,
		equal: (a: unknown, b: unknown): boolean => equal(a, b) === 1
	};
}
