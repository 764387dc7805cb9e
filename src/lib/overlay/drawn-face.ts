/**
 * Faces drawn from the glyphs of expressions, as small grey pictures like FER2013's: for trying things out, not for
 * judging.
 */
import { curvesOf, expressionOf } from './expressions';
import { toPng } from './picture';

const SIDE = 48;

/** How a drawn face varies, each -1..1. */
interface Variation {
	readonly size: number;
	readonly turn: number;
	readonly shift: number;
	readonly light: number;
}

/** A PNG of 48 x 48 pixels. Rejects if the browser has no canvas. */
export function drawnFace(label: string, { size, turn, shift, light }: Variation): Promise<Blob> {
	const canvas = document.createElement('canvas');
	[canvas.width, canvas.height] = [SIDE, SIDE];
	const context = canvas.getContext('2d');
	if (context === null) return Promise.reject(new Error('This browser has no 2D canvas'));
	const middle = SIDE / 2;
	context.fillStyle = grey(110 + 40 * light);
	context.fillRect(0, 0, SIDE, SIDE);
	context.translate(middle + 1.5 * shift, middle);
	context.rotate(0.12 * turn);
	context.scale(1 + 0.06 * size, 1 + 0.06 * size);
	context.translate(-middle, -middle);
	// Hair, then a head that is brighter on one side.
	context.fillStyle = grey(45 - 15 * light);
	oval(context, middle, 20, 21, 22);
	const skin = context.createLinearGradient(6, 0, 42, 0);
	skin.addColorStop(0, grey(195 + 25 * light));
	skin.addColorStop(1, grey(165 - 25 * light));
	context.fillStyle = skin;
	oval(context, middle, 27, 18.5, 22);
	for (const x of [15.5, 32.5]) {
		context.fillStyle = grey(235);
		oval(context, x, 22.5, 4, label === 'surprise' || label === 'fear' ? 3.4 : 2.1);
		context.fillStyle = grey(30);
		oval(context, x, 22.5, 1.9, 1.9);
	}
	context.lineCap = 'round';
	context.strokeStyle = grey(130);
	context.lineWidth = 1.2;
	context.beginPath();
	context.moveTo(24, 23);
	context.quadraticCurveTo(27.5, 30, 23, 30.5);
	context.stroke();
	const [left, right, upper, lower] = curvesOf(expressionOf(label).drawing);
	context.strokeStyle = grey(40);
	context.lineWidth = 2.2;
	for (const [x0, y0, ...bend] of [left, right]) {
		context.beginPath();
		context.moveTo(x0, y0 + 2);
		context.bezierCurveTo(bend[0], bend[1] + 2, bend[2], bend[3] + 2, bend[4], bend[5] + 2);
		context.stroke();
	}
	context.fillStyle = grey(70);
	context.lineWidth = 1.6;
	context.beginPath();
	context.moveTo(upper[0], upper[1] + 3);
	for (const [, , x1, y1, x2, y2, x3, y3] of [upper, lower]) context.bezierCurveTo(x1, y1 + 3, x2, y2 + 3, x3, y3 + 3);
	context.closePath();
	context.fill();
	context.stroke();
	return toPng(canvas);
}

function grey(value: number): string {
	const byte = Math.round(Math.min(255, Math.max(0, value)));
	return `rgb(${byte} ${byte} ${byte})`;
}

function oval(context: CanvasRenderingContext2D, x: number, y: number, radiusX: number, radiusY: number): void {
	context.beginPath();
	context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
	context.fill();
}
