/** Random changes of 48x48 grey pictures that leave the expression as it is. */
import { type Random, uniform } from '../lib/random';

export interface Augmentation {
	/** Chance of a mirrored picture. */
	readonly flip: number;
	/** Largest shift along each axis, as a part of the side. */
	readonly shift: number;
	/** Largest change of scale: the factor lies between 1 - scale and 1 + scale. */
	readonly scale: number;
	/** Largest turn in degrees, either way. */
	readonly rotationDegrees: number;
	/** Largest change of contrast (a factor of 1 - c to 1 + c) and of brightness (c * 128 grey values). */
	readonly contrast: number;
	/** Chance that a rectangle of 2 to 20 % of the picture is erased (Zhong et al., 2017). */
	readonly erase: number;
	/** Chance that the picture is made worse, as a far or dark camera's is: fewer pixels, noise or low light. */
	readonly degrade: number;
	/** Chance of bad light: little of it, from behind or from a side. */
	readonly light: number;
}

export const NO_AUGMENTATION: Augmentation = {
	flip: 0,
	shift: 0,
	scale: 0,
	rotationDegrees: 0,
	contrast: 0,
	erase: 0,
	degrade: 0,
	light: 0
};

/**
 * Draws a changed copy of `picture` (`side` x `side`, 0..255), rendered at `size` x `size`, still 0..255.
 * Pixels from outside repeat the border.
 */
export function augment(
	picture: Uint8Array,
	side: number,
	size: number,
	settings: Augmentation,
	random: Random
): Float32Array {
	const mirror = random() < settings.flip ? -1 : 1;
	const angle = (uniform(random, -1, 1) * settings.rotationDegrees * Math.PI) / 180;
	const zoom = 1 / (1 + uniform(random, -1, 1) * settings.scale);
	const shiftX = uniform(random, -1, 1) * settings.shift * side;
	const shiftY = uniform(random, -1, 1) * settings.shift * side;
	const contrast = 1 + uniform(random, -1, 1) * settings.contrast;
	const brightness = uniform(random, -1, 1) * settings.contrast * 128;

	const step = (zoom * side) / size;
	const cos = Math.cos(angle) * step;
	const sin = Math.sin(angle) * step;
	const out = new Float32Array(size * size);
	const middle = (size - 1) / 2;
	const centre = (side - 1) / 2;
	const last = side - 1;
	for (let y = 0; y < size; y++) {
		for (let x = 0; x < size; x++) {
			const u = (x - middle) * mirror;
			const v = y - middle;
			const sourceX = Math.min(last, Math.max(0, centre + shiftX + cos * u - sin * v));
			const sourceY = Math.min(last, Math.max(0, centre + shiftY + sin * u + cos * v));
			const left = Math.min(last - 1, Math.floor(sourceX));
			const top = Math.min(last - 1, Math.floor(sourceY));
			const right = sourceX - left;
			const down = sourceY - top;
			const at = top * side + left;
			const upper = (picture[at] ?? 0) * (1 - right) + (picture[at + 1] ?? 0) * right;
			const lower = (picture[at + side] ?? 0) * (1 - right) + (picture[at + side + 1] ?? 0) * right;
			const value = upper * (1 - down) + lower * down;
			out[y * size + x] = Math.min(255, Math.max(0, (value - 128) * contrast + 128 + brightness));
		}
	}
	const worse = random() < settings.degrade ? degrade(out, size, random) : out;
	if (settings.light > 0 && random() < settings.light) relight(worse, size, random);
	eraseRectangle(worse, size, settings.erase, random);
	return worse;
}

/** Changes the picture to one of bad light with a camera's noise, in whole grey values as a camera has them. */
function relight(picture: Float32Array, size: number, random: Random): void {
	const kinds = [littleLight, lightFromBehind, lightFromASide];
	const lit = (kinds[Math.floor(random() * kinds.length)] ?? littleLight)(size, random);
	const sigma = uniform(random, 0, 4);
	for (const [i, value] of picture.entries()) {
		const seen = lit(value, i % size, Math.floor(i / size)) + sigma * gaussian(random);
		picture[i] = Math.min(255, Math.max(0, Math.round(seen)));
	}
}

/** A pixel's grey value in another light. */
type Light = (value: number, x: number, y: number) => number;

function littleLight(_size: number, random: Random): Light {
	const gain = uniform(random, 0.12, 0.6);
	return (value) => gain * value;
}

/** A dark ellipse, the face, before what is bright. */
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

/** One of: fewer pixels enlarged again, noise, low light with noise. */
function degrade(picture: Float32Array, size: number, random: Random): Float32Array {
	const kind = random();
	if (kind < 0.5) return enlargeAgain(picture, size, Math.round(size * uniform(random, 0.3, 0.8)));
	const light = kind < 0.75 ? 1 : uniform(random, 0.25, 0.7);
	const sigma = uniform(random, 2, 12);
	return picture.map((value) => Math.min(255, Math.max(0, value * light + sigma * gaussian(random))));
}

function enlargeAgain(picture: Float32Array, size: number, reduced: number): Float32Array {
	return resample(resample(picture, size, reduced), reduced, size);
}

/** Near to a standard normal: the sum of four uniform numbers, scaled. */
function gaussian(random: Random): number {
	return (random() + random() + random() + random() - 2) * Math.sqrt(3);
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

/** With the given chance fills a rectangle of 2 to 20 % of the area, sides in a ratio of 0.4 to 2.5, with one grey. */
function eraseRectangle(picture: Float32Array, size: number, chance: number, random: Random): void {
	const erased = random() < chance;
	const area = uniform(random, 0.02, 0.2) * size * size;
	const ratio = Math.exp(uniform(random, Math.log(0.4), Math.log(2.5)));
	const width = Math.min(size, Math.round(Math.sqrt(area * ratio)));
	const height = Math.min(size, Math.round(Math.sqrt(area / ratio)));
	const left = Math.floor(random() * (size - width + 1));
	const top = Math.floor(random() * (size - height + 1));
	const grey = random() * 255;
	if (!erased) return;
	for (let y = top; y < top + height; y++) picture.fill(grey, y * size + left, y * size + left + width);
}
