/**
 * WGSL of convolutions for GPUs that multiply matrices of float16 themselves (tensor cores), which WGSL calls subgroup
 * matrices: the products of webgpu-programs.ts with factors in float16 and sums in float32. A workgroup computes a tile of rows
 * x columns, 32 terms at a time from its shared memory, a subgroup 32 rows of it.
 */
import {
	buffers,
	geometryOfBackward,
	geometryOfForward,
	lines,
	remembered,
	vec4,
	type Geometry,
	type Info,
	type Program,
	type Workgroups
} from './programs';

/** Whether the GPU's own matrices are used, or, for tests on GPUs without, float32 in place of both. */
export type MatrixUnits = 'float16' | 'emulated';

/** Threads that hold a matrix together. */
export const SUBGROUP = 32;
/** Side of such a matrix. */
export const MATRIX_SIDE = 16;
/** Terms of the sums that are in shared memory at one time. */
const DEPTH = 32;
/** What gradients are multiplied by before they become float16, which has nothing between 0 and 6e-8. */
const GRADIENT_SCALE = 1024;
/** Workgroups of 128 rows from which on a GPU counts as busy. */
const BUSY = 400;

/** Which subgroup a thread belongs to is known from its number, which WGSL does not see to be the same for all of a subgroup. */
const DIRECTIVES = `
	diagnostic(off, chromium.subgroup_matrix_uniformity);
	enable f16;
	enable chromium_experimental_subgroup_matrix;`;

interface Half {
	readonly type: 'f16' | 'f32';
	/** Numbers between the rows of shared matrices that nobody reads, so that rows lie in different banks. */
	readonly gap: number;
}

const halfOf = (units: MatrixUnits): Half => (units === 'float16' ? { type: 'f16', gap: 8 } : { type: 'f32', gap: 0 });

interface Product {
	readonly units: MatrixUnits;
	/** Name of the buffer whose rows are the right factor. */
	readonly matrix: string;
	/** Rows of a tile, and threads of a workgroup: 64 or 128. */
	readonly tile: number;
	readonly rows: number;
	readonly columns: number;
	/** How the left factor lies in shared memory: rows of DEPTH terms, or terms of `tile` rows. */
	readonly leftMajor: 'row' | 'column';
	/** What the factors are multiplied by, which the result is not. */
	readonly leftScale: number;
	readonly rightScale: number;
	/** WGSL: before the loop; has `m0`, the tile's first row, `n0`, its first column, and `local`. */
	readonly prepare: string;
	/** WGSL: from the terms from `k0` on, sets the quads `v0` to `v7` of the left factor, which are zero before. */
	readonly see: string;
	/** WGSL: where quad `i` of the left factor goes in shared memory. */
	readonly place: (i: number, stride: number) => string;
	/** WGSL: where the terms begin and end. */
	readonly from: string;
	readonly to: string;
	/** WGSL: index in `result` of the first column quad of row `m`. */
	readonly at: string;
	readonly across: number;
	readonly workgroups: Workgroups;
}

/** Columns of a tile: as few beside the matrix as can be, then as many as can be. Float32 takes twice the shared memory. */
function tileColumns(columns: number, tile: number, units: MatrixUnits): number {
	const padded = (width: number): number => Math.ceil(columns / width) * width;
	const widths = [96, 80, 64, 48, 32, 16].filter((width) => units === 'float16' || width * tile <= 6144);
	return widths.reduce((best, width) => (padded(width) < padded(best) ? width : best));
}

