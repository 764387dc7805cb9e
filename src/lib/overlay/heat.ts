/** A face's input as grey pixels, and a map of what matters in it laid over. */

/** RGBA of `size` x `size` pixels: the luma as it is. */
export function grayPixels(input: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
	const pixels = new Uint8ClampedArray(input.length * 4);
	for (const [index, luma] of input.entries()) pixels.set([luma, luma, luma, 255], index * 4);
	return pixels;
}

/** What speaks for the label: the colour of a flame; against it: blue. Red, green, blue. */
const FOR = [255, 176, 32] as const;
const AGAINST = [70, 130, 255] as const;
const STRONGEST_ALPHA = 0.78;

/**
 * RGBA of `size` x `size` pixels to lay over the input: `map` of `cells` x `cells`, blended between the cells, the
 * strongest cell most opaque. Transparent where no cell reaches `leastDrop`: noise should not look like a finding.
 */
export function heatPixels(
	map: Float32Array,
	cells: number,
	size: number,
	leastDrop = 0.02
): Uint8ClampedArray<ArrayBuffer> {
	const strongest = Math.max(leastDrop, ...map.map(Math.abs));
	const at = (x: number, y: number): number => map[y * cells + x] ?? 0;
	const pixels = new Uint8ClampedArray(size * size * 4);
	for (let y = 0; y < size; y++) {
		for (let x = 0; x < size; x++) {
			const column = Math.min(Math.max(((x + 0.5) * cells) / size - 0.5, 0), cells - 1);
			const row = Math.min(Math.max(((y + 0.5) * cells) / size - 0.5, 0), cells - 1);
			const [left, top] = [Math.min(Math.floor(column), cells - 2), Math.min(Math.floor(row), cells - 2)];
			const [dx, dy] = [column - left, row - top];
			const upper = at(left, top) * (1 - dx) + at(left + 1, top) * dx;
			const lower = at(left, top + 1) * (1 - dx) + at(left + 1, top + 1) * dx;
			const strength = (upper * (1 - dy) + lower * dy) / strongest;
			const alpha = Math.abs(strength) * STRONGEST_ALPHA * 255;
			pixels.set([...(strength > 0 ? FOR : AGAINST), alpha], (y * size + x) * 4);
		}
	}
	return pixels;
}
