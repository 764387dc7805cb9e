/**
 * WGSL for what training computes. Convolutions are products of matrices that are never laid out ("implicit GEMM"): a
 * workgroup computes a tile of rows x columns, 16 terms at a time from its shared memory, a thread 8 x 8 of it in registers.
 */
import type * as tf from '@tensorflow/tfjs-core';

export type Type = 'f32' | 'vec4<f32>';
export const vec4: Type = 'vec4<f32>';
export type Workgroups = readonly [x: number, y: number, z: number];
export type Info = tf.backend_util.Conv2DInfo;

/** WGSL and how many workgroups run it. */
export interface Program {
	readonly code: string;
	readonly workgroups: Workgroups;
}

/** `write`, which writes the same program for the same arguments only once: a step needs hundreds. */
function remembered<A extends readonly unknown[], P>(write: (...args: A) => P): (...args: A) => P {
	const programs = new Map<string, P>();
	return (...args) => {
		const key = JSON.stringify(args);
		const program = programs.get(key) ?? write(...args);
		programs.set(key, program);
		return program;
	};
}

const ELEMENTWISE_THREADS = 256;
const MOST_WORKGROUPS = 65_535;
/** Terms of the sums that are in shared memory at one time. */
const DEPTH = 16;
/** Columns of a tile. */
const COLUMNS = 64;
/** Workgroups from which on a GPU counts as busy: some for each of its processors. */
const BUSY = 1024;

/** `line` of each number from 0 to `count` - 1, one below the other. */
export const lines = (count: number, line: (index: number) => string): string =>
	Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** Declarations of storage buffers. Vectors are of four numbers that lie side by side. */
