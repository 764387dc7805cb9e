/**
 * Pictures for `far.ts`, all made with seeded random numbers: heads of known heights in front of a background, and
 * footage without faces, frame by frame.
 *
 * Drawn scenes are boxes, discs and stripes, some of them with a cloudy texture. Filmed ones are Intel's IoT DevKit
 * sample videos, enlarged, as cameras might frame them (a part of the picture, mirrored, darker): heads are painted
 * over with their surroundings, and everything else stays, so that arms, shirts, chairs and windows may be mistaken for
 * faces. Each frame gets its own noise and goes through JPEG, like a camera's.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import sharp, { type OverlayOptions, type Sharp } from 'sharp';
import { boxCentre } from '../../src/lib/core/geometry';
import type { Box, FaceDetector, Frame } from '../../src/lib/core/types';
import { uniform, type Random } from '../../training/lib/random';

const PORTRAIT = 'tests/fixtures/astronaut.png';
const PORTRAIT_FACE = { x: 224, y: 125, sizePx: 94 };
/** Height of the planted faces in the clips. */
const FILMED_FACE_PX = 54;
/** A face takes up this share of the side of the square in which it is measured. */
const CLOSE_SHARE = 0.35;
export const HEIGHTS_PX = [24, 28, 32, 40, 48, 60] as const;
/** Faces of each height in one frame. */
const EACH = 2;
/** The pasted square, in face heights: it includes hair and shoulders. */
const PATCH = 2.6;
const JPEG = { quality: 80 };
/** The clips' size. */
const FILM = { width: 480, height: 270 };

/**
 * The sample videos: the places of heads, in pixels, and the frames and places of faces large enough to be shrunk. All
 * faces look roughly at the camera; two wear glasses, two are turned to the side.
 */
const CLIPS = [
	{
		file: 'classroom.mp4',
		heads: [
			{ x: 52, y: 128, width: 46, height: 54 },
			{ x: 116, y: 116, width: 36, height: 38 },
			{ x: 218, y: 114, width: 40, height: 42 },
			{ x: 290, y: 132, width: 54, height: 48 }
		],
		people: []
	},
	{
		file: 'face-demographics-walking-and-pause.mp4',
		heads: [
			{ x: 38, y: 44, width: 126, height: 148 },
			{ x: 186, y: 30, width: 86, height: 128 },
			{ x: 288, y: 60, width: 124, height: 114 }
		],
		people: [
			{ frame: 40, x: 84, y: 112 },
			{ frame: 40, x: 229, y: 98 },
			{ frame: 40, x: 374, y: 122 }
		]
	},
	{
		file: 'head-pose-face-detection-female-and-male.mp4',
		heads: [
			{ x: 8, y: 34, width: 190, height: 164 },
			{ x: 256, y: 22, width: 158, height: 138 }
		],
		people: [
			{ frame: 0, x: 98, y: 105 },
			{ frame: 0, x: 366, y: 93 }
		]
	}
] as const;

/** A picture with a face large enough to be shrunk, and the face's box in it. */
interface Portrait {
	readonly picture: Buffer;
	readonly face: Box;
}

export interface Planted {
	readonly box: Box;
	readonly heightPx: number;
}

