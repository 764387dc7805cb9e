import { describe, expect, it } from 'vitest';
import {
	boxCentre,
	boxToFrame,
	boxToInput,
	clampBox,
	cropSquare,
	eyeAngle,
	interpolateCells,
	intersectionOverUnion,
	letterbox,
	mirrorBox,
	mirrorPoint,
	pointToFrame,
	pointToInput,
	rotatePoint,
	shareInside,
	squareCorners
} from '../../../src/lib/core/geometry';
import type { DetectedFace, Point } from '../../../src/lib/core/types';

const origin: Point = { x: 0, y: 0 };

/** An upright face with a box of 80 x 120 at (60, 40); its eyes can be moved. */
function face(rightEye: Point, leftEye: Point): DetectedFace {
	return {
		box: { x: 60, y: 40, width: 80, height: 120 },
		landmarks: { rightEye, leftEye, nose: origin, mouth: origin, rightEar: origin, leftEar: origin },
		confidence: 1
	};
}

function expectPoint(actual: Point, x: number, y: number): void {
	expect(actual.x).toBeCloseTo(x, 9);
	expect(actual.y).toBeCloseTo(y, 9);
}

describe('letterbox', () => {
	it.each([
		[1280, 720, 128, { scale: 0.1, offsetX: 0, offsetY: 28 }],
		[480, 640, 128, { scale: 0.2, offsetX: 16, offsetY: 0 }],
		[64, 64, 128, { scale: 2, offsetX: 0, offsetY: 0 }]
	])('centres %i x %i in %i', (width, height, size, expected) => {
		expect(letterbox(width, height, size)).toEqual(expected);
	});

	it.each([
		[333, 517],
		[517, 333]
	])('maps a whole frame of %i x %i into the middle of the input, and back', (width, height) => {
		const transform = letterbox(width, height, 192);
		const box = boxToInput({ x: 0, y: 0, width, height }, transform);
		expect(Math.max(box.width, box.height)).toBeCloseTo(192, 9);
		expectPoint(boxCentre(box), 96, 96);
		const back = boxToFrame(box, transform);
		expectPoint(back, 0, 0);
		expectPoint({ x: back.width, y: back.height }, width, height);
		expectPoint(pointToFrame(pointToInput({ x: 12.5, y: 299 }, transform), transform), 12.5, 299);
	});
});

describe('clampBox', () => {
	it('cuts off what lies outside', () => {
		expect(clampBox({ x: -10, y: 90, width: 30, height: 30 }, 200, 100)).toEqual({
			x: 0,
			y: 90,
			width: 20,
			height: 10
		});
	});

	it('leaves nothing of a box outside the frame', () => {
		expect(clampBox({ x: 300, y: -50, width: 30, height: 30 }, 200, 100)).toEqual({
			x: 200,
			y: 0,
			width: 0,
			height: 0
		});
	});
});

describe('mirror', () => {
	it('swaps left and right and is its own inverse', () => {
		const box = { x: 10, y: 5, width: 30, height: 20 };
		expect(mirrorBox(box, 100)).toEqual({ x: 60, y: 5, width: 30, height: 20 });
		expect(mirrorBox(mirrorBox(box, 100), 100)).toEqual(box);
		expect(mirrorPoint({ x: 10, y: 3 }, 100)).toEqual({ x: 90, y: 3 });
	});
});

describe('intersectionOverUnion', () => {
	const box = { x: 0, y: 0, width: 10, height: 10 };
	it.each([
		['equal boxes', box, 1],
		['half covered', { x: 5, y: 0, width: 10, height: 10 }, 1 / 3],
		['one inside the other', { x: 2, y: 2, width: 5, height: 5 }, 0.25],
		['touching', { x: 10, y: 0, width: 10, height: 10 }, 0],
		['apart in one direction', { x: 2, y: 50, width: 10, height: 10 }, 0],
		['apart in both', { x: 20, y: 50, width: 10, height: 10 }, 0],
		['empty', { x: 5, y: 5, width: 0, height: 0 }, 0]
	])('%s', (_, other, expected) => {
		expect(intersectionOverUnion(box, other)).toBeCloseTo(expected, 12);
		expect(intersectionOverUnion(other, box)).toBeCloseTo(expected, 12);
	});
});

