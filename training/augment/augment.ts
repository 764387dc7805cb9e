/** Random changes of 48x48 grey pictures that do not change the expression. */
import { type Random, uniform } from '../lib/random';
import { degrade } from './degrade';
import { relight } from './light';

export interface Augmentation {
	/** Chance of a mirrored picture. */
	readonly flip: number;
	/** Largest shift along each axis, as a part of the side. */
	readonly shift: number;
	/** Largest change of scale: the factor lies between 1 - scale and 1 + scale. */
	readonly scale: number;
	/** Largest rotation in degrees, either way. */
	readonly rotationDegrees: number;
	/** Largest change of contrast (a factor of 1 - c to 1 + c) and of brightness (c * 128 grey values). */
	readonly contrast: number;
	/** Chance that a rectangle of 2 to 20 % of the picture is erased (Zhong et al., 2017). */
	readonly erase: number;
	/** Chance that the picture is made worse, as from a far or dark camera: fewer pixels, noise or low light. */
	readonly degrade: number;
	/** Chance of bad light: too little, from behind or from a side. */
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
