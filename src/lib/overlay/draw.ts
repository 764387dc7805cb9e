/** Draws the boxes and labels of a frame's faces over its picture. */
import { clamp, mirrorBox } from '../core/geometry';
import type { Box, FaceResult, FrameResult, Point } from '../core/types';
import { verdictOf, type Verdict } from '../core/verdict';
import { curvesOf, expressionOf, titleOf, UNSURE } from './expressions';
import { overlaps, placePills, type Size } from './pills';

/** The surface to draw on, in CSS pixels, and how the picture under it is shown. */
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
	/** Where buttons cover the picture: no words are placed there. */
	readonly covered?: readonly Box[];
}

/** Whose readings are drawn: an entry of the manifest. */
export interface DrawnModel {
	readonly id: string;
	readonly labels: readonly string[];
	/** A label less likely than this is not shown: "Unsure" is shown instead. */
	readonly unsureBelow: number;
}

/**
 * The words at a face: `label` decides drawing and colour; undefined is a plain face in grey. In `text` two spaces
 * separate the name from its share.
 */
export interface Caption {
	readonly label: string | undefined;
	readonly text: string;
}

const PLATE = 'rgb(8 16 15 / 0.82)';
const PILL_TEXT = '#f2f7f5';

/** Where a picture of this size lies when it is fitted and centred in a viewport (`object-fit: contain`). */
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

/** Id of the face under a point of the viewport, the smallest if there are several; null if there is none. */
export function faceAt(point: Point, result: FrameResult, viewport: Viewport): number | null {
	const under = result.faces
		.map(({ id, box }) => ({ id, box: boxInViewport(box, result, viewport) }))
		.filter(({ box }) => overlaps(box, { ...point, width: 0, height: 0 }))
		.sort((a, b) => a.box.width * a.box.height - b.box.width * b.box.height);
	return under[0]?.id ?? null;
}

/** Below this side in rem a face only has its coloured box: words would be larger than the face. */
const LEAST_WORDED_REM = 2.5;
/** Height of the words as a share of a face's width, and its limits in rem. */
const WORDS_SHARE = 0.13;
const WORDS_REM = { least: 0.75, most: 1.25 };
/** How strongly the other faces are drawn while one is picked. */
const UNPICKED_ALPHA = 0.35;

/**
 * Clears the canvas, then draws every face: a rounded box and, if there is room beside all faces, its label and
 * confidence, and its id if there are several. A legend at an edge explains the colours of boxes without words.
 * `pickedId` is a face to draw stronger than the others, or null.
 */
export function drawOverlay(
	context: CanvasRenderingContext2D,
	result: FrameResult | null,
	model: DrawnModel | null,
	viewport: Viewport,
	captionOf: (face: FaceResult, model: DrawnModel) => Caption = captionWithShare,
	pickedId: number | null = null
): void {
	const { width, height, pixelRatio, remPx, covered = [] } = viewport;
	context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
	context.clearRect(0, 0, width, height);
	if (result === null || model === null) return;
	const picking = result.faces.some(({ id }) => id === pickedId);
	const faces = result.faces.map((face) => {
		const caption = captionOf(face, model);
		const box = boxInViewport(face.box, result, viewport);
		const number = String(face.id);
		const whole = result.faces.length > 1 ? `${number}  ${caption.text}` : caption.text;
		const fontPx = remPx * clamp((WORDS_SHARE * box.width) / remPx, WORDS_REM.least, WORDS_REM.most);
		const texts = Math.min(box.width, box.height) < LEAST_WORDED_REM * remPx ? [] : [whole, number];
		const sizes = texts.map((text) => pillSize(context, text, fontPx, viewport));
		const faint = picking && face.id !== pickedId;
		return { box, caption, texts, sizes, fontPx, faint, colour: viewport.colourOf(expressionOf(caption.label).colour) };
	});
	const pills = placePills(faces, viewport, remPx * 0.4, covered);
	for (const { box, colour, faint } of faces) {
		context.globalAlpha = faint ? UNPICKED_ALPHA : 1;
		drawBox(context, box, colour, viewport, picking && !faint);
	}
	for (const [index, { caption, texts, fontPx, faint, colour }] of faces.entries()) {
		const pill = pills[index];
		if (!pill) continue;
		context.globalAlpha = faint ? UNPICKED_ALPHA : 1;
		drawPill(context, pill, { label: caption.label, text: texts[pill.size] ?? '', colour }, fontPx, viewport);
	}
	context.globalAlpha = 1;
	const wordless = faces.filter((_, index) => (pills[index]?.size ?? 1) > 0).map(({ caption }) => caption);
	const taken = [...covered, ...faces.map(({ box }) => box), ...pills.filter((pill) => pill !== null)];
	drawLegend(context, wordless, taken, viewport);
}

