/** Raises the contrast of dull faces before they are classified. The method is this project's own. */
import { clamp } from './geometry';

/**
 * Contrast below which `raiseContrast` raises it: the standard deviation of grey values of 0..255 (RMS contrast). 46 %
 * of FER2013's pictures have less in their middle, most of them only a little less. This value, the disc and the
 * exponent were chosen on PublicTest so that clean pictures lose nothing.
 */
export const FER2013_LEAST_CONTRAST = 40;

/** Radius of the disc that shows the face itself, as a share of the side: beyond it there may be a bright window. */
const RADIUS = 1 / 3;
/** The mean grey value of FER2013's pictures. */
const FER2013_GREY = 129;

/**
 * The grey values of 0..255 of a square picture, row by row, for a classifier. If the contrast in its middle is below
 * `least` (faces in the dark, in haze, in front of a window), contrast is raised and brightness moved towards
 * FER2013's. The gain is (least / contrast)^0.75: an exponent of 1 would amplify a dark picture's noise too much.
 * Without `least`, or with enough contrast, the picture itself is returned.
 */
export function raiseContrast<T extends Float32Array | Uint8Array>(
	gray: T,
	least: number | undefined
): T | Float32Array {
	if (least === undefined) return gray;
	const { mean, deviation } = statisticsOfDisc(gray);
	if (deviation >= least) return gray;
	// x^0.75 by square roots, which all engines round alike. The minimum of 1 bounds the gain for flat pictures.
	const root = Math.sqrt(least / Math.max(deviation, 1));
	const gain = root * Math.sqrt(root);
	// The more the contrast is raised, the closer the mean moves to FER2013's.
	const level = mean + (FER2013_GREY - mean) * (1 - 1 / gain);
	return Float32Array.from(gray, (value) => clamp(level + (value - mean) * gain, 0, 255));
}

/** Mean and standard deviation in the disc around the middle. */
function statisticsOfDisc(gray: Float32Array | Uint8Array): { mean: number; deviation: number } {
	const side = Math.sqrt(gray.length);
	const middle = (side - 1) / 2;
	const reach = side * RADIUS * (side * RADIUS);
	let [n, sum, squares] = [0, 0, 0];
	for (let row = 0; row < side; row++) {
		for (let column = 0; column < side; column++) {
			if ((row - middle) * (row - middle) + (column - middle) * (column - middle) > reach) continue;
			const value = gray[row * side + column] ?? 0;
			n++;
			sum += value;
			squares += value * value;
		}
	}
	const mean = sum / n;
	return { mean, deviation: Math.sqrt(Math.max(0, squares / n - mean * mean)) };
}
