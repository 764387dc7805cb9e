/** Faces and random numbers for the tests of core; of a detector, only its output is imitated. */
import type { DetectedFace, Frame, Point } from '../../../src/lib/core/types';

/** Numbers in -1..1, the same in every run. */
export function noiseFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) | 0;
		return state / 2147483648;
	};
}

/** A frame full of detail, so that there may be faces anywhere. */
export const DETAILED: Frame = {
	width: 1920,
	height: 1280,
	data: Uint8ClampedArray.from({ length: 1920 * 1280 * 4 }, (_, index) => ((index >> 6) * 97) % 256)
};

/** An upright face of `sizePx`; each number is off by up to `jitterPx`. */
export function faceAt(
	x: number,
	y: number,
	sizePx: number,
	jitter: () => number = () => 0,
	jitterPx = 0
): DetectedFace {
	const off = (): number => jitter() * jitterPx;
	const point = (dx: number, dy: number): Point => ({ x: x + dx * sizePx + off(), y: y + dy * sizePx + off() });
	return {
		box: { x: x - sizePx / 2 + off(), y: y - sizePx / 2 + off(), width: sizePx + off(), height: sizePx + off() },
		landmarks: {
			rightEye: point(-0.2, -0.2),
			leftEye: point(0.2, -0.2),
			nose: point(0, 0),
			mouth: point(0, 0.25),
			rightEar: point(-0.45, -0.1),
			leftEar: point(0.45, -0.1)
		},
		confidence: 0.9
	};
}
