/** The pipeline: from a frame to its faces, with ids and readings. Models, clock and time are passed in. */
import { raiseContrast } from './contrast';
import { cropSquare } from './geometry';
import { sampleSquare, toModelInput } from './preprocess';
import { readAgainstRest, type RestingState } from './resting';
import { meanScores } from './scores';
import { NOTHING_KNOWN, searchFrame, type SearchState } from './search';
import { smoothScores, type SmoothingState } from './smoothing';
import { NO_TRACKS, trackFaces, type TrackerState } from './tracker';
import type {
	Classifier,
	CropSpec,
	DetectedFace,
	FaceDetector,
	Frame,
	FrameResult,
	Point,
	Reading,
	Scores,
	TrackedFace
} from './types';

/**
 * If there are too many faces, the largest are analysed. Those analysed in the previous frame count as this much
 * larger, so that two of the same size do not take turns.
 */
const STAYING_BONUS = 1.25;
/** The crop if there is no classifier to define one. */
const BOX_ITSELF: CropSpec = { scale: 1, shift: [0, 0], align: false };
/** Probabilities may exceed 1 by this much through 32-bit rounding. */
const ROUNDING = 1e-3;

export interface AnalysisTools {
	readonly detector: FaceDetector;
	/** If given, live frames are also searched for small faces; otherwise each frame gets one look. */
	readonly far?: { readonly detector: FaceDetector; readonly smallestFacePx: number } | undefined;
	/** Each reads every face; their ids differ. With none, faces are found and tracked but not read. */
	readonly classifiers: readonly Classifier[];
	/** Milliseconds of a monotonic clock, used only to time the stages. */
	readonly now: () => number;
}

export interface AnalysisSettings {
	/** Faces with less confidence (0..1) than this are dropped. */
	readonly minConfidence: number;
	/** At most this many faces are analysed: the largest. */
	readonly maxFaces: number;
	/** Time constant of the smoothing in milliseconds; 0 switches it off. */
	readonly smoothingMs: number;
	/** Time of the frame in milliseconds, on any clock that does not jump within a source. */
	readonly timeMs: number;
	/** A single picture: no tracking, no smoothing, ids 1 to n, and the state is unchanged. */
	readonly still: boolean;
	/** Milliseconds already spent on reading the frame's pixels; included in the total. */
	readonly readMs: number;
	/**
	 * Sides of the squares that each face is cut at, as factors of the classifier's own (by default that one alone); the
	 * answers are averaged.
	 */
	readonly views?: readonly number[] | undefined;
}

/** State passed from one frame to the next. */
export interface AnalysisState {
	readonly tracker: TrackerState;
	readonly search: SearchState;
	/** Ids of the faces analysed. */
	readonly analysed: ReadonlySet<number>;
	/** Faces that are read relative to how they look at rest. */
	readonly resting: RestingState;
	/** By model id. */
	readonly smoothing: Readonly<Record<string, SmoothingState>>;
}

/** The state every source starts with. */
export const INITIAL_STATE: AnalysisState = {
	tracker: NO_TRACKS,
	search: NOTHING_KNOWN,
	analysed: new Set(),
	resting: new Map(),
	smoothing: {}
};

/**
 * The faces of a frame in order of id, with each classifier's reading of them: find, track, crop, classify, smooth.
 * Rejects if the detector or a classifier does, or if a classifier returns anything but a probability for each label of
 * each face. Changes no argument.
 */
export async function analyse(
	frame: Frame,
	tools: AnalysisTools,
	settings: AnalysisSettings,
	state: AnalysisState
): Promise<{ state: AnalysisState; result: FrameResult }> {
	const { classifiers, now } = tools;
	const { timeMs, readMs, still, views = [1] } = settings;
	const startMs = now();
	const { faces, found, search, tracker } = await findFaces(frame, tools, settings, state);
	const detectedMs = now();
	const { batches, inputs } = cropBatches(frame, faces, classifiers, views);
	const croppedMs = now();
	const { readings, resting, smoothing, classifyMs } = await readFaces(faces, batches, now, settings, state);

	const shownCrop = classifiers[0]?.input.crop ?? BOX_ITSELF;
	const result: FrameResult = {
		width: frame.width,
		height: frame.height,
		timeMs,
		faces: faces.map((face, index) => ({
			...face,
			square: cropSquare(face, shownCrop),
			input: inputs[index] ?? new Uint8Array(0),
			readings: readings[index] ?? {}
		})),
		...(found === undefined ? {} : { found }),
		times: {
			read: readMs,
			detect: detectedMs - startMs,
			crop: croppedMs - detectedMs,
			classify: classifyMs,
			total: readMs + now() - startMs
		}
	};
	const analysed = new Set(faces.map(({ id }) => id));
	return { state: still ? state : { search, tracker, analysed, resting, smoothing }, result };
}

/** Detection, ids and selection: at most `maxFaces` faces, in order of id. */
async function findFaces(
	frame: Frame,
	{ detector, far }: AnalysisTools,
	settings: AnalysisSettings,
	state: AnalysisState
): Promise<{ faces: TrackedFace[]; found?: number; search: SearchState; tracker: TrackerState }> {
	const { minConfidence, maxFaces, timeMs, still } = settings;
	const [search, found] =
		still || far === undefined
			? [NOTHING_KNOWN, await detector.detect(frame, { minConfidence })]
			: await searchFrame(
					frame,
					{ near: detector, far: far.detector },
					{ minConfidence, maxFaces, smallestFacePx: far.smallestFacePx },
					state.search
				);
	const detections = found.filter((face) => isUsable(face, minConfidence));
	if (still) {
		const all = detections.map((face, index): TrackedFace => ({ id: index, ...face }));
		const faces = selectFaces(all, maxFaces, new Set()).map((face, index) => ({ ...face, id: index + 1 }));
		return { faces, found: all.length, search, tracker: state.tracker };
	}
	const [tracker, tracked] = trackFaces(state.tracker, detections, timeMs);
	return { faces: selectFaces(tracked, maxFaces, state.analysed), search, tracker };
}

