/** Draws on the frames of a film that is written. */
import type { Box, FrameResult } from '../core/types';
import { drawConcealed } from './conceal';
import { drawOverlay, type DrawnModel } from './draw';
import type { PictureStyle } from './picture';

/** Share of the longer side that one rem of the page becomes, as in pictures. */
const REM_SHARE = 1 / 64;

/** Draws boxes and labels over a frame, through its own canvas. */
export class OverlayPainter {
	readonly #layer = canvasOf();
	readonly #style: PictureStyle;

	constructor(style: PictureStyle) {
		this.#style = style;
	}

	draw(context: CanvasRenderingContext2D, result: FrameResult | null, model: DrawnModel): void {
		const { width, height } = context.canvas;
		const { canvas } = this.#layer;
		if (canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
		}
		const remPx = Math.max(8, Math.max(width, height) * REM_SHARE);
		drawOverlay(this.#layer, result, model, { width, height, pixelRatio: 1, remPx, ...this.#style });
		context.drawImage(canvas, 0, 0);
	}
}

/** Draws coarse squares over faces. */
export class ConcealPainter {
	readonly #copy = canvasOf();
	readonly #small = canvasOf();

	/** `boxes`: null hides the whole frame, if its faces are unknown. */
	draw(context: CanvasRenderingContext2D, boxes: readonly Box[] | null): void {
		const { canvas } = context;
		const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
		drawConcealed(this.#copy, canvas, boxes ?? [whole], this.#small);
		context.drawImage(this.#copy.canvas, 0, 0);
	}
}

function canvasOf(): CanvasRenderingContext2D {
	const context = document.createElement('canvas').getContext('2d');
	if (context === null) throw new Error('This browser has no 2D canvas');
	return context;
}
