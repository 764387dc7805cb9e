import { describe, expect, it } from 'vitest';
import { boxCentre, intersectionOverUnion } from '../../../src/lib/core/geometry';
import { FORGET_AFTER_MS, NO_TRACKS, trackFaces, type TrackerState } from '../../../src/lib/core/tracker';
import type { DetectedFace, Point, TrackedFace } from '../../../src/lib/core/types';
import { faceAt, noiseFrom } from './faces';

/** Runs frames through the tracker; `people` gives each person's detection at a time, or null. */
function follow(
	people: (timeMs: number) => readonly (DetectedFace | null)[],
	{ untilMs, stepMs }: { untilMs: number; stepMs: () => number }
): { ids: Set<number>[]; frames: { timeMs: number; faces: (TrackedFace | undefined)[] }[]; state: TrackerState } {
	const ids: Set<number>[] = [];
	const frames: { timeMs: number; faces: (TrackedFace | undefined)[] }[] = [];
	let state = NO_TRACKS;
	for (let timeMs = 0; timeMs < untilMs; timeMs += stepMs()) {
		const present = people(timeMs);
		const detections = present.filter((face) => face !== null);
		const [next, tracked] = trackFaces(state, detections, timeMs);
		state = next;
		expect(new Set(tracked.map(({ id }) => id)).size).toBe(detections.length);
		const faces = present.map((face) => (face ? tracked[detections.indexOf(face)] : undefined));
		for (const [person, face] of faces.entries()) {
			const seen = (ids[person] ??= new Set());
			if (face) seen.add(face.id);
		}
		frames.push({ timeMs, faces });
	}
	return { ids, frames, state };
}

const steady = (stepMs: number) => (): number => stepMs;
/** 25 to 175 ms, as on a busy machine. */
const irregular = (seed: number): (() => number) => {
	const noise = noiseFrom(seed);
	return () => 100 + 75 * noise();
};
const rates = [
	['30 frames a second', (): (() => number) => steady(33)],
	['5 frames a second', (): (() => number) => steady(200)],
	['irregular frames', (): (() => number) => irregular(3)]
] as const;

describe.each(rates)('the tracker at %s', (_, step) => {
	const jitter = noiseFrom(5);
	const person = (x: number, y: number, sizePx: number): DetectedFace => faceAt(x, y, sizePx, jitter, sizePx * 0.02);

	it('keeps the id of a face that walks', () => {
		const { ids } = follow((t) => [person(100 + t * 0.15, 200 + 30 * Math.sin(t / 300), 100)], {
			untilMs: 6000,
			stepMs: step()
		});
		expect(ids).toEqual([new Set([1])]);
	});

	it('keeps the ids of two people who cross, while the one behind is hidden', () => {
		const { ids } = follow(
			(t) => {
				const near = person(100 + t * 0.2, 300, 120);
				const far = person(900 - t * 0.2, 280, 90);
				return [near, intersectionOverUnion(near.box, far.box) > 0.3 ? null : far];
			},
			{ untilMs: 4000, stepMs: step() }
		);
		expect(ids).toEqual([new Set([1]), new Set([2])]);
	});

	it('tells two people of the same size apart by where they were going', () => {
		const { ids } = follow(
			(t) => {
				const hidden = t > 1100 && t < 1500;
				return [person(200 + t * 0.2, 300, 100), hidden ? null : person(700 - t * 0.18, 300, 100)];
			},
			{ untilMs: 3000, stepMs: step() }
		);
		expect(ids).toEqual([new Set([1]), new Set([2])]);
	});

	it('does not give the id of one who leaves to anyone else', () => {
		const { ids } = follow(
			(t) => [t < 2000 ? person(200, 200, 100) : null, person(310, 200, 100), person(420, 205, 100)],
			{
				untilMs: 5000,
				stepMs: step()
			}
		);
		expect(ids.map((seen) => seen.size)).toEqual([1, 1, 1]);
	});

	it('tolerates missed detections', () => {
		const misses = noiseFrom(9);
		const { ids } = follow((t) => (misses() > 0.4 ? [null] : [person(200 + t * 0.05, 200, 100)]), {
			untilMs: 6000,
			stepMs: step()
		});
		expect(ids).toEqual([new Set([1])]);
	});

	it('keeps twenty faces apart, in whatever order they come', () => {
		const shuffle = noiseFrom(11);
		const order = Array.from({ length: 20 }, (_, k) => k);
		let state = NO_TRACKS;
		const idOf = new Map<number, number>();
		const stepMs = step();
		for (let timeMs = 0; timeMs < 3000; timeMs += stepMs()) {
			order.sort(() => shuffle());
			const sway = 25 * Math.sin(timeMs / 400);
			const faces = order.map((k) => person(80 + (k % 5) * 130 + sway, 80 + Math.floor(k / 5) * 130, 90));
			const [next, tracked] = trackFaces(state, faces, timeMs);
			state = next;
			for (const [index, { id }] of tracked.entries()) {
				const k = order[index] ?? NaN;
				expect(idOf.get(k) ?? id).toBe(id);
				idOf.set(k, id);
			}
		}
		expect(new Set(idOf.values()).size).toBe(20);
	});
});

