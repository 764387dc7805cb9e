/**
 * Products of matrices that are never laid out ("implicit GEMM"): a workgroup computes a tile of rows x columns, 16 terms at a
 * time from its shared memory, a thread 8 x 8 of it in registers.
 */
import { buffers, lines, vec4, type Program, type Type } from './program';

/** Terms of the sums that are in shared memory at a time. */
export const DEPTH = 16;
/** Columns of a tile. */
export const COLUMNS = 64;

interface Product {
	/** How the pictures in `source` are read. */
	readonly sourceType: Type;
	/** Name of the buffer whose rows come into `right`. */
	readonly matrix: string;
	/** Rows of a tile, and threads of a workgroup: 64 or 128. */
	readonly tile: number;
	readonly rows: number;
	readonly columns: number;
	/** WGSL: before the loop; has `m0`, the tile's first row, `n0`, its first column, and `local`. */
	readonly prepare: string;
	/** WGSL: fills shared `left` [16][tile / 4] and `right` [16][16] with the terms from `k0` on; zero where there are none. */
	readonly load: string;
	/** WGSL: where the terms begin and end. */
	readonly from: string;
	readonly to: string;
	/** WGSL: index in `result` of the first column quad of row `m`. */
	readonly at: string;
	readonly workgroups: Program['workgroups'];
}

/** The program of one product: `result` [rows, columns] = sum over k of left[k, row] * right[k, column]. */
export function product({ sourceType, matrix, tile, rows, columns, ...of }: Product): Program {
	const quads = tile / 4;
	const half = tile / 8;
	const declarations = buffers(['source', sourceType, 'read'], [matrix, vec4, 'read'], ['result', vec4, 'read_write']);
	const code = `${declarations}
		var<workgroup> left: array<vec4<f32>, ${DEPTH * quads}>;
		var<workgroup> right: array<vec4<f32>, ${(DEPTH * COLUMNS) / 4}>;
		@compute @workgroup_size(${tile})
		fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
			let m0 = group.x * ${tile}u;
			let n0 = group.y * ${COLUMNS}u;
			let tx = local % 8u;
			let ty = local / 8u;
			${lines(16, (i) => `var sum${i} = vec4<f32>();`)}
			${of.prepare}
			for (var k0 = ${of.from}; k0 < ${of.to}; k0 += ${DEPTH}u) {
				${of.load}
				workgroupBarrier();
				for (var k = 0u; k < ${DEPTH}u; k++) {
					let a0 = left[k * ${quads}u + ty];
					let a1 = left[k * ${quads}u + ${half}u + ty];
					let b0 = right[k * 16u + tx];
					let b1 = right[k * 16u + 8u + tx];
					${lines(4, (i) => `sum${2 * i} += a0[${i}] * b0; sum${2 * i + 1} += a0[${i}] * b1;`)}
					${lines(4, (i) => `sum${2 * i + 8} += a1[${i}] * b0; sum${2 * i + 9} += a1[${i}] * b1;`)}
				}
				workgroupBarrier();
			}
			let first = n0 / 4u + tx;
			${lines(8, (i) => {
				const row = `m0 + ${i < 4 ? '' : `${tile / 2}u + `}ty * 4u + ${i % 4}u`;
				const store = (offset: string, sum: number) =>
					`if (first${offset} < ${columns / 4}u) { result[${of.at} + first${offset}] = sum${sum}; }`;
				return `{ let m = ${row}; if (m < ${rows}u) { ${store('', 2 * i)} ${store(' + 8u', 2 * i + 1)} } }`;
			})}
		}`;
	return { code, workgroups: of.workgroups };
}

/** WGSL: `right` gets the rows k0.. of a matrix [terms, columns] named `matrix`, up to the row `end`. */
export function loadRight(matrix: string, end: string, columns: number, threads: number): string {
	return lines((DEPTH * 16) / threads, (j) => {
		const index = `(local + ${j * threads}u)`;
		return `{
			let k = k0 + ${index} / 16u;
			let n = n0 / 4u + ${index} % 16u;
			var value = vec4<f32>();
			if (k < ${end} && n < ${columns / 4}u) { value = ${matrix}[k * ${columns / 4}u + n]; }
			right[${index}] = value;
		}`;
	});
}
