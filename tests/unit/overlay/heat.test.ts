import { describe, expect, it } from 'vitest';
import { grayPixels, heatPixels } from '../../../src/lib/overlay/heat';

const pixel = (pixels: Uint8ClampedArray, size: number, x: number, y: number) =>
	Array.from(pixels.subarray((y * size + x) * 4, (y * size + x) * 4 + 4));

describe('grayPixels', () => {
	it('repeats the luma', () => {
		expect([...grayPixels(Uint8Array.of(0, 200))]).toEqual([0, 0, 0, 255, 200, 200, 200, 255]);
	});
});

describe('heatPixels', () => {
	it('is most opaque where the label loses most, and blue where a part counts against it', () => {
		const pixels = heatPixels(Float32Array.of(0.4, 0, 0, -0.2), 2, 8);
		const [red = 0, , blue = 0, alpha = 0] = pixel(pixels, 8, 0, 0);
		expect(red).toBeGreaterThan(blue);
		const [redAgainst = 0, , blueAgainst = 0, alphaAgainst = 0] = pixel(pixels, 8, 7, 7);
		expect(blueAgainst).toBeGreaterThan(redAgainst);
		expect(alpha).toBeGreaterThan(1.8 * alphaAgainst);
	});

	it('does not show noise as a finding', () => {
		for (const nats of [0.001, 0.09])
			expect(heatPixels(Float32Array.of(nats, 0, 0, 0), 2, 8).some(Boolean)).toBe(false);
		expect(heatPixels(Float32Array.of(0.11, 0, 0, 0), 2, 8).some(Boolean)).toBe(true);
	});
});
