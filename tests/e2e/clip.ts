/** The picture that the browser tests show, and a clip made of it for Chromium's fake camera. */
import { writeFile } from 'node:fs/promises';
import sharp, { type OverlayOptions, type Region } from 'sharp';

export const ASTRONAUT = 'tests/fixtures/astronaut.png';
const SIDE_PX = 512;
/** Its middle on the portrait. */
const HEAD = { x: 224, y: 125 };
const FRAMES = 120;

/** The window on the portrait at a phase of 0..1: it moves, comes nearer and goes away; the last joins the first. */
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

/** The head alone, so that it is still found where several share a frame. */
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
 * Four seconds of a moving, scaling and dimming face as JPEG pictures of 640x480, or another size, to be played in a loop.
 * With more than one of `columns` the head stands there in `rows` rows, as many of them, until there are `heads`.
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

/** The portrait with a head of so many pixels: it is 94 pixels high in the file. */
function shrunk(facePx: number): Promise<Buffer> {
	return sharp(ASTRONAUT)
		.removeAlpha()
		.resize(Math.round((SIDE_PX * facePx) / 94))
		.png()
		.toBuffer();
}

/** A camera's picture of 1280x720, as JPEG, of what stands before grey. */
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