/** Each classifier's reading of each face, one classifier after another, and how long each took. */
async function readFaces(
	faces: readonly TrackedFace[],
	batches: ReadonlyMap<Classifier, Float32Array>,
	now: () => number,
	{ timeMs, smoothingMs, still, views = [1] }: AnalysisSettings,
	state: AnalysisState
): Promise<{
	readings: Record<string, Reading>[];
	resting: RestingState;
	smoothing: Record<string, SmoothingState>;
	classifyMs: Record<string, number>;
}> {
	const readings = faces.map((): Record<string, Reading> => ({}));
	const smoothing: Record<string, SmoothingState> = {};
	const classifyMs: Record<string, number> = {};
	let { resting } = state;
	for (const [classifier, batch] of batches) {
		const beganMs = now();
		const rows = await classifyBatch(classifier, batch, faces.length, views.length);
		classifyMs[classifier.id] = now() - beganMs;
		const scored = faces.map(({ id }, index) => ({ id, scores: rows[index] ?? [] }));
		const before: SmoothingState = state.smoothing[classifier.id] ?? new Map();
		const neutral = classifier.labels.indexOf('neutral');
		const [rested, read] = still
			? [resting, scored.map(({ scores }) => ({ scores, rest: null }))]
			: readAgainstRest(resting, classifier.id, neutral, scored, timeMs);
		resting = rested;
		const faceScores = read.map(({ scores }, index) => ({ id: faces[index]?.id ?? 0, scores }));
		const [after, smoothed] = smoothScores(before, faceScores, timeMs, still ? 0 : smoothingMs);
		smoothing[classifier.id] = after;
		for (const [index, reading] of smoothed.entries()) {
			const byModel = readings[index];
			const { scores = [], rest = null } = read[index] ?? {};
			if (byModel) byModel[classifier.id] = { scores, ...reading, ...(rest !== null && { rest }) };
		}
	}
	return { readings, resting, smoothing, classifyMs };
}

/** Whether a detection is confident enough and finite: a NaN from a broken back end would stay in the tracker. */
function isUsable({ box, landmarks, confidence }: DetectedFace, minConfidence: number): boolean {
	const points: readonly Point[] = [box, ...Object.values<Point>({ ...landmarks })];
	const isFinite = points.every(({ x, y }) => Number.isFinite(x + y)) && Number.isFinite(box.width + box.height);
	return confidence >= minConfidence && box.width > 0 && box.height > 0 && isFinite;
}

/** The largest `maxFaces`, in order of id; `analysed`: ids of the previous frame, which are favoured. */
function selectFaces(faces: readonly TrackedFace[], maxFaces: number, analysed: ReadonlySet<number>): TrackedFace[] {
	const rank = ({ id, box }: TrackedFace): number => (box.width + box.height) * (analysed.has(id) ? STAYING_BONUS : 1);
	const largest = faces.toSorted((a, b) => rank(b) - rank(a)).slice(0, maxFaces);
	return largest.sort((a, b) => a.id - b.id);
}

/**
 * Each classifier's batch, [faces * views, size, size, channels], the views of a face one after another, and what the
 * first one sees of each face in its first view, as bytes. Classifiers with the same input share the samples.
 */
function cropBatches(
	frame: Frame,
	faces: readonly TrackedFace[],
	classifiers: readonly Classifier[],
	views: readonly number[]
): { batches: Map<Classifier, Float32Array>; inputs: Uint8Array[] } {
	const samples = new Map<string, Float32Array[]>();
	const batches = new Map<Classifier, Float32Array>();
	for (const classifier of classifiers) {
		const { size, channels, crop, leastContrast } = classifier.input;
		const key = JSON.stringify([size, crop.scale, crop.shift, crop.align, crop.tilt, leastContrast]);
		const grays =
			samples.get(key) ??
			faces.flatMap((face) => {
				const square = cropSquare(face, crop);
				return views.map((factor) =>
					raiseContrast(sampleSquare(frame, { ...square, side: square.side * factor }, size), leastContrast)
				);
			});
		samples.set(key, grays);
		const length = size * size * channels;
		const batch = new Float32Array(grays.length * length);
		for (const [index, gray] of grays.entries()) toModelInput(gray, classifier.input, batch, index * length);
		batches.set(classifier, batch);
	}
	const [first = []] = samples.values();
	const shown = first.filter((_, index) => index % views.length === 0);
	// Rounded explicitly: the typed array alone would truncate.
	return { batches, inputs: shown.map((gray) => Uint8Array.from(gray, Math.round)) };
}

/** One row of scores per face, the mean of its views. NaN would stay in the smoothing, so it is refused here. */
async function classifyBatch(
	classifier: Classifier,
	batch: Float32Array,
	count: number,
	views: number
): Promise<Scores[]> {
	if (count === 0) return [];
	const { id, labels } = classifier;
	const rows = await classifier.classify(batch, count * views);
	const isRow = (row: Scores): boolean =>
		row.length === labels.length && row.every((score) => score >= 0 && score <= 1 + ROUNDING);
	if (rows.length !== count * views || !rows.every(isRow))
		throw new Error(
			`The model ${id} gave something other than ${labels.length} probabilities for each of ${count} faces.`
		);
	return Array.from({ length: count }, (_, face) => meanScores(rows.slice(face * views, (face + 1) * views)));
}