/** The program of one product: `result` [rows, columns] = sum over k of left[row, k] * right[k, column]. */
function product({ units, matrix, tile, rows, columns, across, ...of }: Product): Program {
	const { type, gap } = halfOf(units);
	const quads = across / 4;
	const leftStride = gap + (of.leftMajor === 'row' ? DEPTH : tile);
	const leftSize = leftStride * (of.leftMajor === 'row' ? tile : DEPTH);
	const rightStride = gap + across;
	const rightQuads = (DEPTH * quads) / tile;
	const half = (value: string, scale: number): string =>
		`vec4<${type}>(clamp(${value}${scale === 1 ? '' : ` * ${scale}.0`}, vec4<f32>(-65504.0), vec4<f32>(65504.0)))`;
	const fetch = `
		${lines(8, (i) => `var v${i} = vec4<f32>();`)}
		${of.see}
		${lines(8, (i) => `left${i} = ${half(`v${i}`, of.leftScale)};`)}
		${lines(rightQuads, (j) => {
			const index = `(local + ${j * tile}u)`;
			return `{
				let k = k0 + ${index} / ${quads}u;
				let n = n0 / 4u + ${index} % ${quads}u;
				var value = vec4<f32>();
				if (k < ${of.to} && n < ${columns / 4}u) { value = ${matrix}[k * ${columns / 4}u + n]; }
				right${j} = ${half('value', of.rightScale)};
			}`;
		})}`;
	const store = (name: string, at: string, array: string): string =>
		`{ let at = ${at}; ${lines(4, (i) => `${array}[at + ${i}u] = ${name}[${i}];`)} }`;
	const { accumulators, multiply, stage } = arithmetic(units, across, of.leftMajor, leftStride, rightStride);
	const scale = 1 / (of.leftScale * of.rightScale);
	const code = `
		${units === 'float16' ? DIRECTIVES : ''}
		${buffers(['source', vec4, 'read'], [matrix, vec4, 'read'], ['result', vec4, 'read_write'])}
		var<workgroup> left: array<${type}, ${leftSize}>;
		var<workgroup> right: array<${type}, ${DEPTH * rightStride}>;
		var<workgroup> staged: array<f32, ${(tile / SUBGROUP) * MATRIX_SIDE * across}>;
		@compute @workgroup_size(${tile})
		fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
			let m0 = group.x * ${tile}u;
			let n0 = group.y * ${across}u;
			let subgroup = local / ${SUBGROUP}u;
			let lane = local % ${SUBGROUP}u;
			${accumulators}
			${of.prepare}
			${lines(8, (i) => `var left${i}: vec4<${type}>;`)}
			${lines(rightQuads, (j) => `var right${j}: vec4<${type}>;`)}
			var k0 = ${of.from};
			${fetch}
			loop {
				${lines(8, (i) => store(`left${i}`, of.place(i, leftStride), 'left'))}
				${lines(rightQuads, (j) => {
					const index = `(local + ${j * tile}u)`;
					return store(`right${j}`, `${index} / ${quads}u * ${rightStride}u + ${index} % ${quads}u * 4u`, 'right');
				})}
				workgroupBarrier();
				k0 += ${DEPTH}u;
				// The next terms are on their way while these are multiplied.
				if (k0 < ${of.to}) { ${fetch} }
				${multiply}
				workgroupBarrier();
				if (k0 >= ${of.to}) { break; }
			}
			${lines(
				2,
				(round) => `
				${stage(round)}
				workgroupBarrier();
				${lines((MATRIX_SIDE * quads) / SUBGROUP, (j) => {
					const index = `(lane + ${j * SUBGROUP}u)`;
					return `{
						let row = ${index} / ${quads}u;
						let m = m0 + subgroup * ${SUBGROUP}u + ${round * MATRIX_SIDE}u + row;
						let n = n0 / 4u + ${index} % ${quads}u;
						if (m < ${rows}u && n < ${columns / 4}u) {
							let start = (subgroup * ${MATRIX_SIDE}u + row) * ${across}u + ${index} % ${quads}u * 4u;
							result[${of.at} + n] =
								vec4<f32>(staged[start], staged[start + 1u], staged[start + 2u], staged[start + 3u])${scale === 1 ? '' : ` * ${scale}`};
						}
					}`;
				})}
				workgroupBarrier();`
			)}
		}`;
	return { code, workgroups: of.workgroups };
}

