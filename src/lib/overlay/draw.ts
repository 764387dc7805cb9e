/** Draws the boxes and labels of a frame's faces over its picture. */
import { boxCentre, clamp, mirrorBox } from '../core/geometry';
import type { Box, FaceResult, FrameResult, Point } from '../core/types';
import { verdictOf, type Verdict } from '../core/verdict';
import { curvesOf, expressionOf, titleOf, UNSURE } from './expressions';

/** The surface drawn on, in CSS pixels, and what it needs to know of the picture under it. */
export interface Viewport {
	readonly width: number;
	readonly height: number;
	/** Device pixels per CSS pixel; the canvas has `width * pixelRatio` of them. */
	readonly pixelRatio: number;
	/** Size of one rem in CSS pixels. */
	readonly remPx: number;
	readonly mirrored: boolean;
	readonly font: string;
	/** Colour of an expression, by Expression.colour. */
	readonly colourOf: (colour: string) => string;
}

/** Whose readings are drawn: an entry of the manifest. */
export interface DrawnModel {
	readonly id: string;
	readonly labels: readonly string[];
	/** A label less likely than this is not said: "Unsure" stands in its place. */
	readonly unsureBelow: number;
}

/** What stands at a face: `label` decides drawing and colour, undefined being a plain face in grey. */
export interface Caption {
	readonly label: string | undefined;
	readonly text: string;
}

const CHIP = 'rgb(8 16 15 / 0.82)';
const CHIP_TEXT = '#f2f7f5';

/** Where a picture of this size lies when it is fitted whole and centred into a viewport (`object-fit: contain`). */
export function containedBox(picture: { width: number; height: number }, view: { width: number; height: number }): Box {
	const scale = Math.min(view.width / picture.width, view.height / picture.height);
	const width = picture.width * scale;
	const height = picture.height * scale;
	return { x: (view.width - width) / 2, y: (view.height - height) / 2, width, height };
}

/** A box of the frame in CSS pixels of the viewport. */
export function boxInViewport(box: Box, frame: { width: number; height: number }, viewport: Viewport): Box {
	const area = containedBox(frame, viewport);
	const scale = area.width / frame.width;
	const seen = viewport.mirrored ? mirrorBox(box, frame.width) : box;
	return {
		x: area.x + seen.x * scale,
		y: area.y + seen.y * scale,
		width: seen.width * scale,
		height: seen.height * scale
	};
}

/** Clears the canvas, then draws every face: a rounded box, its label and confidence, and its id where there are several. */
export function drawOverlay(
	context: CanvasRenderingContext2D,
	result: FrameResult | null,
	model: DrawnModel | null,
	viewport: Viewport,
	captionOf: (face: FaceResult, model: DrawnModel) => Caption = captionWithShare
): void {
	const { width, height, pixelRatio } = viewport;
	context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
	context.clearRect(0, 0, width, height);
	if (result === null || model === null) return;
	context.font = `600 ${viewport.remPx * 0.9}px ${viewport.font}`;
	const faces = result.faces.map((face) => {
		const { label, text } = captionOf(face, model);
		const box = boxInViewport(face.box, result, viewport);
		const short = String(face.id);
		const full = result.faces.length > 1 ? `${short}  ${text}` : text;
		return {
			box,
			colour: viewport.colourOf(expressionOf(label).colour),
			whole: { label, text: full, ...chipAt(context, box, full, viewport) },
			brief: { label, text: short, ...chipAt(context, box, short, viewport) }
		};
	});
	for (const { box, colour } of faces) drawBox(context, box, colour, viewport);
	// Where words would lie on those of another face, drawing and number are left; nothing, where these would, or hide a face.
	const written: Box[] = [];
	for (const { colour, whole, brief } of faces) {
		const others = faces.filter((face) => face.brief !== brief);
		const hides = (chip: Box): boolean => others.some((other) => contains(chip, boxCentre(other.box)));
		if (hides(brief) || written.some((other) => overlap(brief, other))) continue;
		const words = [...written, ...others.map((other) => other.brief)];
		const chip = hides(whole) || words.some((other) => overlap(whole, other)) ? brief : whole;
		written.push(chip);
		drawChip(context, chip, colour, viewport);
	}
}

/** A caption and where it stands. */
interface Chip extends Box, Caption {}

function overlap(a: Box, b: Box): boolean {
	return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function contains({ x, y, width, height }: Box, point: Point): boolean {
	return point.x >= x && point.x < x + width && point.y >= y && point.y < y + height;
}

function captionWithShare({ readings }: FaceResult, model: DrawnModel): Caption {
	const verdict = verdictOf(readings[model.id], model.labels, model.unsureBelow);
	if (verdict === null) return { label: undefined, text: '' };
	return { label: verdict.unsure ? undefined : verdict.label, text: nameOf(verdict) };
}

function nameOf({ label, share, unsure }: Verdict): string {
	return unsure ? UNSURE : `${titleOf(label)}  ${Math.round(share * 100)} %`;
}

function drawBox(context: CanvasRenderingContext2D, box: Box, colour: string, { remPx }: Viewport): void {
	const radius = Math.min(box.width * 0.12, remPx * 1.25);
	// A dark line under the coloured one keeps the box visible on any picture.
	for (const [style, widthPx] of [
		['rgb(8 16 15 / 0.5)', remPx * 0.34],
		[colour, remPx * 0.17]
	] as const) {
		context.beginPath();
		context.roundRect(box.x, box.y, box.width, box.height, radius);
		context.strokeStyle = style;
		context.lineWidth = widthPx;
		context.stroke();
	}
}

/** Above the box, or within it where there is no room above. */
function chipAt(context: CanvasRenderingContext2D, box: Box, text: string, viewport: Viewport): Box {
	const { remPx } = viewport;
	const height = remPx * 1.9;
	const width = remPx * 2.6 + context.measureText(text).width;
	const above = box.y - height - remPx * 0.4;
	return {
		x: clamp(box.x, 0, Math.max(0, viewport.width - width)),
		y: clamp(above >= 0 ? above : box.y + remPx * 0.4, 0, Math.max(0, viewport.height - height)),
		width,
		height
	};
}

function drawChip(context: CanvasRenderingContext2D, chip: Chip, colour: string, { remPx }: Viewport): void {
	const { label, text, x, y, width, height } = chip;
	const glyph = remPx * 1.35;
	context.beginPath();
	context.roundRect(x, y, width, height, height / 2);
	context.fillStyle = CHIP;
	context.fill();
	drawGlyph(context, label, { x: x + remPx * 0.5, y: y + (height - glyph) / 2, side: glyph, colour });
	context.fillStyle = CHIP_TEXT;
	context.textBaseline = 'middle';
	context.fillText(text, x + remPx * 0.7 + glyph, y + height / 2 + remPx * 0.04);
}

function drawGlyph(
	context: CanvasRenderingContext2D,
	label: string | undefined,
	{ x, y, side, colour }: { x: number; y: number; side: number; colour: string }
): void {
	const scale = side / 48;
	context.beginPath();
	for (const [x0, y0, x1, y1, x2, y2, x3, y3] of curvesOf(expressionOf(label).drawing)) {
		context.moveTo(x + x0 * scale, y + y0 * scale);
		context.bezierCurveTo(
			x + x1 * scale,
			y + y1 * scale,
			x + x2 * scale,
			y + y2 * scale,
			x + x3 * scale,
			y + y3 * scale
		);
	}
	context.lineCap = 'round';
	context.lineWidth = side * 0.09;
	context.strokeStyle = colour;
	context.stroke();
}
