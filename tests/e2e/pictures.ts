/** Files for the photo page, made of the portrait. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { ASTRONAUT } from './clip';

export interface PictureFile {
	readonly name: string;
	readonly mimeType: string;
	readonly buffer: Buffer;
}

function png(name: string, buffer: Buffer): PictureFile {
	return { name, mimeType: 'image/png', buffer };
}

export async function portrait(): Promise<PictureFile> {
	return png('portrait.png', await readFile(ASTRONAUT));
}

/** As phones store pictures held upright: the pixels lie on their side, and EXIF says to turn them by 90 degrees. */
export async function turnedPortrait(): Promise<PictureFile> {
	const buffer = await sharp(ASTRONAUT)
		.removeAlpha()
		.rotate(-90)
		.withMetadata({ orientation: 6 })
		.jpeg({ quality: 95 })
		.toBuffer();
	return { name: 'turned.jpg', mimeType: 'image/jpeg', buffer };
}

/** The head and shoulders of the portrait twice, side by side, the second one mirrored. */
export async function twoFaces(): Promise<PictureFile> {
	const left = (await closeUp(384, 1)).buffer;
	const right = await sharp(left).flop().toBuffer();
	const buffer = await sharp({ create: { width: 768, height: 384, channels: 3, background: 'black' } })
		.composite([
			{ input: left, left: 0, top: 0 },
			{ input: right, left: 384, top: 0 }
		])
		.png()
		.toBuffer();
	return png('two.png', buffer);
}

/** The face alone at another size and brightness: other values for the classifier. */
export async function closeUp(sidePx: number, brightness: number): Promise<PictureFile> {
	const buffer = await sharp(ASTRONAUT)
		.removeAlpha()
		.extract({ left: 100, top: 0, width: 260, height: 260 })
		.resize(sidePx, sidePx)
		.modulate({ brightness })
		.png()
		.toBuffer();
	return png(`close-up-${sidePx}.png`, buffer);
}

export const TEXT_NAMED_JPG: PictureFile = {
	name: 'holiday.jpg',
	mimeType: 'image/jpeg',
	buffer: Buffer.from('This is no picture.')
};

export const EMPTY: PictureFile = { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) };
