/** Pictures that lie on their side or upside down although nothing in the file says so, like many scans. */
import { SURE_CONFIDENCE } from './tiles';
import type { DetectedFace, FaceDetector, Frame, Point } from './types';

/** Clockwise quarters that put such a picture upright. */
const TURNS = [1, 3, 2] as const;
/** A glance at a turned picture gets about this many pixels of its longer side. */
const GLANCE_PX = 512;
/**
 * With this confidence a face is upright. A glance at 51 portraits has 0.88 to 0.99, at the same ones on their side 0.70
 * to 0.91, upside down 0.56 to 0.83, in each less than upright.
 */
const UPRIGHT_CONFIDENCE = 0.92;

/**
 * Finds what `thorough` finds. If no face there is surely upright, `near` glances at the picture in the other three
 * turns. If it is surer of a face in one of them, `thorough` searches that. Results lie in the frame as it is.
 */
export function inAnyTurn(thorough: FaceDetector, near: FaceDetector): FaceDetector {
	return {
		async detect(frame, options = {}) {
			const faces = await thorough.detect(frame, options);
			let surest = surestOf(faces);
			if (surest >= UPRIGHT_CONFIDENCE || options.region !== undefined) return faces;
			const step = Math.ceil(Math.max(frame.width, frame.height) / GLANCE_PX);
			let turn: Quarters | null = null;
			for (const quarters of TURNS) {
				const minConfidence = Math.max(SURE_CONFIDENCE, surest);
				const confidence = surestOf(await near.detect(turned(frame, quarters, step), { minConfidence }));
				if (confidence > minConfidence) [surest, turn] = [confidence, quarters];
			}
			if (turn === null) return faces;
			const found = await thorough.detect(turned(frame, turn, 1), options);
			return surestOf(found) > surestOf(faces) ? found.map((face) => turnedBack(face, frame, turn)) : faces;
		}
	};
}

function surestOf(faces: readonly DetectedFace[]): number {
	return Math.max(0, ...faces.map(({ confidence }) => confidence));
}

type Quarters = (typeof TURNS)[number];

/** Every `step`th pixel of a frame, turned clockwise. */
function turned({ width, height, data }: Frame, quarters: Quarters, step: number): Frame {
	const columns = Math.ceil(width / step);
	const rows = Math.ceil(height / step);
	const out = new Uint8ClampedArray(4 * columns * rows);
	const stride = { 1: rows, 2: -1, 3: -rows }[quarters];
	for (let row = 0; row < rows; row++) {
		const first = { 1: rows - 1 - row, 2: (rows - row) * columns - 1, 3: (columns - 1) * rows + row }[quarters];
		for (let column = 0; column < columns; column++) {
			const from = 4 * step * (row * width + column);
			const to = 4 * (first + column * stride);
			for (let channel = 0; channel < 4; channel++) out[to + channel] = data[from + channel] ?? 0;
		}
	}
	return quarters === 2 ? { width: columns, height: rows, data: out } : { width: rows, height: columns, data: out };
}

/** A face of the turned frame in the frame itself. */
function turnedBack({ box, landmarks, confidence }: DetectedFace, frame: Frame, quarters: Quarters): DetectedFace {
	const back = ({ x, y }: Point): Point => {
		switch (quarters) {
			case 1:
				return { x: y, y: frame.height - x };
			case 2:
				return { x: frame.width - x, y: frame.height - y };
			case 3:
				return { x: frame.width - y, y: x };
		}
	};
	const [a, b] = [back(box), back({ x: box.x + box.width, y: box.y + box.height })];
	const { rightEye, leftEye, nose, mouth, rightEar, leftEar } = landmarks;
	return {
		box: { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) },
		landmarks: {
			rightEye: back(rightEye),
			leftEye: back(leftEye),
			nose: back(nose),
			mouth: back(mouth),
			rightEar: back(rightEar),
			leftEar: back(leftEar)
		},
		confidence
	};
}
