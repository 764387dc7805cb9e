/** A picture with its overlay, as a PNG file. */
import type { FrameResult } from '../core/types';
import { drawOverlay, type DrawnModel } from './draw';

export interface PictureStyle {
	readonly mirrored: boolean;
	readonly font: string;
	readonly colourOf: (colour: string) => string;
}

/** The largest side of the file, and the share of it that one rem of the page becomes. */
const MAX_SIDE_PX = 1920;
const REM_SHARE = 1 / 64;

/** Draws `image` (with the aspect ratio of the result's frame) with the overlay over it, as a file. */
export function pictureWithOverlay(
	image: CanvasImageSource,
	result: FrameResult,
	model: DrawnModel,
	style: PictureStyle
): Promise<Blob> {
	return toPng(drawPicture(image, result, model, style));
}

/** The same as a canvas. */
export function drawPicture(
	image: CanvasImageSource,
	result: FrameResult,
	model: DrawnModel,
	{ mirrored, font, colourOf }: PictureStyle
): HTMLCanvasElement {
	const { width, height } = drawnSize(result);
	const picture = canvasOf(width, height);
	if (mirrored) picture.context.setTransform(-1, 0, 0, 1, width, 0);
	picture.context.drawImage(image, 0, 0, width, height);
	picture.context.resetTransform();
	const overlay = canvasOf(width, height);
	const remPx = Math.max(8, Math.max(width, height) * REM_SHARE);
	drawOverlay(overlay.context, result, model, { width, height, pixelRatio: 1, remPx, mirrored, font, colourOf });
	picture.context.drawImage(overlay.canvas, 0, 0);
	return picture.canvas;
}

/** Pixels of the file for a picture of this size: nowhere less than one, however thin the picture. */
export function drawnSize({ width, height }: { width: number; height: number }): { width: number; height: number } {
	const scale = Math.min(1, MAX_SIDE_PX / Math.max(width, height));
	return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function canvasOf(width: number, height: number) {
	const canvas = document.createElement('canvas');
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext('2d');
	if (context === null) throw new Error('This browser has no 2D canvas');
	return { canvas, context };
}

/** Rejects if the browser cannot write it. */
export function toPng(canvas: HTMLCanvasElement): Promise<Blob> {
	return new Promise((resolve, reject) => {
		canvas.toBlob((blob) => {
			if (blob === null) reject(new Error('The picture could not be written'));
			else resolve(blob);
		}, 'image/png');
	});
}
