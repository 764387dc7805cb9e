/**
 * Boxes, points and squares as numbers. Coordinates are continuous: pixel `i` covers `i` to `i + 1`, so a picture
 * spans 0 to its width. y points down and angles turn clockwise on the screen.
 */
import type { Box, CropSpec, DetectedFace, Point, Square } from './types';

/** How a frame lies in a model's input: `input = frame * scale + offset`, in pixels. */
export interface Letterbox {
	readonly scale: number;
	readonly offsetX: number;
	readonly offsetY: number;
}

/** Fits a `width` x `height` frame centred into a square input of `inputSize` pixels, proportions kept. */
export function letterbox(width: number, height: number, inputSize: number): Letterbox {
	const scale = inputSize / Math.max(width, height);
	return { scale, offsetX: (inputSize - width * scale) / 2, offsetY: (inputSize - height * scale) / 2 };
}

/** Fits a region of a frame centred into a square input of `inputSize` pixels, proportions kept. */
export function regionLetterbox({ x, y, width, height }: Box, inputSize: number): Letterbox {
	const { scale, offsetX, offsetY } = letterbox(width, height, inputSize);
	return { scale, offsetX: offsetX - x * scale, offsetY: offsetY - y * scale };
}

/** Frame pixels to input pixels. */
export function pointToInput(point: Point, { scale, offsetX, offsetY }: Letterbox): Point {
	return { x: point.x * scale + offsetX, y: point.y * scale + offsetY };
}

/** Input pixels to frame pixels: the inverse of `pointToInput`. */
export function pointToFrame(point: Point, { scale, offsetX, offsetY }: Letterbox): Point {
	return { x: (point.x - offsetX) / scale, y: (point.y - offsetY) / scale };
}

/** Frame pixels to input pixels. */
export function boxToInput(box: Box, transform: Letterbox): Box {
	const { scale } = transform;
	return { ...pointToInput(box, transform), width: box.width * scale, height: box.height * scale };
}

/** Input pixels to frame pixels: the inverse of `boxToInput`. */
export function boxToFrame(box: Box, transform: Letterbox): Box {
	const { scale } = transform;
	return { ...pointToFrame(box, transform), width: box.width / scale, height: box.height / scale };
}

/** The middle of a box. */
export function boxCentre(box: Box): Point {
	return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The box with a border around it; a negative border shrinks it, possibly to a negative size. */
export function grownBy({ x, y, width, height }: Box, border: number): Box {
	return { x: x - border, y: y - border, width: width + 2 * border, height: height + 2 * border };
}

/** The part of a box inside a `width` x `height` frame; a box wholly outside becomes an empty one at the edge. */
export function clampBox(box: Box, width: number, height: number): Box {
	const left = clamp(box.x, 0, width);
	const top = clamp(box.y, 0, height);
	return {
		x: left,
		y: top,
		width: clamp(box.x + box.width, 0, width) - left,
		height: clamp(box.y + box.height, 0, height) - top
	};
}

/** `value`, or the nearer bound when it lies outside `low`..`high`. */
export function clamp(value: number, low: number, high: number): number {
	return Math.min(Math.max(value, low), high);
}

/** Mirrors a point in a frame of the given width. Its own inverse. */
export function mirrorPoint(point: Point, frameWidth: number): Point {
	return { x: frameWidth - point.x, y: point.y };
}

/** Mirrors a box in a frame of the given width. Its own inverse. */
export function mirrorBox(box: Box, frameWidth: number): Box {
	return { ...box, x: frameWidth - box.x - box.width };
}

/** `point` turned by `angle` radians, clockwise on the screen, around `centre`. */
export function rotatePoint(point: Point, angle: number, centre: Point): Point {
	const cos = Math.cos(angle);
	const sin = Math.sin(angle);
	const dx = point.x - centre.x;
	const dy = point.y - centre.y;
	return { x: centre.x + cos * dx - sin * dy, y: centre.y + sin * dx + cos * dy };
}

/** Intersection over union of two boxes: 0 (apart, or both empty) to 1 (equal). */
export function intersectionOverUnion(a: Box, b: Box): number {
	const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
	const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
	if (width <= 0 || height <= 0) return 0;
	const intersection = width * height;
	return intersection / (a.width * a.height + b.width * b.height - intersection);
}

/** The share of `inner` that lies in `outer`: 0 to 1. */
export function shareInside(inner: Box, outer: Box): number {
	const width = Math.min(inner.x + inner.width, outer.x + outer.width) - Math.max(inner.x, outer.x);
	const height = Math.min(inner.y + inner.height, outer.y + outer.height) - Math.max(inner.y, outer.y);
	return width <= 0 || height <= 0 ? 0 : (width * height) / (inner.width * inner.height);
}

/** Roll of a head: the angle in radians of the line from the eye on the left of the screen to the other; 0 is level. */
export function eyeAngle({ landmarks: { rightEye, leftEye } }: DetectedFace): number {
	return Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x);
}

/** How far a value lies outside -limit..limit, with its sign; 0 inside. Continuous, so that nothing jumps at the limit. */
function beyond(value: number, limit: number): number {
	return value - clamp(value, -limit, limit);
}

/** The square around a face that a classifier is shown, as CropSpec describes it. It may reach outside the frame. */
export function cropSquare(face: DetectedFace, crop: CropSpec): Square {
	const side = (crop.scale * (face.box.width + face.box.height)) / 2;
	const angle = crop.align ? beyond(eyeAngle(face), ((crop.tilt ?? 0) * Math.PI) / 180) : 0;
	const middle = boxCentre(face.box);
	const moved = { x: middle.x + crop.shift[0] * side, y: middle.y + crop.shift[1] * side };
	return { centre: rotatePoint(moved, angle, middle), side, angle };
}

/** Corners of a square in frame pixels, clockwise, starting with the one that is top left at angle 0. */
export function squareCorners({ centre, side, angle }: Square): [Point, Point, Point, Point] {
	const half = side / 2;
	const corner = (dx: number, dy: number): Point =>
		rotatePoint({ x: centre.x + dx * half, y: centre.y + dy * half }, angle, centre);
	return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}

/**
 * A map of `cells` x `cells` (2 or more a side), row by row, as `size` x `size` pixels: bilinear between the cells'
 * centres, constant beyond the outermost.
 */
export function interpolateCells(map: Float32Array, cells: number, size: number): Float32Array {
	const at = (column: number, row: number): number => map[row * cells + column] ?? 0;
	return Float32Array.from({ length: size * size }, (_, pixel) => {
		const column = clamp((((pixel % size) + 0.5) * cells) / size - 0.5, 0, cells - 1);
		const row = clamp(((Math.floor(pixel / size) + 0.5) * cells) / size - 0.5, 0, cells - 1);
		const [left, top] = [Math.min(Math.floor(column), cells - 2), Math.min(Math.floor(row), cells - 2)];
		const [dx, dy] = [column - left, row - top];
		const upper = at(left, top) * (1 - dx) + at(left + 1, top) * dx;
		const lower = at(left, top + 1) * (1 - dx) + at(left + 1, top + 1) * dx;
		return upper * (1 - dy) + lower * dy;
	});
}
