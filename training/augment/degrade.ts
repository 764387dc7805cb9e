/** Worse pictures, as from a far or dark camera. */
import { uniform, type Random } from '../lib/random';
import { gaussian } from './noise';

/** One of: fewer pixels enlarged again, noise, low light with noise. */
export function degrade(picture: Float32Array, size: number, random: Random): Float32Array {
	const kind = random();
	if (kind < 0.5) return enlargeAgain(picture, size, Math.round(size * uniform(random, 0.3, 0.8)));
	const light = kind < 0.75 ? 1 : uniform(random, 0.25, 0.7);
	const sigma = uniform(random, 2, 12);
	return picture.map((value) => Math.min(255, Math.max(0, value * light + sigma * gaussian(random))));
}

function enlargeAgain(picture: Float32Array, size: number, reduced: number): Float32Array {
	return resample(resample(picture, size, reduced), reduced, size);
}

/** A square picture at another side: means of areas when it shrinks, bilinear when it grows. */
function resample(picture: Float32Array, side: number, to: number): Float32Array {
	const step = side / to;
	const taps = Math.max(1, Math.ceil(step));
	const out = new Float32Array(to * to);
	const at = (position: number): number => Math.min(side - 1, Math.max(0, position));
	for (let y = 0; y < to; y++) {
		for (let x = 0; x < to; x++) {
			let sum = 0;
			for (let j = 0; j < taps; j++) {
				for (let i = 0; i < taps; i++) {
					const sourceX = at((x + (i + 0.5) / taps) * step - 0.5);
					const sourceY = at((y + (j + 0.5) / taps) * step - 0.5);
					const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)];
					const [right, below] = [at(left + 1), at(top + 1)];
					const [dx, dy] = [sourceX - left, sourceY - top];
					const upper = (picture[top * side + left] ?? 0) * (1 - dx) + (picture[top * side + right] ?? 0) * dx;
					const lower = (picture[below * side + left] ?? 0) * (1 - dx) + (picture[below * side + right] ?? 0) * dx;
					sum += upper * (1 - dy) + lower * dy;
				}
			}
			out[y * to + x] = sum / (taps * taps);
		}
	}
	return out;
}
