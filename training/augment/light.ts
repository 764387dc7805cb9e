/** Bad light: too little, from behind, from a side. */
import { uniform, type Random } from '../lib/random';
import { gaussian } from './noise';

/** Changes the picture to one in bad light with a camera's noise, in whole grey values like a camera's. */
export function relight(picture: Float32Array, size: number, random: Random): void {
	const kinds = [littleLight, lightFromBehind, lightFromASide];
	const lightOf = (kinds[Math.floor(random() * kinds.length)] ?? littleLight)(size, random);
	const sigma = uniform(random, 0, 4);
	for (const [i, value] of picture.entries()) {
		const seen = lightOf(value, i % size, Math.floor(i / size)) + sigma * gaussian(random);
		picture[i] = Math.min(255, Math.max(0, Math.round(seen)));
	}
}

/** A pixel's grey value in another light. */
type Light = (value: number, x: number, y: number) => number;

function littleLight(_size: number, random: Random): Light {
	const gain = uniform(random, 0.12, 0.6);
	return (value) => gain * value;
}

/** A dark ellipse, the face, in front of a bright background. */
function lightFromBehind(size: number, random: Random): Light {
	const gain = uniform(random, 0.12, 0.7);
	const [bright, rest] = [uniform(random, 130, 255), uniform(random, 0, 0.5)];
	const [centreX, centreY] = [uniform(random, 0.42, 0.58) * size, uniform(random, 0.42, 0.58) * size];
	const [radiusX, radiusY] = [uniform(random, 0.36, 0.5) * size, uniform(random, 0.42, 0.6) * size];
	const edge = uniform(random, 0.02, 0.3);
	return (value, x, y) => {
		const radius = Math.hypot((x - centreX) / radiusX, (y - centreY) / radiusY);
		const outside = Math.min(1, Math.max(0, (radius - 1) / edge + 0.5));
		return (1 - outside) * gain * value + outside * Math.min(255, bright + rest * (value - 128));
	};
}

/** Full light on one side, less and less beyond a line. */
function lightFromASide(size: number, random: Random): Light {
	const gain = uniform(random, 0.12, 0.6);
	const angle = uniform(random, 0, 2 * Math.PI);
	const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
	const line = uniform(random, -0.2, 0.2) * size;
	const width = uniform(random, 0.1, 0.8) * size;
	return (value, x, y) => {
		const beyond = (x - size / 2) * dx + (y - size / 2) * dy - line;
		const dark = Math.min(1, Math.max(0, beyond / width + 0.5));
		return value * (1 - dark * (1 - gain));
	};
}
