/** What a camera does to a face before a classifier sees it, each at three strengths and the same for every run. */
import sharp, { type Sharp } from 'sharp';
import { FER2013_SIDE } from '../../src/lib/core/fer2013';
import { createRandom, type Random } from '../lib/random';

export interface Corruption {
	readonly id: string;
	readonly title: string;
	/** Names of the strengths, for display. */
	readonly strengths: readonly [string, string, string];
	/** A changed copy of a 48x48 picture; `strength` is 0, 1 or 2, `key` seeds the randomness. */
	apply(picture: Uint8Array, strength: number, key: number): Promise<Uint8Array>;
}

const SIDE = FER2013_SIDE;

function imageOf(picture: Uint8Array) {
	return sharp(picture, { raw: { width: SIDE, height: SIDE, channels: 1 } });
}

async function bytesOf(image: Sharp): Promise<Uint8Array> {
	return new Uint8Array(await image.toColourspace('b-w').raw().toBuffer());
}

/** Approximately standard normal: the sum of twelve uniform numbers. */
function gaussian(random: Random): number {
	let sum = -6;
	for (let i = 0; i < 12; i++) sum += random();
	return sum;
}

const pick = (values: readonly [number, number, number], strength: number): number => values[strength] ?? values[2];

export const CORRUPTIONS: readonly Corruption[] = [
	{
		id: 'small',
		title: 'Enlarged from a smaller face',
		strengths: ['32 px', '24 px', '16 px'],
		async apply(picture, strength) {
			const side = pick([32, 24, 16], strength);
			const reduced = await bytesOf(imageOf(picture).resize(side, side, { kernel: 'linear' }));
			const image = sharp(reduced, { raw: { width: side, height: side, channels: 1 } });
			return bytesOf(image.resize(SIDE, SIDE, { kernel: 'linear' }));
		}
	},
	{
		id: 'blur',
		title: 'Blurred (Gaussian)',
		strengths: ['0.7 px', '1.2 px', '2 px'],
		apply: (picture, strength) => bytesOf(imageOf(picture).blur(pick([0.7, 1.2, 2], strength)))
	},
	{
		id: 'noise',
		title: 'Noise (standard deviation)',
		strengths: ['6', '12', '24'],
		apply(picture, strength, key) {
			const random = createRandom(key, strength);
			const sigma = pick([6, 12, 24], strength);
			return Promise.resolve(changed(picture, (value) => value + sigma * gaussian(random)));
		}
	},
	{
		id: 'dark',
		title: 'Low light (brightness, with noise of 3)',
		strengths: ['50 %', '30 %', '15 %'],
		apply: (picture, strength, key) => dimmed(picture, strength, key, (value, light) => value * light)
	},
	{
		id: 'backlit',
		title: 'Light from behind (brightness of the face)',
		strengths: ['50 %', '30 %', '15 %'],
		apply: (picture, strength, key) =>
			dimmed(picture, strength, key, (value, light, i) =>
				Math.floor(isInEllipse(i % SIDE, Math.floor(i / SIDE)) ? value * light : 170 + value / 3)
			)
	},
	{
		id: 'jpeg',
		title: 'JPEG (quality)',
		strengths: ['50', '25', '10'],
		async apply(picture, strength) {
			return bytesOf(
				sharp(
					await imageOf(picture)
						.jpeg({ quality: pick([50, 25, 10], strength) })
						.toBuffer()
				)
			);
		}
	},
	{
		id: 'occlusion',
		title: 'A square covered (side)',
		strengths: ['10 px', '16 px', '22 px'],
		apply(picture, strength, key) {
			const random = createRandom(key, strength);
			const side = pick([10, 16, 22], strength);
			const left = Math.floor(random() * (SIDE - side + 1));
			const top = Math.floor(random() * (SIDE - side + 1));
			const covered = Uint8Array.from(picture);
			for (let y = top; y < top + side; y++) covered.fill(128, y * SIDE + left, y * SIDE + left + side);
			return Promise.resolve(covered);
		}
	},
	{
		id: 'shift',
		title: 'Cut beside the face (part of its side)',
		strengths: ['5 %', '10 %', '15 %'],
		apply(picture, strength, key) {
			const random = createRandom(key, strength);
			const step = pick([0.05, 0.1, 0.15], strength) * SIDE;
			const angle = 2 * Math.PI * random();
			const [dx, dy] = [Math.round(step * Math.cos(angle)), Math.round(step * Math.sin(angle))];
			const clamp = (value: number): number => Math.min(SIDE - 1, Math.max(0, value));
			return Promise.resolve(
				Uint8Array.from(
					picture,
					(_, i) => picture[clamp(Math.floor(i / SIDE) + dy) * SIDE + clamp((i % SIDE) + dx)] ?? 0
				)
			);
		}
	}
];

/** Whether a pixel belongs to a face in the middle, not to the background. */
function isInEllipse(column: number, row: number): boolean {
	const middle = (SIDE - 1) / 2;
	const [x, y] = [(column - middle) / (0.46 * SIDE), (row - middle) / (0.54 * SIDE)];
	return x * x + y * y <= 1;
}

/** A copy in the light of that strength, with `lightOf` applied to its pixels, and noise. */
function dimmed(
	picture: Uint8Array,
	strength: number,
	key: number,
	lightOf: (value: number, light: number, index: number) => number
): Promise<Uint8Array> {
	const random = createRandom(key, strength);
	const light = pick([0.5, 0.3, 0.15], strength);
	return Promise.resolve(changed(picture, (value, index) => lightOf(value, light, index) + 3 * gaussian(random)));
}

/** A copy changed pixel by pixel, clamped to 0..255. */
function changed(picture: Uint8Array, change: (value: number, index: number) => number): Uint8Array {
	return new Uint8Array(Uint8ClampedArray.from(picture, change));
}