describe('ids of the tracker', () => {
	const face = faceAt(200, 200, 100);

	it('are new after a long absence, and never reused', () => {
		const [first] = trackFaces(NO_TRACKS, [face], 0);
		const [empty] = trackFaces(first, [], FORGET_AFTER_MS + 1);
		const [after, [again]] = trackFaces(empty, [face], FORGET_AFTER_MS + 2);
		expect(again?.id).toBe(2);
		expect(after.tracks.map(({ id }) => id)).toEqual([2]);
	});

	it('survive a short absence', () => {
		const [first] = trackFaces(NO_TRACKS, [face], 0);
		const [without] = trackFaces(first, [], 500);
		const [, [back]] = trackFaces(without, [face], FORGET_AFTER_MS);
		expect(back?.id).toBe(1);
	});

	it('survive frames two seconds apart', () => {
		const { ids } = follow(() => [faceAt(100, 100, 80)], { untilMs: 10_000, stepMs: steady(2000) });
		expect(ids).toEqual([new Set([1])]);
	});

	it('are new after a cut to faces elsewhere or of another size', () => {
		const [first] = trackFaces(NO_TRACKS, [face, faceAt(500, 200, 100)], 0);
		const [, faces] = trackFaces(first, [faceAt(350, 400, 100), faceAt(500, 200, 210)], 33);
		expect(faces.map(({ id }) => id)).toEqual([3, 4]);
	});

	it('are new when a video is rewound', () => {
		const [first] = trackFaces(NO_TRACKS, [face], 5000);
		for (const backMs of [50, 4000]) {
			const [, [rewound]] = trackFaces(first, [face], 5000 - backMs);
			expect(rewound?.id).toBe(2);
		}
	});

	it('stay when a frame comes twice', () => {
		const [first] = trackFaces(NO_TRACKS, [face], 5000);
		const [, [again]] = trackFaces(first, [face], 5000);
		expect(again?.id).toBe(1);
	});

	it('allow for more movement the longer a face was out of sight', () => {
		const [first] = trackFaces(NO_TRACKS, [face], 0);
		const elsewhere = [faceAt(320, 200, 100)];
		expect(trackFaces(first, elsewhere, 33)[1][0]?.id).toBe(2);
		const [without] = trackFaces(first, [], 300);
		expect(trackFaces(without, elsewhere, 600)[1][0]?.id).toBe(1);
	});

	it('are matched by size if the places are alike', () => {
		const [first] = trackFaces(NO_TRACKS, [faceAt(200, 200, 100), faceAt(230, 200, 70)], 0);
		const [, faces] = trackFaces(first, [faceAt(213, 200, 70), faceAt(217, 200, 100)], 33);
		expect(faces.map(({ id }) => id)).toEqual([2, 1]);
	});

	it('go to the nearer of two detections', () => {
		const [first] = trackFaces(NO_TRACKS, [face], 0);
		const [, faces] = trackFaces(first, [faceAt(240, 200, 100), faceAt(205, 200, 100)], 33);
		expect(faces.map(({ id }) => id)).toEqual([2, 1]);
	});
});

