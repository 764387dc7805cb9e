/**
 * How one face moves: its box and landmarks through a one-euro filter (Casiez, Roussel and Vogel, "1 Euro Filter", 2012),
 * which smooths a still face strongly and a moving one hardly, and where to expect the face next. By time, not by
 * frames: a low-pass of cut-off f takes 1 - exp(-2 pi f dt) of a new value, so that any frame rate gives the same
 * motion.
 */
import type { DetectedFace, Point } from './types';

/**
 * Chosen by simulating a detector with an error of 1.5 % of a face at 30 frames a second: a still face then moves 0.5 %
 * from frame to frame instead of 2.1 %, while the face of someone walking or shaking their head stays within 4 % of the
 * truth.
 */
const STILL_CUTOFF_HZ = 1;
/** Added to the cut-off for each face size per second. */
const CUTOFF_PER_SPEED_HZ = 4;
/** Time constant of the velocity's own low-pass: a cut-off of 1.3 Hz; the paper has 1 Hz. */
const VELOCITY_TIME_CONSTANT_MS = 120;
/** A face out of sight is expected to stop moving, as people do, with this time constant. */
const COASTING_MS = 1000;

/** x and y of a face's centre, its width and height, then x and y of the six landmarks. */
type Numbers = readonly number[];

export interface Motion {
	/** The last detection. */
	readonly measured: Numbers;
	/** The filtered detection. */
	readonly shown: Numbers;
	/** Change of each number, in pixels per millisecond. */
	readonly velocity: Numbers;
}

/** The motion of a face seen for the first time. */
export function startMotion(face: DetectedFace): Motion {
	const measured = toNumbers(face);
	return { measured, shown: measured, velocity: measured.map(() => 0) };
}

/** The motion after another detection of the same face, `elapsedMs` (>= 0) after the last one. */
export function followMotion(motion: Motion, face: DetectedFace, elapsedMs: number): Motion {
	if (elapsedMs <= 0) return motion;
	const measured = toNumbers(face);
	const velocityShare = 1 - Math.exp(-elapsedMs / VELOCITY_TIME_CONSTANT_MS);
	const velocity = motion.velocity.map(
		(v, i) => v + velocityShare * (((measured[i] ?? 0) - (motion.measured[i] ?? 0)) / elapsedMs - v)
	);
	const cutoffHz = STILL_CUTOFF_HZ + CUTOFF_PER_SPEED_HZ * speedInSizes(velocity, sizeOf(measured));
	const share = 1 - Math.exp((-2 * Math.PI * cutoffHz * elapsedMs) / 1000);
	const shown = motion.shown.map((value, i) => value + share * ((measured[i] ?? 0) - value));
	return { measured, shown, velocity };
}

/** Where a face is expected. */
export interface Place {
	readonly centre: Point;
	/** Mean of width and height. */
	readonly sizePx: number;
}

/** Where to expect a face `elapsedMs` after its last detection. */
export function predictPlace({ shown, velocity }: Motion, elapsedMs: number): Place {
	const travelMs = COASTING_MS * (1 - Math.exp(-elapsedMs / COASTING_MS));
	const at = (i: number): number => (shown[i] ?? 0) + (velocity[i] ?? 0) * travelMs;
	return { centre: { x: at(0), y: at(1) }, sizePx: sizeOf(shown) };
}

/** The filtered face. */
export function shownFace({ shown }: Motion, confidence: number): DetectedFace {
	const at = (i: number): number => shown[i] ?? 0;
	const point = (i: number): Point => ({ x: at(i), y: at(i + 1) });
	const [width, height] = [at(2), at(3)];
	return {
		box: { x: at(0) - width / 2, y: at(1) - height / 2, width, height },
		landmarks: {
			rightEye: point(4),
			leftEye: point(6),
			nose: point(8),
			mouth: point(10),
			rightEar: point(12),
			leftEar: point(14)
		},
		confidence
	};
}

function toNumbers({ box, landmarks }: DetectedFace): Numbers {
	const { rightEye, leftEye, nose, mouth, rightEar, leftEar } = landmarks;
	return [
		box.x + box.width / 2,
		box.y + box.height / 2,
		box.width,
		box.height,
		...[rightEye, leftEye, nose, mouth, rightEar, leftEar].flatMap(({ x, y }) => [x, y])
	];
}

/** Mean of width and height; never 0, as it is a divisor. */
function sizeOf(numbers: Numbers): number {
	return Math.max(((numbers[2] ?? 0) + (numbers[3] ?? 0)) / 2, 1e-6);
}

/** Face sizes per second: root mean square over centre, size and landmarks, so that a turn or an approach counts too. */
function speedInSizes(velocity: Numbers, sizePx: number): number {
	const squares = velocity.reduce((sum, v) => sum + v * v, 0);
	return (1000 * Math.sqrt(squares / (velocity.length / 2))) / sizePx;
}