export function buffers(...of: readonly (readonly [name: string, type: Type, access: 'read' | 'read_write'])[]) {
	return of
		.map(([name, type, access], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`)
		.join('\n');
}

/** A program of one thread per item; `body` has `i`, its number. */
function writeElementwise(declarations: string, items: number, body: string): Program {
	const groups = Math.ceil(items / ELEMENTWISE_THREADS);
	const x = Math.min(groups, MOST_WORKGROUPS);
	return {
		code: `${declarations}
			@compute @workgroup_size(${ELEMENTWISE_THREADS})
			fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
				let i = (group.y * ${x}u + group.x) * ${ELEMENTWISE_THREADS}u + local;
				if (i >= ${items}u) { return; }
				${body}
			}`,
		workgroups: [x, Math.ceil(groups / x), 1]
	};
}

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
	readonly workgroups: Workgroups;
}

/** The program of one product: `result` [rows, columns] = sum over k of left[k, row] * right[k, column]. */
function product({ sourceType, matrix, tile, rows, columns, ...of }: Product): Program {
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
function loadRight(matrix: string, end: string, columns: number, threads: number): string {
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

/** What a filter's taps see: which place of a picture belongs to a pixel (a row of the product) and a tap, if any. */
export interface Geometry {
	/** Of the pictures that are read: [n, height, width, channels]. */
	readonly height: number;
	readonly width: number;
	readonly channels: number;
	/** Of the pictures whose pixels are the product's rows. */
	readonly rowsHeight: number;
	readonly rowsWidth: number;
	readonly batch: number;
	readonly filterHeight: number;
	readonly filterWidth: number;
	/** WGSL: `y` and `x`, i32, from `row` and `column` of the pixel, `down` and `across` of the tap; and whether they exist. */
	readonly y: string;
	readonly x: string;
	readonly exists: string;
}

/** `result` [pixels, columns]: at each pixel `filters` [taps * channels, columns] on what its taps see of `source`. */
function slide(g: Geometry, columns: number): Program {
	const rows = g.batch * g.rowsHeight * g.rowsWidth;
	const across = Math.ceil(columns / COLUMNS);
	const tile = Math.ceil(rows / 128) * across < BUSY ? 64 : 128;
	const quads = tile / 4;
	const terms = g.filterHeight * g.filterWidth * g.channels;
	const isVector = g.channels % 4 === 0;
	const place = (k: string): string => `
		let tap = (${k}) / ${g.channels}u;
		let channel = (${k}) % ${g.channels}u;
		let down = i32(tap / ${g.filterWidth}u);
		let across = i32(tap % ${g.filterWidth}u);`;
	const readPlace = (i: number): string => `
		let row = row${i};
		let column = column${i};
		let y = ${g.y};
		let x = ${g.x};`;
	const inside = `${g.exists} && y >= 0 && y < ${g.height} && x >= 0 && x < ${g.width}`;
	const index = (i: number): string => `((base${i} + u32(y)) * ${g.width}u + u32(x)) * ${g.channels}u + channel`;
	const values = isVector
		? `{ let k = k0 + kq * 4u; if (k < ${terms}u) { ${place('k')}
			${lines(4, (i) => `if (valid${i}) { ${readPlace(i)} if (${inside}) { v${i} = source[(${index(i)}) / 4u]; } }`)}
		} }`
		: lines(
				4,
				(j) => `{ let k = k0 + kq * 4u + ${j}u; if (k < ${terms}u) { ${place('k')}
			${lines(4, (i) => `if (valid${i}) { ${readPlace(i)} if (${inside}) { v${i}[${j}] = source[${index(i)}]; } }`)}
		} }`
			);
	return product({
		sourceType: isVector ? vec4 : 'f32',
		matrix: 'filters',
		tile,
		rows,
		columns,
		prepare: `
			let rq = local % ${quads}u;
			let kq = local / ${quads}u;
			${lines(
				4,
				(i) => `
				let pixel${i} = m0 + rq * 4u + ${i}u;
				let valid${i} = pixel${i} < ${rows}u;
				let column${i} = i32(pixel${i} % ${g.rowsWidth}u);
				let row${i} = i32(pixel${i} / ${g.rowsWidth}u % ${g.rowsHeight}u);
				let base${i} = pixel${i} / ${g.rowsWidth * g.rowsHeight}u * ${g.height}u;`
			)}`,
		load: `
			${lines(4, (i) => `var v${i} = vec4<f32>();`)}
			${values}
			${lines(4, (j) => `left[(kq * 4u + ${j}u) * ${quads}u + rq] = vec4<f32>(v0[${j}], v1[${j}], v2[${j}], v3[${j}]);`)}
			${loadRight('filters', `${terms}u`, columns, tile)}`,
		from: '0u',
		to: `${terms}u`,
		at: `m * ${columns / 4}u`,
		workgroups: [Math.ceil(rows / tile), across, 1]
	});
}

/** Where the programs of a convolution find what it reads. */
function geometryOfForward(info: Info): Geometry {
	return {
		height: info.inHeight,
		width: info.inWidth,
		channels: info.inChannels,
		rowsHeight: info.outHeight,
		rowsWidth: info.outWidth,
		batch: info.batchSize,
		filterHeight: info.filterHeight,
		filterWidth: info.filterWidth,
		y: `row * ${info.strideHeight} - ${info.padInfo.top} + down`,
		x: `column * ${info.strideWidth} - ${info.padInfo.left} + across`,
		exists: 'true'
	};
}

/** The same of its gradient for the pictures, which is a convolution too. */
function geometryOfBackward(info: Info): Geometry {
	const { strideHeight: sh, strideWidth: sw, padInfo } = info;
	const fits = [
		...(sh === 1 ? [] : [`(row + ${padInfo.top} - down) % ${sh} == 0`]),
		...(sw === 1 ? [] : [`(column + ${padInfo.left} - across) % ${sw} == 0`])
	];
	return {
		height: info.outHeight,
		width: info.outWidth,
		channels: info.outChannels,
		rowsHeight: info.inHeight,
		rowsWidth: info.inWidth,
		batch: info.batchSize,
		filterHeight: info.filterHeight,
		filterWidth: info.filterWidth,
		y: sh === 1 ? `row + ${padInfo.top} - down` : `(row + ${padInfo.top} - down) / ${sh}`,
		x: sw === 1 ? `column + ${padInfo.left} - across` : `(column + ${padInfo.left} - across) / ${sw}`,
		exists: fits.length > 0 ? fits.join(' && ') : 'true'
	};
}

const writeForward = (info: Info): Program => slide(geometryOfForward(info), info.outChannels);
const writeBackward = (info: Info): Program => slide(geometryOfBackward(info), info.inChannels);

/** `result` [parts, taps * channels, out]: products of what the taps see with the output's gradient, over a part of the pixels each. */
function writeFilterProduct(info: Info): Program & { parts: number } {
	const { inChannels: channels, outChannels: columns, outHeight, outWidth, padInfo } = info;
	const rows = info.filterHeight * info.filterWidth * channels;
	const tile = 64;
	const [down, across] = [Math.ceil(rows / tile), Math.ceil(columns / COLUMNS)];
	const pixels = info.batchSize * outHeight * outWidth;
	// Enough parts to keep all processors busy, none so small that its result costs more than its work.
	const wanted = Math.ceil((2 * BUSY) / (down * across));
	const chunk = DEPTH * Math.max(16, Math.ceil(pixels / DEPTH / wanted));
	const parts = Math.ceil(pixels / chunk);
	const isVector = channels % 4 === 0;
	const see = (m: string, j: string): string => `
		let tap${j} = (${m}) / ${channels}u;
		let channel${j} = (${m}) % ${channels}u;
		let down${j} = i32(tap${j} / ${info.filterWidth}u) - ${padInfo.top};
		let across${j} = i32(tap${j} % ${info.filterWidth}u) - ${padInfo.left};`;
	const readPlace = (j: string, index: string): string => `
		let y = row + down${j};
		let x = column + across${j};
		if (y >= 0 && y < ${info.inHeight} && x >= 0 && x < ${info.inWidth}) {
			let at = ((base + u32(y)) * ${info.inWidth}u + u32(x)) * ${channels}u + channel${j};
			${index}
		}`;
	const seen = isVector
		? `if (m < ${rows}u) { ${readPlace('', 'value = source[at / 4u];')} }`
		: lines(4, (j) => `if (m + ${j}u < ${rows}u) { ${readPlace(String(j), `value[${j}] = source[at];`)} }`);
	return {
		parts,
		...product({
			sourceType: isVector ? vec4 : 'f32',
			matrix: 'outputGradient',
			tile,
			rows,
			columns,
			prepare: `
				let end = min(${pixels}u, (group.z + 1u) * ${chunk}u);
				let m = m0 + local % 16u * 4u;
				${isVector ? see('m', '') : lines(4, (j) => see(`m + ${j}u`, String(j)))}`,
			load: `
				${lines(
					4,
					(i) => `{
					let pixel = k0 + local / 16u + ${4 * i}u;
					var value = vec4<f32>();
					if (pixel < end) {
						let column = i32(pixel % ${outWidth}u) * ${info.strideWidth};
						let row = i32(pixel / ${outWidth}u % ${outHeight}u) * ${info.strideHeight};
						let base = pixel / ${outWidth * outHeight}u * ${info.inHeight}u;
						${seen}
					}
					left[local + ${64 * i}u] = value;
				}`
				)}
				${loadRight('outputGradient', 'end', columns, tile)}`,
			from: `group.z * ${chunk}u`,
			to: 'end',
			at: `(group.z * ${rows}u + m) * ${columns / 4}u`,
			workgroups: [down, across, parts]
		})
	};
}

/** Sums [parts, size] over its parts. */
function writeSumParts(parts: number, size: number): Program {
	return elementwise(
		buffers(['parts', vec4, 'read'], ['result', vec4, 'read_write']),
		size / 4,
		`var sum = vec4<f32>();
		for (var part = 0u; part < ${parts}u; part++) { sum += parts[part * ${size / 4}u + i]; }
		result[i] = sum;`
	);
}

/** [taps, in, out] to [taps, out, in]. */
function writeTurnFilter(taps: number, inChannels: number, outChannels: number): Program {
	return elementwise(
		buffers(['source', 'f32', 'read'], ['result', 'f32', 'read_write']),
		taps * inChannels * outChannels,
		`let a = i % ${inChannels}u;
		let b = i / ${inChannels}u % ${outChannels}u;
		let tap = i / ${inChannels * outChannels}u;
		result[i] = source[(tap * ${inChannels}u + a) * ${outChannels}u + b];`
	);
}

/** What a thread takes of the channels at a time: four where that comes out even. */
export function itemsOf(channels: number): { type: Type; items: number } {
	return channels % 4 === 0 ? { type: vec4, items: channels / 4 } : { type: 'f32', items: channels };
}

/** Rows of [rows, items] that one workgroup sums, and how many workgroups that makes. */
function strips(rows: number, items: number): { lanes: number; strip: number; groups: number } {
	const lanes = Math.floor(ELEMENTWISE_THREADS / items);
	if (lanes === 0) throw new RangeError(`${items} items of channels are more than a workgroup has threads.`);
	const strip = lanes * Math.max(4, Math.ceil(rows / lanes / BUSY));
	return { lanes, strip, groups: Math.ceil(rows / strip) };
}

/** `result` [strips, 2, channels]: sums of two terms per channel; WGSL `terms` sets `first` and `second` from item `at`. */
function writeSumPerChannel(
	rows: number,
	channels: number,
	names: readonly string[],
	prepare: string,
	terms: string
): Program & { groups: number } {
	const { type, items } = itemsOf(channels);
	const { lanes, strip, groups } = strips(rows, items);
	const code = `
		${buffers(...names.map((name) => [name, type, 'read'] as const), ['result', type, 'read_write'])}
		var<workgroup> firsts: array<${type}, ${ELEMENTWISE_THREADS}>;
		var<workgroup> seconds: array<${type}, ${ELEMENTWISE_THREADS}>;
		@compute @workgroup_size(${ELEMENTWISE_THREADS})
		fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
			let c = local % ${items}u;
			let lane = local / ${items}u;
			var a = ${type}();
			var b = ${type}();
			if (lane < ${lanes}u) {
				${prepare}
				let end = min(${rows}u, (group.x + 1u) * ${strip}u);
				for (var row = group.x * ${strip}u + lane; row < end; row += ${lanes}u) {
					let at = row * ${items}u + c;
					${terms}
					a += first;
					b += second;
				}
			}
			firsts[local] = a;
			seconds[local] = b;
			workgroupBarrier();
			if (lane > 0u) { return; }
			for (var other = 1u; other < ${lanes}u; other++) {
				a += firsts[other * ${items}u + c];
				b += seconds[other * ${items}u + c];
			}
			result[group.x * ${2 * items}u + c] = a;
			result[group.x * ${2 * items}u + ${items}u + c] = b;
		}`;
	return { code, workgroups: [groups, 1, 1], groups };
}

/** Sums [groups, 2, channels] over its groups and hands both sums to WGSL `finish`, as `a` and `b` of channel item `c`. */
function writeSumGroups(groups: number, channels: number, declarations: string, finish: string): Program {
	const { type, items } = itemsOf(channels);
	const threads = 64;
	const code = `${declarations}
		var<workgroup> firsts: array<${type}, ${threads}>;
		var<workgroup> seconds: array<${type}, ${threads}>;
		@compute @workgroup_size(${threads})
		fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
			let c = group.x;
			var a = ${type}();
			var b = ${type}();
			for (var part = local; part < ${groups}u; part += ${threads}u) {
				a += sums[part * ${2 * items}u + c];
				b += sums[part * ${2 * items}u + ${items}u + c];
			}
			firsts[local] = a;
			seconds[local] = b;
			for (var step = ${threads / 2}u; step > 0u; step /= 2u) {
				workgroupBarrier();
				if (local < step) {
					firsts[local] += firsts[local + step];
					seconds[local] += seconds[local + step];
				}
			}
			if (local > 0u) { return; }
			a = firsts[0];
			b = seconds[0];
			${finish}
		}`;
	return { code, workgroups: [items, 1, 1] };
}

export const forward = remembered(writeForward);
export const backward = remembered(writeBackward);
export const filterProduct = remembered(writeFilterProduct);
export const sumParts = remembered(writeSumParts);
export const turnFilter = remembered(writeTurnFilter);
export const sumPerChannel = remembered(writeSumPerChannel);
export const sumGroups = remembered(writeSumGroups);
export const elementwise = remembered(writeElementwise);
