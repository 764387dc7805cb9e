/** A face's input as grey pixels, and a map of what matters in it laid over. */
import { interpolateCells } from '../core/geometry';

/** RGBA of `size` x `size` pixels: the unchanged luma. */
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
 * RGBA of `size` x `size` pixels to lay over the input: `evidence` of `cells` x `cells`, in nats, blended between the
 * cells, the strongest cell most opaque. Transparent if no cell reaches `least`: noise should not look like a finding.
 */
export function heatPixels(
	evidence: Float32Array,
	cells: number,
	size: number,
	least = 0.1
): Uint8ClampedArray<ArrayBuffer> {
	const strongest = Math.max(...evidence.map(Math.abs));
	const pixels = new Uint8ClampedArray(size * size * 4);
	if (strongest < least) return pixels;
	for (const [index, nats] of interpolateCells(evidence, cells, size).entries()) {
		const alpha = (Math.abs(nats) / strongest) * STRONGEST_ALPHA * 255;
		pixels.set([...(nats > 0 ? FOR : AGAINST), alpha], index * 4);
	}
	return pixels;
}
