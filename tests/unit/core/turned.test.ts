import { describe, expect, it } from 'vitest';
import { inAnyTurn } from '../../../src/lib/core/turned';
import type { DetectedFace, FaceDetector, Frame, Point } from '../../../src/lib/core/types';

/** Red and green of the marks that stand for eyes: 3x3 pixels each, so that every third pixel still shows them. */
const EYES = { rightEye: [255, 0], leftEye: [0, 255] } as const;

/** A frame with the marks at these pixels. */
function frameWith(width: number, height: number, rightEye: Point, leftEye: Point): Frame {
	const data = new Uint8ClampedArray(4 * width * height);
	for (const [at, [red, green]] of [
		[rightEye, EYES.rightEye],
		[leftEye, EYES.leftEye]
	] as const)
		for (let y = -1; y <= 1; y++)
			for (let x = -1; x <= 1; x++) data.set([red, green], 4 * ((at.y + y) * width + at.x + x));
	return { width, height, data };
}

/** Sees a face if the right eye's mark is to the left of the other, at the same height. */
function upright(confidence: number): FaceDetector & { looks: Frame[] } {
	const looks: Frame[] = [];
	return {
		looks,
		detect(frame, { minConfidence = 0 } = {}) {
			looks.push(frame);
			const find = (mark: readonly number[]): Point => {
				const all = Array.from({ length: frame.width * frame.height }, (_, index) => index).filter(
					(index) => mark[0] === frame.data[4 * index] && mark[1] === frame.data[4 * index + 1]
				);
				const mean = (of: (index: number) => number): number => all.reduce((sum, i) => sum + of(i), 0) / all.length;
				return { x: mean((i) => i % frame.width) + 0.5, y: mean((i) => Math.floor(i / frame.width)) + 0.5 };
			};
			const [rightEye, leftEye] = [find(EYES.rightEye), find(EYES.leftEye)];
			const side = leftEye.x - rightEye.x;
			if (Math.abs(leftEye.y - rightEye.y) > 1 || side <= 0 || confidence < minConfidence) return Promise.resolve([]);
			const mouth = { x: (rightEye.x + leftEye.x) / 2, y: rightEye.y + side };
			const face: DetectedFace = {
				box: { x: rightEye.x, y: rightEye.y, width: side, height: 2 * side },
				landmarks: { rightEye, leftEye, nose: mouth, mouth, rightEar: rightEye, leftEar: leftEye },
				confidence
			};
			return Promise.resolve([face]);
		}
	};
}

describe('inAnyTurn', () => {
	// Where the eyes of a head are in a picture that lies turned, and its box and mouth there.
	it.each([
		['upright', { x: 20, y: 30 }, { x: 40, y: 30 }, [20.5, 30.5, 20, 40], [30.5, 50.5]],
		['on its left side', { x: 30, y: 40 }, { x: 30, y: 20 }, [30.5, 20.5, 40, 20], [50.5, 30.5]],
		['on its right side', { x: 60, y: 20 }, { x: 60, y: 40 }, [20.5, 20.5, 40, 20], [40.5, 30.5]],
		['upside down', { x: 40, y: 60 }, { x: 20, y: 60 }, [20.5, 20.5, 20, 40], [30.5, 40.5]]
	])('finds a face that lies %s, in coordinates of the picture', async (_, rightEye, leftEye, box, mouth) => {
		const frame = frameWith(99, 72, rightEye, leftEye);
		const [face, ...others] = await inAnyTurn(upright(0.9), upright(0.9)).detect(frame);
		expect(others).toEqual([]);
		expect(face?.box).toEqual({ x: box[0], y: box[1], width: box[2], height: box[3] });
		expect(face?.landmarks.rightEye).toEqual({ x: rightEye.x + 0.5, y: rightEye.y + 0.5 });
		expect(face?.landmarks.leftEye).toEqual({ x: leftEye.x + 0.5, y: leftEye.y + 0.5 });
		expect(face?.landmarks.mouth).toEqual({ x: mouth[0], y: mouth[1] });
	});

	it('glances at large pictures reduced, and searches only the turn in which a face is sure', async () => {
		const frame = frameWith(1100, 600, { x: 601, y: 301 }, { x: 301, y: 301 });
		const [thorough, near] = [upright(0.9), upright(0.9)];
		expect(await inAnyTurn(thorough, near).detect(frame)).toHaveLength(1);
		expect(near.looks.map(({ width, height }) => [width, height])).toEqual([
			[200, 367],
			[200, 367],
			[367, 200]
		]);
		expect(thorough.looks.map(({ width, height }) => [width, height])).toEqual([
			[1100, 600],
			[1100, 600]
		]);
	});

	it('takes nothing for a turned face of which a glance is not sure', async () => {
		const frame = frameWith(99, 72, { x: 40, y: 60 }, { x: 20, y: 60 });
		const thorough = upright(0.7);
		expect(await inAnyTurn(thorough, upright(0.7)).detect(frame, { minConfidence: 0.5 })).toEqual([]);
		expect(thorough.looks).toHaveLength(1);
	});

	it.each([
		['surer', 0.95, true],
		['less sure', 0.75, false]
	])('takes a turned face rather than a doubtful one, if it is %s', async (_, confidence, isTaken) => {
		const frame = frameWith(99, 72, { x: 40, y: 60 }, { x: 20, y: 60 });
		const doubtful: DetectedFace[] = await upright(0.78).detect(frameWith(99, 72, { x: 20, y: 30 }, { x: 40, y: 30 }));
		const turnable = upright(confidence);
		const thorough: FaceDetector = {
			detect: async (shown) => (shown === frame ? doubtful : await turnable.detect(shown))
		};
		const found = await inAnyTurn(thorough, upright(0.95)).detect(frame);
		expect(found.map((face) => face.confidence)).toEqual([isTaken ? confidence : 0.78]);
	});

	it('does not turn a part of a picture', async () => {
		const frame = frameWith(99, 72, { x: 40, y: 60 }, { x: 20, y: 60 });
		const near = upright(0.9);
		const region = { x: 0, y: 0, width: 50, height: 72 };
		expect(await inAnyTurn(upright(0.9), near).detect(frame, { region })).toEqual([]);
		expect(near.looks).toEqual([]);
	});
});
