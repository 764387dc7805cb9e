/** Files for the photo page, made from the portrait. */
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

/** As phones store pictures taken upright: the pixels lie on their side, and EXIF says to turn them by 90 degrees. */
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

/** The face alone at another size and brightness, which gives the classifier other values. */
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

/** Half of a JPEG file. */
export async function truncated(): Promise<PictureFile> {
	const whole = await sharp(ASTRONAUT).removeAlpha().jpeg().toBuffer();
	return { name: 'truncated.jpg', mimeType: 'image/jpeg', buffer: whole.subarray(0, whole.length / 2) };
}

/** A picture with nobody in it. */
export async function faceless(): Promise<PictureFile> {
	const create = { width: 320, height: 240, channels: 3 as const, background: '#8899aa' };
	return png('wall.png', await sharp({ create }).png().toBuffer());
}

/** The portrait in a format, at the size of the original. */
export async function portraitAs(format: 'jpeg' | 'webp' | 'avif' | 'gif'): Promise<PictureFile> {
	const buffer = await sharp(ASTRONAUT).removeAlpha().toFormat(format).toBuffer();
	return { name: `portrait.${format}`, mimeType: `image/${format}`, buffer };
}

/** The portrait as an uncompressed bitmap of 24 bits, which sharp does not write. */
export async function portraitAsBmp(): Promise<PictureFile> {
	const { data, info } = await sharp(ASTRONAUT).removeAlpha().flip().raw().toBuffer({ resolveWithObject: true });
	for (let at = 0; at < data.length; at += 3) data.subarray(at, at + 3).reverse();
	const head = Buffer.alloc(54);
	head.write('BM');
	head.writeUInt32LE(54 + data.length, 2);
	head.writeUInt32LE(54, 10);
	head.writeUInt32LE(40, 14);
	head.writeInt32LE(info.width, 18);
	head.writeInt32LE(info.height, 22);
	head.writeUInt16LE(1, 26);
	head.writeUInt16LE(24, 28);
	return { name: 'portrait.bmp', mimeType: 'image/bmp', buffer: Buffer.concat([head, data]) };
}

/** 100 megapixels: the portrait in the middle of a flat surface, which compresses well. */
export async function hugePicture(): Promise<PictureFile> {
	const create = { width: 11600, height: 8700, channels: 3 as const, background: '#405060' };
	const face = await sharp(ASTRONAUT).removeAlpha().resize(6000, 6000).toBuffer();
	const buffer = await sharp({ create, limitInputPixels: false })
		.composite([{ input: face, left: 2800, top: 1350 }])
		.jpeg({ quality: 50 })
		.toBuffer();
	return { name: 'huge.jpg', mimeType: 'image/jpeg', buffer };
}

/** Thirty faces 24 pixels high, with hair and shoulders, every second one mirrored. */
export async function crowd(): Promise<PictureFile> {
	const sidePx = Math.round((24 * 230) / 94);
	const cut = sharp(ASTRONAUT).removeAlpha().extract({ left: 109, top: 0, width: 230, height: 230 });
	const face = await cut.resize(sidePx, sidePx).png().toBuffer();
	const mirrored = await sharp(face).flop().toBuffer();
	const faces = Array.from({ length: 30 }, (_, index) => ({
		input: index % 2 === 0 ? face : mirrored,
		left: 30 + (index % 6) * 155 + (index % 4) * 9,
		top: 20 + Math.floor(index / 6) * 110 + (index % 3) * 7
	}));
	const create = { width: 960, height: 600, channels: 3 as const, background: '#5a6a72' };
	return png('crowd.png', await sharp({ create }).composite(faces).png().toBuffer());
}

/** Eyes, nose and mouth alone, as large as the picture. */
export async function fillsFrame(): Promise<PictureFile> {
	const cut = sharp(ASTRONAUT).removeAlpha().extract({ left: 190, top: 84, width: 70, height: 70 });
	return png('fills.png', await cut.resize(700, 700).png().toBuffer());
}