describe('shareInside', () => {
	const outer = { x: 10, y: 20, width: 40, height: 30 };
	it.each([
		['inside', { x: 12, y: 22, width: 8, height: 4 }, 1],
		['partly inside', { x: 46, y: 40, width: 8, height: 20 }, 0.25],
		['around it', { x: 0, y: 10, width: 60, height: 50 }, 0.4],
		['touching', { x: 50, y: 20, width: 5, height: 5 }, 0],
		['apart in one direction', { x: 20, y: 90, width: 10, height: 10 }, 0],
		['apart in both', { x: 70, y: 90, width: 10, height: 10 }, 0]
	])('%s', (_, inner, expected) => {
		expect(shareInside(inner, outer)).toBeCloseTo(expected, 12);
	});
});

describe('interpolateCells', () => {
	it('interpolates between cell centres, along rows and columns, and is constant beyond', () => {
		// Grows by 10 a column and by 100 a row.
		const map = Float32Array.of(0, 10, 20, 100, 110, 120, 200, 210, 220);
		// Two pixels a cell, their centres a quarter of a cell from the cell's own.
		const steps = [0, 0.25, 0.75, 1.25, 1.75, 2];
		const expected = steps.flatMap((row) => steps.map((column) => 100 * row + 10 * column));
		expect([...interpolateCells(map, 3, 6)]).toEqual(expected);
	});
});

describe('rotation', () => {
	it('turns clockwise on the screen: right goes down', () => {
		expectPoint(rotatePoint({ x: 3, y: 1 }, Math.PI / 2, { x: 1, y: 1 }), 1, 3);
	});

	it('measures the roll from the right eye (left on the screen) to the left one', () => {
		expect(eyeAngle(face({ x: 80, y: 80 }, { x: 120, y: 80 }))).toBe(0);
		expect(eyeAngle(face({ x: 80, y: 80 }, { x: 120, y: 120 }))).toBeCloseTo(Math.PI / 4, 12);
		expect(Math.abs(eyeAngle(face({ x: 120, y: 80 }, { x: 80, y: 80 })))).toBeCloseTo(Math.PI, 12);
		expect(eyeAngle(face({ x: 80, y: 80 }, { x: 80, y: 80 }))).toBe(0);
	});
});

describe('cropSquare', () => {
	const tilted = face({ x: 100, y: 60 }, { x: 100, y: 100 });

	it('uses the mean of width and height, and shifts by sides', () => {
		const square = cropSquare(tilted, { scale: 1.5, shift: [0.1, -0.2], align: false });
		expect(square.side).toBeCloseTo(150, 9);
		expect(square.angle).toBe(0);
		expectPoint(square.centre, 115, 70);
	});

	it('leaves as much tilt as allowed, and corrects the rest in either direction', () => {
		const crop = { scale: 1, shift: [0, 0], align: true, tilt: 15 } as const;
		const turned = (degrees: number): number => {
			const [x, y] = [40 * Math.cos((degrees * Math.PI) / 180), 40 * Math.sin((degrees * Math.PI) / 180)];
			return (cropSquare(face({ x: 80, y: 80 }, { x: 80 + x, y: 80 + y }), crop).angle * 180) / Math.PI;
		};
		for (const degrees of [-15, -7, 0, 14]) expect(turned(degrees)).toBeCloseTo(0, 9);
		expect(turned(40)).toBeCloseTo(25, 9);
		expect(turned(-90)).toBeCloseTo(-75, 9);
	});

	it('turns the square and its shift with the eyes', () => {
		const square = cropSquare(tilted, { scale: 1, shift: [0, -0.2], align: true });
		expect(square.angle).toBeCloseTo(Math.PI / 2, 12);
		// For a head leaning to its left by a quarter turn, up is to the right of the screen.
		expectPoint(square.centre, 120, 100);
	});

	it('has its corners where the angle puts them', () => {
		const corners = squareCorners({ centre: { x: 10, y: 20 }, side: 4, angle: Math.PI / 2 });
		expectPoint(corners[0], 12, 18);
		expectPoint(corners[1], 12, 22);
		expectPoint(corners[2], 8, 22);
		expectPoint(corners[3], 8, 18);
	});
});