/** WGSL of a subgroup's 32 rows: what holds the sums, adds DEPTH terms, and puts 16 rows of them into `staged`. */
function arithmetic(
	units: MatrixUnits,
	across: number,
	leftMajor: 'row' | 'column',
	leftStride: number,
	rightStride: number
): { accumulators: string; multiply: string; stage: (round: number) => string } {
	const [down, along] = [2, across / MATRIX_SIDE];
	if (units === 'emulated') {
		const index = leftMajor === 'row' ? `local * ${leftStride}u + k` : `k * ${leftStride}u + local`;
		return {
			accumulators: `var sums: array<f32, ${across}>;`,
			multiply: `for (var k = 0u; k < ${DEPTH}u; k++) {
				let a = left[${index}];
				for (var n = 0u; n < ${across}u; n++) { sums[n] += a * right[k * ${rightStride}u + n]; }
			}`,
			stage: (round) => `if (lane / ${MATRIX_SIDE}u == ${round}u) {
				let at = (subgroup * ${MATRIX_SIDE}u + lane % ${MATRIX_SIDE}u) * ${across}u;
				for (var n = 0u; n < ${across}u; n++) { staged[at + n] = sums[n]; }
			}`
		};
	}
	const matrix = (use: string, type: string): string =>
		`subgroup_matrix_${use}<${type}, ${MATRIX_SIDE}, ${MATRIX_SIDE}>`;
	const leftAt = (i: number): string =>
		leftMajor === 'row'
			? `(subgroup * ${SUBGROUP}u + ${i * MATRIX_SIDE}u) * ${leftStride}u + k`
			: `k * ${leftStride}u + subgroup * ${SUBGROUP}u + ${i * MATRIX_SIDE}u`;
	return {
		accumulators: lines(down * along, (i) => `var sum${i} = ${matrix('result', 'f32')}();`),
		multiply: `for (var k = 0u; k < ${DEPTH}u; k += ${MATRIX_SIDE}u) {
			${lines(
				down,
				(i) =>
					`let a${i} = subgroupMatrixLoad<${matrix('left', 'f16')}, ${leftMajor === 'row' ? 'row_major' : 'col_major'}>(&left, ${leftAt(i)}, ${leftStride}u);`
			)}
			${lines(
				along,
				(j) => `{
				let b = subgroupMatrixLoad<${matrix('right', 'f16')}, row_major>(&right, k * ${rightStride}u + ${j * MATRIX_SIDE}u, ${rightStride}u);
				${lines(down, (i) => `sum${i * along + j} = subgroupMatrixMultiplyAccumulate(a${i}, b, sum${i * along + j});`)}
			}`
			)}
		}`,
		stage: (round) =>
			lines(
				along,
				(j) =>
					`subgroupMatrixStore<row_major>(&staged, subgroup * ${MATRIX_SIDE * across}u + ${j * MATRIX_SIDE}u, sum${round * along + j}, ${across}u);`
			)
	};
}

/** `result` [pixels, columns]: at each pixel `filters` [taps * channels, columns] on what its taps see of `source`. */
function slide(g: Geometry, columns: number, units: MatrixUnits, leftScale: number): Program {
	const rows = g.batch * g.rowsHeight * g.rowsWidth;
	// Small tiles where there are few.
	const tile = Math.ceil(rows / 128) * Math.ceil(columns / 64) < BUSY ? 64 : 128;
	const across = tileColumns(columns, tile, units);
	const terms = g.filterHeight * g.filterWidth * g.channels;
	// Neighbouring threads read neighbouring channels; each has the same terms of eight pixels.
	const pixels = tile / 8;
	return product({
		units,
		matrix: 'filters',
		tile,
		rows,
		columns,
		across,
		leftMajor: 'row',
		leftScale,
		rightScale: 1,
		prepare: `
			let kq = local % 8u;
			${lines(
				8,
				(i) => `
				let pixel${i} = m0 + local / 8u + ${i * pixels}u;
				let valid${i} = pixel${i} < ${rows}u;
				let column${i} = i32(pixel${i} % ${g.rowsWidth}u);
				let row${i} = i32(pixel${i} / ${g.rowsWidth}u % ${g.rowsHeight}u);
				let base${i} = pixel${i} / ${g.rowsWidth * g.rowsHeight}u * ${g.height}u;`
			)}`,
		see: `{
			let term = k0 + kq * 4u;
			if (term < ${terms}u) {
				let tap = term / ${g.channels}u;
				let channel = term % ${g.channels}u;
				let down = i32(tap / ${g.filterWidth}u);
				let across = i32(tap % ${g.filterWidth}u);
				${lines(
					8,
					(i) => `if (valid${i}) {
					let row = row${i};
					let column = column${i};
					let y = ${g.y};
					let x = ${g.x};
					if (${g.exists} && y >= 0 && y < ${g.height} && x >= 0 && x < ${g.width}) {
						v${i} = source[(((base${i} + u32(y)) * ${g.width}u + u32(x)) * ${g.channels}u + channel) / 4u];
					}
				}`
				)}
			}
		}`,
		place: (i, stride) => `(local / 8u + ${i * pixels}u) * ${stride}u + kq * 4u`,
		from: '0u',
		to: `${terms}u`,
		at: `m * ${columns / 4}u`,
		workgroups: [Math.ceil(rows / tile), Math.ceil(columns / across), 1]
	});
}

