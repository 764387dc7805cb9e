/** The picture that the browser tests show, and a clip made of it for Chromium's fake camera. */
import { writeFile } from 'node:fs/promises';
import sharp, { type Region } from 'sharp';

export const ASTRONAUT = 'tests/fixtures/astronaut.png';
const SIDE_PX = 512;
const FRAMES = 120;

/** The window on the portrait at a phase of 0..1: it moves, comes nearer and goes away; the last joins the first. */
function windowAt(phase: number): Region {
	const turn = 2 * Math.PI * phase;
	const width = Math.round(400 + 60 * Math.sin(turn));
	const height = Math.round(width * 0.75);
	return {
		left: Math.round(((SIDE_PX - width) / 2) * (1 + 0.8 * Math.cos(turn))),
		top: Math.round(((SIDE_PX - height) / 8) * (1 + Math.sin(2 * turn))),
		width,
		height
	};
}

/** Four seconds of one moving, scaling and dimming face as JPEG pictures of 640x480, to be played in a loop. */
export async function clipFrames(): Promise<Buffer[]> {
	const portrait = await sharp(ASTRONAUT).removeAlpha().raw().toBuffer({ resolveWithObject: true });
	const frames: Buffer[] = [];
	for (let index = 0; index < FRAMES; index++) {
		const phase = index / FRAMES;
		frames.push(
			await sharp(portrait.data, { raw: portrait.info })
				.extract(windowAt(phase))
				.resize(640, 480)
				.linear(0.8 + 0.2 * Math.cos(2 * Math.PI * phase))
				.jpeg({ quality: 90 })
				.toBuffer()
		);
	}
	return frames;
}

/** Writes these pictures as Motion JPEG. */
export async function writeClip(path: string, frames: readonly Buffer[]): Promise<void> {
	await writeFile(path, Buffer.concat(frames));
}
