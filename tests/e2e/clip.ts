/** The picture that the browser tests show, and a clip made from it for Chromium's fake camera. */
import { writeFile } from 'node:fs/promises';
import sharp, { type OverlayOptions, type Region } from 'sharp';

export const ASTRONAUT = 'tests/fixtures/astronaut.png';
const SIDE_PX = 512;
/** The middle of the head on the portrait. */
const HEAD = { x: 224, y: 125 };
const FRAMES = 120;

/** The part of the portrait in view at a phase of 0..1: it moves, comes nearer and recedes, and ends as it began. */
function windowAt(phase: number, aspect: number): Region {
	const turn = 2 * Math.PI * phase;
	const width = Math.round(400 + 60 * Math.sin(turn));
	const height = Math.round(width * aspect);
	return {
		left: Math.round(((SIDE_PX - width) / 2) * (1 + 0.8 * Math.cos(turn))),
		top: Math.round(((SIDE_PX - height) / 8) * (1 + Math.sin(2 * turn))),
		width,
		height
	};
}

/** The head alone, so that it is still found when several share a frame. */
function headAt(phase: number, aspect: number): Region {
	const turn = 2 * Math.PI * phase;
	const width = Math.round(200 + 24 * Math.sin(turn));
	const height = Math.round(width * aspect);
	return {
		left: Math.round(HEAD.x - width / 2 + 12 * Math.cos(turn)),
		top: Math.round(HEAD.y - height / 2),
		width,
		height
	};
}

/**
 * Four seconds of a moving, scaling and dimming face as JPEG pictures of 640x480, or another size, to be looped. With
 * more than one column, each picture is a grid of `heads` heads, by default a full one with as many rows as columns.
 */
export async function clipFrames({
	columns = 1,
	size = { width: 640, height: 480 },
	...grid
}: { columns?: number; rows?: number; heads?: number; size?: { width: number; height: number } } = {}): Promise<
	Buffer[]
> {
	const { rows = columns, heads = columns * rows } = grid;
	const portrait = await sharp(ASTRONAUT).removeAlpha().raw().toBuffer({ resolveWithObject: true });
	const [width, height] = [Math.floor(size.width / columns), Math.floor(size.height / rows)];
	const places = Array.from({ length: heads }, (_, index) => ({
		left: (index % columns) * width,
		top: Math.floor(index / columns) * height
	}));
	return Promise.all(
		Array.from({ length: FRAMES }, async (_, index) => {
			const phase = index / FRAMES;
			const tile = await sharp(portrait.data, { raw: portrait.info })
				.extract((columns === 1 ? windowAt : headAt)(phase, height / width))
				.resize(width, height)
				.linear(0.8 + 0.2 * Math.cos(2 * Math.PI * phase))
				.raw()
				.toBuffer({ resolveWithObject: true });
			return sharp({ create: { ...size, channels: 3, background: 'black' } })
				.composite(places.map((place) => ({ input: tile.data, raw: tile.info, ...place })))
				.jpeg({ quality: 90 })
				.toBuffer();
		})
	);
}

/** The portrait, scaled to a head of this height in pixels; in the file it is 94 pixels high. */
function shrunk(facePx: number): Promise<Buffer> {
	return sharp(ASTRONAUT)
		.removeAlpha()
		.resize(Math.round((SIDE_PX * facePx) / 94))
		.png()
		.toBuffer();
}

/** A camera picture of 1280x720, as JPEG: these layers on grey. */
function cameraPicture(layers: OverlayOptions[]): Promise<Buffer> {
	return sharp({ create: { width: 1280, height: 720, channels: 3, background: '#8a8d90' } })
		.composite(layers)
		.jpeg({ quality: 90 })
		.toBuffer();
}

/** Heads of about 40 and 20 pixels, with shoulders. */
export async function farPicture(): Promise<Buffer> {
	return cameraPicture([
		{ input: await shrunk(40), left: 260, top: 200 },
		{ input: await shrunk(20), left: 900, top: 420 }
	]);
}

/** Four seconds of four heads of about 50 pixels, with shoulders, that walk to and fro. */
export async function farFrames(): Promise<Buffer[]> {
	const input = await shrunk(50);
	return Promise.all(
		Array.from({ length: FRAMES }, (_, frame) =>
			cameraPicture(
				Array.from({ length: 4 }, (__, person) => {
					const turn = 2 * Math.PI * (frame / FRAMES + person / 4);
					return {
						input,
						left: Math.round(24 + 320 * person + 20 * Math.cos(turn)),
						top: Math.round(200 + 60 * Math.sin(turn))
					};
				})
			)
		)
	);
}

/** Writes these pictures as Motion JPEG. */
export async function writeClip(path: string, frames: readonly Buffer[]): Promise<void> {
	await writeFile(path, Buffer.concat(frames));
}
