/** Convolutions, and their gradients for pictures and filters, as products whose left side is what the filter's taps see. */
import type * as tf from '@tensorflow/tfjs-core';
import { buffers, BUSY, elementwise, lines, remembered, vec4, type Program } from './program';
import { COLUMNS, DEPTH, loadRight, product } from './product';

type Info = tf.backend_util.Conv2DInfo;

/** What a filter's taps see: which place of a picture belongs to a pixel (a row of the product) and a tap, if any. */
interface Geometry {
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

/** The geometry of a convolution's forward pass. */
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

/** The geometry of its gradient for the pictures, which is a convolution too. */
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

/** `result` [parts, taps * channels, out]: products of what the taps see with the output's gradient, over a part of the pixels each. */
function writeFilterProduct(info: Info): Program & { parts: number } {
	const { inChannels: channels, outChannels: columns, outHeight, outWidth, padInfo } = info;
	const rows = info.filterHeight * info.filterWidth * channels;
	const tile = 64;
	const [down, across] = [Math.ceil(rows / tile), Math.ceil(columns / COLUMNS)];
	const pixels = info.batchSize * outHeight * outWidth;
	// Enough parts to keep all processors busy, but none so small that its result costs more than its work.
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

export const forward = remembered((info: Info) => slide(geometryOfForward(info), info.outChannels));
export const backward = remembered((info: Info) => slide(geometryOfBackward(info), info.inChannels));
export const filterProduct = remembered(writeFilterProduct);
export const sumParts = remembered(writeSumParts);
export const turnFilter = remembered(writeTurnFilter);