/** A legend for the boxes without words, in a line at the bottom edge or the top: where no face is. */
function drawLegend(
	context: CanvasRenderingContext2D,
	captions: readonly Caption[],
	taken: readonly Box[],
	viewport: Viewport
): void {
	const { remPx, width, height, font } = viewport;
	const entries = [...new Map(captions.map((caption) => [nameIn(caption), caption]))].filter(([name]) => name !== '');
	if (entries.length === 0) return;
	const fontPx = remPx * WORDS_REM.least;
	context.font = `600 ${fontPx}px ${font}`;
	const parts = entries.map(([name, { label }]) => ({
		name,
		colour: viewport.colourOf(expressionOf(label).colour),
		width: context.measureText(name).width + 2 * fontPx
	}));
	const line = {
		width: parts.reduce((sum, part) => sum + part.width, fontPx),
		height: 2 * fontPx
	};
	const x = remPx * 0.5;
	const free = [height - line.height - x, x].find((y) => !taken.some((box) => overlaps(box, { x, y, ...line })));
	if (free === undefined || line.width + x > width) return;
	drawPlate(context, { x, y: free, ...line });
	context.textBaseline = 'middle';
	let left = x + fontPx;
	for (const { name, colour, width: taking } of parts) {
		context.beginPath();
		context.roundRect(left, free + line.height / 2 - fontPx * 0.35, fontPx * 0.7, fontPx * 0.7, fontPx * 0.2);
		context.strokeStyle = colour;
		context.lineWidth = fontPx * 0.2;
		context.stroke();
		context.fillStyle = PILL_TEXT;
		context.fillText(name, left + fontPx, free + line.height / 2 + fontPx * 0.04);
		left += taking;
	}
}

/** The caption without its share. */
function nameIn({ text }: Caption): string {
	return text.split('  ')[0] ?? '';
}

function captionWithShare({ readings }: FaceResult, model: DrawnModel): Caption {
	const verdict = verdictOf(readings[model.id], model.labels, model.unsureBelow);
	if (verdict === null) return { label: undefined, text: '' };
	return { label: verdict.unsure ? undefined : verdict.label, text: nameOf(verdict) };
}

function nameOf({ label, share, unsure }: Verdict): string {
	return unsure ? UNSURE : `${titleOf(label)}  ${Math.round(share * 100)} %`;
}

function drawBox(
	context: CanvasRenderingContext2D,
	box: Box,
	colour: string,
	{ remPx }: Viewport,
	picked: boolean
): void {
	const radius = Math.min(box.width * 0.12, remPx * 1.25);
	const strength = picked ? 1.7 : 1;
	// A dark line under the coloured one keeps the box visible on any picture.
	for (const [style, widthPx] of [
		['rgb(8 16 15 / 0.5)', remPx * (0.17 * strength + 0.17)],
		[colour, remPx * 0.17 * strength]
	] as const) {
		context.beginPath();
		context.roundRect(box.x, box.y, box.width, box.height, radius);
		context.strokeStyle = style;
		context.lineWidth = widthPx;
		context.stroke();
	}
}

/** Size of a glyph with a text beside it, in letters of `fontPx`. */
function pillSize(context: CanvasRenderingContext2D, text: string, fontPx: number, { font }: Viewport): Size {
	context.font = `600 ${fontPx}px ${font}`;
	return { width: fontPx * 2.9 + context.measureText(text).width, height: fontPx * 2.1 };
}

function drawPlate(context: CanvasRenderingContext2D, { x, y, width, height }: Box): void {
	context.beginPath();
	context.roundRect(x, y, width, height, height / 2);
	context.fillStyle = PLATE;
	context.fill();
}

function drawPill(
	context: CanvasRenderingContext2D,
	pill: Box,
	{ label, text, colour }: Caption & { readonly colour: string },
	fontPx: number,
	{ font }: Viewport
): void {
	const { x, y, height } = pill;
	const glyph = fontPx * 1.5;
	drawPlate(context, pill);
	drawGlyph(context, label, { x: x + fontPx * 0.55, y: y + (height - glyph) / 2, side: glyph, colour });
	context.font = `600 ${fontPx}px ${font}`;
	context.fillStyle = PILL_TEXT;
	context.textBaseline = 'middle';
	context.fillText(text, x + fontPx * 0.75 + glyph, y + height / 2 + fontPx * 0.04);
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