/** `result` [parts, taps * channels, out]: products of what the taps see with the slope, over a part of the pixels each. */
function writeFilterProduct(info: Info, units: MatrixUnits): Program & { parts: number } {
	const { inChannels: channels, outChannels: columns, outHeight, outWidth, padInfo } = info;
	const rows = info.filterHeight * info.filterWidth * channels;
	const tile = rows % 128 > 0 && rows % 128 <= 64 ? 64 : 128;
	const across = tileColumns(columns, tile, units);
	const [tilesDown, tilesAcross] = [Math.ceil(rows / tile), Math.ceil(columns / across)];
	const pixels = info.batchSize * outHeight * outWidth;
	// Enough parts to keep all processors busy, none so small that its result costs more than its work.
	const wanted = Math.ceil((2 * BUSY) / (tilesDown * tilesAcross));
	const chunk = DEPTH * Math.max(16, Math.ceil(pixels / DEPTH / wanted));
	const parts = Math.ceil(pixels / chunk);
	const quads = tile / 4;
	return {
		parts,
		...product({
			units,
			matrix: 'slope',
			tile,
			rows,
			columns,
			across,
			leftMajor: 'column',
			leftScale: 1,
			rightScale: GRADIENT_SCALE,
			prepare: `
				let end = min(${pixels}u, (group.z + 1u) * ${chunk}u);
				let mq = local % ${quads}u;
				let m = m0 + mq * 4u;
				let tap = m / ${channels}u;
				let channel = m % ${channels}u;
				let down = i32(tap / ${info.filterWidth}u) - ${padInfo.top};
				let sideways = i32(tap % ${info.filterWidth}u) - ${padInfo.left};`,
			see: lines(
				8,
				(i) => `{
				let pixel = k0 + local / ${quads}u + ${4 * i}u;
				if (pixel < end && m < ${rows}u) {
					let x = i32(pixel % ${outWidth}u) * ${info.strideWidth} + sideways;
					let y = i32(pixel / ${outWidth}u % ${outHeight}u) * ${info.strideHeight} + down;
					let base = pixel / ${outWidth * outHeight}u * ${info.inHeight}u;
					if (y >= 0 && y < ${info.inHeight} && x >= 0 && x < ${info.inWidth}) {
						v${i} = source[(((base + u32(y)) * ${info.inWidth}u + u32(x)) * ${channels}u + channel) / 4u];
					}
				}
			}`
			),
			place: (i, stride) => `(local / ${quads}u + ${4 * i}u) * ${stride}u + mq * 4u`,
			from: `group.z * ${chunk}u`,
			to: 'end',
			at: `(group.z * ${rows}u + m) * ${columns / 4}u`,
			workgroups: [tilesDown, tilesAcross, parts]
		})
	};
}

/** Whether these programs cover a convolution from one of these numbers of channels to the other. */
export const multipliesMatrices = (inChannels: number, outChannels: number): boolean =>
	inChannels % 4 === 0 && outChannels % 4 === 0;

export const matrixForward = remembered((info: Info, units: MatrixUnits) =>
	slide(geometryOfForward(info), info.outChannels, units, 1)
);
export const matrixBackward = remembered((info: Info, units: MatrixUnits) =>
	slide(geometryOfBackward(info), info.inChannels, units, GRADIENT_SCALE)
);
export const matrixFilterProduct = remembered(writeFilterProduct);
