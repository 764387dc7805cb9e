/** A picture for sharing: with its overlay, in a frame that says what it is. */
import type { FrameResult } from '../core/types';
import { verdictOf } from '../core/verdict';
import { drawPicture, toPng, type PictureStyle } from './picture';
import type { DrawnModel } from './draw';
import { curvesOf, expressionOf, UNSURE } from './expressions';

/** Shares of the picture's longer side. */
const MARGIN = 0.025;
const FOOT = 0.055;
const PAPER = '#f3f6f5';
const INK = '#0f1f1d';
const SOFT = '#4a5b58';
const ACCENT = '#0b5f5b';
/** More would not fit in a line. */
const MOST_NAMED = 4;

/** What is in the picture, in a few words: "2 faces: happy, unsure". */
export function captionOf({ faces }: FrameResult, model: DrawnModel): string {
	if (faces.length === 0) return 'No face';
	const names = faces.map(({ readings }) => {
		const verdict = verdictOf(readings[model.id], model.labels, model.unsureBelow);
		return verdict === null || verdict.unsure ? UNSURE.toLowerCase() : verdict.label;
	});
	const counted = [...new Set(names)].map((name) => {
		const n = names.filter((each) => each === name).length;
		return n > 1 ? `${n} ${name}` : name;
	});
	const what = counted.length > MOST_NAMED ? '' : `: ${counted.join(', ')}`;
	return `${faces.length === 1 ? '1 face' : `${faces.length} faces`}${what}`;
}

/** The picture as in `pictureWithOverlay`, on paper, with the site's mark, a caption and a date below. */
export function framedPicture(
	image: CanvasImageSource,
	result: FrameResult,
	model: DrawnModel,
	style: PictureStyle,
	date: Date
): Promise<Blob> {
	const picture = drawPicture(image, result, model, style);
	const unit = Math.max(picture.width, picture.height);
	const margin = Math.round(unit * MARGIN);
	const foot = Math.round(unit * FOOT);
	const canvas = document.createElement('canvas');
	canvas.width = picture.width + 2 * margin;
	canvas.height = picture.height + 2 * margin + foot;
	const context = canvas.getContext('2d');
	if (context === null) throw new Error('This browser has no 2D canvas');
	context.fillStyle = PAPER;
	context.fillRect(0, 0, canvas.width, canvas.height);
	context.save();
	context.beginPath();
	context.roundRect(margin, margin, picture.width, picture.height, margin * 0.8);
	context.clip();
	context.drawImage(picture, margin, margin);
	context.restore();

	const middle = margin + picture.height + (margin + foot) / 2;
	const mark = foot * 0.62;
	drawMark(context, margin, middle - mark / 2, mark);
	context.textBaseline = 'middle';
	context.font = `700 ${mark * 0.62}px ${style.font}`;
	context.fillStyle = INK;
	context.fillText('Mien', margin + mark * 1.3, middle);
	const left = margin + mark * 1.3 + context.measureText('Mien').width + mark * 0.7;
	context.font = `400 ${mark * 0.5}px ${style.font}`;
	context.fillStyle = SOFT;
	const day = date.toLocaleDateString('en', { day: 'numeric', month: 'long', year: 'numeric' });
	const right = canvas.width - margin - context.measureText(day).width;
	context.fillText(day, right, middle);
	const room = right - left - mark;
	if (room > mark) context.fillText(captionOf(result, model), left, middle, room);
	return toPng(canvas);
}

/** The site's mark: a calm face on a tile, as in favicon.svg. */
function drawMark(context: CanvasRenderingContext2D, x: number, y: number, side: number): void {
	context.beginPath();
	context.roundRect(x, y, side, side, side * 0.27);
	context.fillStyle = ACCENT;
	context.fill();
	const scale = (side * 0.8) / 48;
	const [dx, dy] = [x + side * 0.1, y + side * 0.12];
	context.beginPath();
	for (const [x0, y0, x1, y1, x2, y2, x3, y3] of curvesOf(expressionOf('happy').drawing).slice(0, 3)) {
		context.moveTo(dx + x0 * scale, dy + y0 * scale);
		context.bezierCurveTo(
			dx + x1 * scale,
			dy + y1 * scale,
			dx + x2 * scale,
			dy + y2 * scale,
			dx + x3 * scale,
			dy + y3 * scale
		);
	}
	context.strokeStyle = '#ffffff';
	context.lineWidth = side * 0.08;
	context.lineCap = 'round';
	context.stroke();
}