async function toFrame(picture: Sharp): Promise<Frame> {
	const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
	return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

/** An item of a list that is repeated endlessly. */
export function pick<T>(items: readonly T[], index: number): T {
	const { [index % items.length]: item } = items;
	if (item === undefined) throw new RangeError('There is nothing to take from.');
	return item;
}

const pixelsOf = ({ width, height, data }: Frame): Sharp =>
	sharp(data, { raw: { width, height, channels: 4 } }).removeAlpha();

/** The background of one scene, without any face. */
async function drawScene(width: number, height: number, random: Random): Promise<Frame> {
	const grey = (): string => `hsl(${String(uniform(random, 0, 360))} 25% ${String(uniform(random, 15, 85))}%)`;
	const textures = Array.from({ length: 4 }, (_, index) => {
		const [fine, seed] = [10 ** uniform(random, -2.3, -0.7), Math.floor(uniform(random, 0, 1e4))];
		const noise = `<feTurbulence type="${random() < 0.5 ? 'turbulence' : 'fractalNoise'}" baseFrequency="${String(fine)}" numOctaves="4" seed="${String(seed)}"/>`;
		const cover = '<feComposite in2="SourceGraphic" operator="in" result="n"/>';
		return `<filter id="t${String(index)}">${noise}${cover}<feBlend in="SourceGraphic" in2="n" mode="multiply"/></filter>`;
	});
	const shapes = Array.from({ length: 90 }, () => {
		const [x, y] = [uniform(random, -50, width), uniform(random, -50, height)];
		const [w, h] = [uniform(random, 8, 220), uniform(random, 8, 220)];
		const filter = random() < 0.3 ? ` filter="url(#t${String(Math.floor(uniform(random, 0, 4)))})"` : '';
		const kind = random();
		if (kind < 0.45)
			return `<rect x="${String(x)}" y="${String(y)}" width="${String(w)}" height="${String(h)}" fill="${grey()}"${filter}/>`;
		if (kind < 0.75)
			return `<ellipse cx="${String(x)}" cy="${String(y)}" rx="${String(w / 3)}" ry="${String(h / 3)}" fill="${grey()}"${filter}/>`;
		return `<rect x="${String(x)}" y="${String(y)}" width="${String(w)}" height="${String(h)}" fill="none" stroke="${grey()}" stroke-width="${String(h / 5)}" stroke-dasharray="${String(w / 9)}"/>`;
	});
	const size = `width="${String(width)}" height="${String(height)}"`;
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><defs>${textures.join('')}</defs><rect ${size} fill="${grey()}"/>${shapes.join('')}</svg>`;
	return toFrame(sharp(Buffer.from(svg)).removeAlpha());
}

/** Frames of a take, which are shown over and over. */
const DIFFERENT = 4;
/** Their distance in a clip, in frames. */
const FILMED_STEP = 7;
const GRAINS = 2 ** 20;

/** Adds noise of up to `strength` grey levels to a frame: a stretch of one table, from a different place each time. */
function grainOf(random: Random): (frame: Frame, strength: number) => Frame {
	const table = Float32Array.from({ length: GRAINS }, () => random() + random() - 1);
	return ({ width, height, data }, strength) => {
		const noisy = new Uint8ClampedArray(data.length);
		const start = Math.floor(uniform(random, 0, GRAINS));
		for (let index = 0; index < data.length; index++)
			noisy[index] = (data[index] ?? 0) + strength * (table[(index + start) % GRAINS] ?? 0);
		return { width, height, data: noisy };
	};
}

async function compressed(frame: Frame): Promise<Frame> {
	return toFrame(sharp(await pixelsOf(frame).jpeg(JPEG).toBuffer()));
}

/** Takes of drawn scenes: the frames of each, which differ only in their noise. */
export async function* drawTakes(
	count: number,
	size: { width: number; height: number },
	random: Random
): AsyncGenerator<Frame[]> {
	const grain = grainOf(random);
	for (let index = 0; index < count; index++) {
		const strength = uniform(random, 0, 24);
		const scene = await drawScene(size.width, size.height, random);
		const frames: Frame[] = [];
		for (let each = 0; each < DIFFERENT; each++) frames.push(await compressed(grain(scene, strength)));
		yield frames;
	}
}

/** All frames of a clip. */
function readClip(folder: string, file: string): Frame[] {
	const { width, height } = FILM;
	const scale = `scale=${String(width)}:${String(height)}`;
	const output = ['-vf', scale, '-f', 'rawvideo', '-pix_fmt', 'rgba', '-'];
	const { status, stdout, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-i', path.join(folder, file), ...output], {
		maxBuffer: 2 ** 30
	});
	if (status !== 0) throw new Error(`ffmpeg could not read ${file}: ${String(stderr)}`);
	const bytes = width * height * 4;
	return Array.from({ length: Math.floor(stdout.length / bytes) }, (_, index) => ({
		width,
		height,
		data: new Uint8ClampedArray(stdout.subarray(index * bytes, (index + 1) * bytes))
	}));
}

/**
 * Paints over a box: each pixel is the mean of four on the box's border, in its row and column, nearer ones counting
 * more.
 */
function paintOver({ width, height, data }: Frame, box: Box): void {
	const [left, top] = [box.x, box.y];
	const [right, bottom] = [Math.min(box.x + box.width, width - 1), Math.min(box.y + box.height, height - 1)];
	const before = data.slice();
	for (let y = top; y <= bottom; y++) {
		for (let x = left; x <= right; x++) {
			const borders = [
				{ at: y * width + left, distance: x - left },
				{ at: y * width + right, distance: right - x },
				{ at: top * width + x, distance: y - top },
				{ at: bottom * width + x, distance: bottom - y }
			];
			for (let channel = 0; channel < 3; channel++) {
				let [sum, total] = [0, 0];
				for (const { at, distance } of borders) {
					const weight = 1 / (distance + 0.5);
					sum += weight * (before[4 * at + channel] ?? 0);
					total += weight;
				}
				data[4 * (y * width + x) + channel] = sum / total;
			}
		}
	}
}

/** Takes of the clips in `folder`, in turn, framed differently each time: the frames of each. */
export async function* filmTakes(
	folder: string,
	count: number,
	{ width, height }: { width: number; height: number },
	random: Random
): AsyncGenerator<Frame[]> {
	const grain = grainOf(random);
	const clips = CLIPS.map(({ file, heads }) => {
		const frames = readClip(folder, file);
		for (const frame of frames) for (const head of heads) paintOver(frame, head);
		return frames;
	});
	for (let index = 0; index < count; index++) {
		const frames = pick(clips, index);
		const share = uniform(random, 0.6, 1);
		const cut = {
			left: Math.floor(uniform(random, 0, FILM.width * (1 - share))),
			top: Math.floor(uniform(random, 0, FILM.height * (1 - share))),
			width: Math.floor(FILM.width * share),
			height: Math.floor(FILM.height * share)
		};
		const [mirrored, brightness] = [random() < 0.5, uniform(random, 0.6, 1.2)];
		const [strength, first] = [uniform(random, 0, 12), Math.floor(uniform(random, 0, frames.length))];
		const shown: Frame[] = [];
		for (let each = 0; each < DIFFERENT; each++) {
			const film = pixelsOf(pick(frames, first + FILMED_STEP * each));
			const framed = film.extract(cut).resize(width, height).flop(mirrored).modulate({ brightness });
			shown.push(await compressed(grain(await toFrame(framed), strength)));
		}
		yield shown;
	}
}

/** The face at a point of a picture, about `sizePx` high, in the picture's pixels, as found by a close look. */
async function portraitOf(
	near: FaceDetector,
	picture: Buffer,
	{ x, y, sizePx }: { x: number; y: number; sizePx: number }
): Promise<Portrait> {
	const sidePx = sizePx / CLOSE_SHARE;
	const region = { x: x - sidePx / 2, y: y - sidePx / 2, width: sidePx, height: sidePx };
	const [face] = await near.detect(await toFrame(sharp(picture)), { region });
	if (face === undefined) throw new Error(`No face is found at ${String(x)}, ${String(y)}`);
	return { picture, face: face.box };
}

/** The faces to plant: one person, and five more faces from the clips in `folder`, if given. */
export async function readPortraits(near: FaceDetector, folder: string | null): Promise<Portrait[]> {
	const portraits = [await portraitOf(near, await sharp(PORTRAIT).png().toBuffer(), PORTRAIT_FACE)];
	if (folder === null) return portraits;
	for (const { file, people } of CLIPS) {
		const frames = people.length === 0 ? [] : readClip(folder, file);
		for (const { frame, x, y } of people) {
			portraits.push(
				await portraitOf(near, await pixelsOf(pick(frames, frame)).png().toBuffer(), { x, y, sizePx: FILMED_FACE_PX })
			);
		}
	}
	return portraits;
}

/** A head `heightPx` high in the middle of a square with soft borders. */
async function head({ picture, face }: Portrait, heightPx: number, random: Random) {
	const centre = boxCentre(face);
	const { width, height } = await sharp(picture).metadata();
	const reach = Math.min(centre.x, centre.y, width - centre.x, height - centre.y);
	const side = Math.floor(Math.min(PATCH * face.height, 2 * reach - 1));
	const sidePx = Math.round((side * heightPx) / face.height);
	const from = { left: Math.round(centre.x - side / 2), top: Math.round(centre.y - side / 2) };
	const upright = await sharp(picture)
		.extract({ ...from, width: side, height: side })
		.flop(random() < 0.5)
		.modulate({ brightness: uniform(random, 0.55, 1.2) })
		.png()
		.toBuffer();
	const turned = await sharp(upright)
		.rotate(uniform(random, -12, 12), { background: '#707070' })
		.png()
		.toBuffer();
	const { width: turnedPx } = await sharp(turned).metadata();
	const corner = Math.floor((turnedPx - side) / 2);
	const square = await sharp(turned).extract({ left: corner, top: corner, width: side, height: side }).png().toBuffer();
	const mask = Buffer.from(
		`<svg xmlns="http://www.w3.org/2000/svg" width="${String(sidePx)}" height="${String(sidePx)}"><radialGradient id="g"><stop offset="0.8" stop-color="#fff"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient><rect width="100%" height="100%" fill="url(#g)"/></svg>`
	);
	const input = await sharp(square)
		.resize(sidePx, sidePx)
		.ensureAlpha()
		.composite([{ input: mask, blend: 'dest-in' }])
		.png()
		.toBuffer();
	return { input, sidePx };
}

function overlaps(a: Box, b: Box): boolean {
	return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** The frame with heads of all heights, none overlapping another. */
export async function plant(
	frame: Frame,
	portraits: readonly Portrait[],
	random: Random
): Promise<{ frame: Frame; planted: Planted[] }> {
	const taken: Box[] = [];
	const planted: Planted[] = [];
	const layers: OverlayOptions[] = [];
	for (const heightPx of HEIGHTS_PX.flatMap((height) => Array<number>(EACH).fill(height))) {
		const portrait = pick(portraits, Math.floor(uniform(random, 0, portraits.length)));
		const { input, sidePx } = await head(portrait, heightPx, random);
		for (let attempt = 0; attempt < 500; attempt++) {
			const left = Math.floor(uniform(random, 0, frame.width - sidePx));
			const top = Math.floor(uniform(random, 0, frame.height - sidePx));
			const place = { x: left, y: top, width: sidePx, height: sidePx };
			if (taken.some((other) => overlaps(place, other))) continue;
			taken.push(place);
			layers.push({ input, left, top });
			const offset = (sidePx - heightPx) / 2;
			planted.push({ box: { x: left + offset, y: top + offset, width: heightPx, height: heightPx }, heightPx });
			break;
		}
	}
	const raw = { width: frame.width, height: frame.height, channels: 4 } as const;
	const jpeg = await sharp(frame.data, { raw }).composite(layers).removeAlpha().jpeg(JPEG).toBuffer();
	return { frame: await toFrame(sharp(jpeg)), planted };
}

/** Whether the box of a face lies where a planted one is. */
export function isAt({ box }: Planted, face: Box): boolean {
	const { x, y } = boxCentre(box);
	const centre = boxCentre(face);
	const resized = face.height / box.height;
	return Math.hypot(centre.x - x, centre.y - y) < 0.4 * box.height && resized > 0.6 && resized < 1.7;
}