describe("the tracker's smoothing of boxes", () => {
	const error = (face: TrackedFace | undefined, x: number): number => (face ? boxCentre(face.box).x - x : NaN);
	const meanSquare = (values: readonly number[]): number => values.reduce((sum, v) => sum + v * v, 0) / values.length;

	it('shows a new face as it was detected', () => {
		const landmarks = {
			rightEye: { x: 11, y: 12 },
			leftEye: { x: 23, y: 14 },
			nose: { x: 15, y: 26 },
			mouth: { x: 17, y: 38 },
			rightEar: { x: 9, y: 20 },
			leftEar: { x: 31, y: 22 }
		};
		const face = { box: { x: 8, y: 4, width: 24, height: 40 }, landmarks, confidence: 0.7 };
		expect(trackFaces(NO_TRACKS, [face], 0)[1]).toEqual([{ id: 1, ...face }]);
	});

	it('makes a still face three times calmer', () => {
		const jitter = noiseFrom(2);
		const { frames } = follow(() => [faceAt(300, 300, 100, jitter, 3)], { untilMs: 20000, stepMs: steady(33) });
		const steps = (x: readonly number[]): number[] => x.slice(1).map((value, i) => value - (x[i] ?? NaN));
		const shown = steps(frames.slice(20).map(({ faces: [face] }) => error(face, 300)));
		const raw = noiseFrom(2);
		const measured = steps(frames.slice(20).map(() => boxCentre(faceAt(300, 300, 100, raw, 3).box).x));
		expect(meanSquare(shown)).toBeLessThan(meanSquare(measured) / 9);
	});

	it.each([33, 80])('lags little behind a walking face: %i ms a frame', (stepMs) => {
		const { frames } = follow((t) => [faceAt(100 + t * 0.15, 300, 100)], { untilMs: 3000, stepMs: steady(stepMs) });
		// At 1.5 face sizes a second: less than 5 % of a face, or 33 ms.
		for (const { timeMs, faces } of frames.slice(15)) {
			expect(Math.abs(error(faces[0], 100 + timeMs * 0.15))).toBeLessThan(5);
		}
	});

	it('settles where a face comes to rest, landmarks too', () => {
		const place = (t: number): number => 100 + Math.min(t, 1000) * 0.4;
		const { frames } = follow((t) => [faceAt(place(t), 300, 100)], { untilMs: 3000, stepMs: steady(33) });
		const last = frames.at(-1)?.faces[0];
		expect(last?.box.x).toBeCloseTo(450, 0);
		expect(last?.landmarks.leftEye.x).toBeCloseTo(520, 0);
		expect(last?.landmarks.mouth.y).toBeCloseTo(325, 0);
	});

	it('stays finite for repeated times, empty boxes and long gaps', () => {
		let state = NO_TRACKS;
		for (const timeMs of [0, 0, 0, 1e-9, 33, 33, 999, 1e9]) {
			const [next, faces] = trackFaces(state, [faceAt(10, 10, 0), faceAt(300, 300, 80)], timeMs);
			state = next;
			const numbers = faces.flatMap(({ box, landmarks }) => [
				...Object.values<number>({ ...box }),
				...Object.values<Point>({ ...landmarks }).flatMap(({ x, y }) => [x, y])
			]);
			expect(numbers.every(Number.isFinite)).toBe(true);
		}
	});

	it('does not modify its state or the detections', () => {
		const face = Object.freeze(faceAt(200, 200, 100));
		const [first] = trackFaces(NO_TRACKS, [face], 0);
		const before = structuredClone(first);
		trackFaces(first, [faceAt(210, 200, 100)], 33);
		expect(first).toEqual(before);
		expect(NO_TRACKS).toEqual({ nextId: 1, timeMs: -Infinity, tracks: [] });
	});
});
