/**
 * The plain objects passed between the stages of the pipeline, roughly in order. Unless stated otherwise, coordinates
 * are pixels of the analysed frame, as defined in `geometry.ts`.
 */
import type { YuvPicture } from './yuv';

export interface Point {
	readonly x: number;
	readonly y: number;
}

/** Axis-aligned rectangle: top left corner and size, in pixels. */
export interface Box {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

/** A picture: `width * height` RGBA pixels of 0..255, row by row, as in the DOM's ImageData. */
export interface Frame {
	readonly width: number;
	readonly height: number;
	readonly data: Uint8ClampedArray;
	/** The same picture in the video's own format: computing means from it is faster than converting all pixels. */
	readonly planes?: YuvPicture;
}

/** BlazeFace's six landmarks; left and right are the person's own. */
export interface Landmarks {
	readonly rightEye: Point;
	readonly leftEye: Point;
	readonly nose: Point;
	readonly mouth: Point;
	readonly rightEar: Point;
	readonly leftEar: Point;
}

/** What a detector finds: a box, landmarks and a confidence of 0..1. */
export interface DetectedFace {
	readonly box: Box;
	readonly landmarks: Landmarks;
	readonly confidence: number;
}

/** A detected face with an id that stays the same from frame to frame. */
export interface TrackedFace extends DetectedFace {
	readonly id: number;
}

/** One probability per label, in the order of the model's `labels`; they sum to 1. */
export type Scores = readonly number[];

/**
 * Where the square that a classifier sees lies, relative to a detected box.
 * The side is `scale * (box.width + box.height) / 2`; the centre is the box's centre moved by `shift` sides
 * (x to the right, y down). With `align` the square, shift included, is turned about the box's centre so that the eyes
 * are level except for a lean of at most `tilt` degrees either way, which stays in the picture: with a `tilt` of 15, a
 * face that leans by 20 degrees is turned back by 5.
 */
export interface CropSpec {
	readonly scale: number;
	readonly shift: readonly [x: number, y: number];
	readonly align: boolean;
	/** Degrees, 0 by default. */
	readonly tilt?: number | undefined;
}

/** A square in the frame: centre and side in pixels, `angle` in radians, clockwise on the screen. */
export interface Square {
	readonly centre: Point;
	readonly side: number;
	readonly angle: number;
}

/** The input that a classifier was trained on: `channels` of `size` x `size` values in `range`. */
export interface InputSpec {
	readonly size: number;
	readonly channels: 1 | 3;
	readonly range: readonly [low: number, high: number];
	readonly crop: CropSpec;
	/**
	 * Faces whose grey values (0..255) have a smaller standard deviation than this get more contrast first
	 * (`raiseContrast`); without it they stay as they are.
	 */
	readonly leastContrast?: number | undefined;
}

interface DetectOptions {
	/** The part of the frame to look at, by default all of it; anything outside the frame is black. */
	readonly region?: Box | undefined;
	/** Faces must be more confident than this, 0..1; by default the detector's own limit. */
	readonly minConfidence?: number | undefined;
	/**
	 * For detectors of any size: input pixels per pixel of the region, whose sides must then be multiples of
	 * `SIDE_STEP_PX` input pixels. By default the region is fitted into the detector's own input.
	 */
	readonly scale?: number | undefined;
}

export interface FaceDetector {
	/** Whether it takes inputs of other sizes than its own without compiling something for each size. */
	readonly anySize?: boolean;
	/** All faces of a frame, or of a region of it, most confident first; always in frame pixels. */
	detect(frame: Frame, options?: DetectOptions): Promise<DetectedFace[]>;
}

export interface Classifier {
	readonly id: string;
	readonly labels: readonly string[];
	readonly input: InputSpec;
	/**
	 * `batch`: [count, size, size, channels], row-major, values in `input.range`. Returns calibrated probabilities, one
	 * row per face.
	 */
	classify(batch: Float32Array, count: number): Promise<Scores[]>;
}

/**
 * Bias-corrected temperature scaling (Alexandari, Kundaje and Shrikumar, "Maximum Likelihood with Bias-Corrected
 * Calibration is Hard-To-Beat at Label Shift Adaptation", 2020): logits / temperature + biases.
 */
export interface Calibration {
	/** Softmax temperature, > 0: above 1 softens, below 1 sharpens, 1 changes nothing. */
	readonly temperature: number;
	/** Nats, one per label; missing: none. */
	readonly biases?: readonly number[] | undefined;
}

/** What faces are read for: photos and films, or people in front of a camera now. More of the latter are at rest. */
export type Use = 'photo' | 'live';

/** How labels are weighted: as in training (as calibrated), or as in everyday faces (the manifest's `priorRatio`). */
export type Prior = 'training' | 'everyday';

/** What one model says about one face. */
export interface Reading {
	/** From this frame alone. */
	readonly scores: Scores;
	/** Smoothed over the last frames of this face; equal to `scores` for a still. */
	readonly smoothed: Scores;
	/** Index of the label shown: the greatest smoothed probability, held by hysteresis. */
	readonly top: number;
	/**
	 * Progress of the look at the resting face, 0..1; at 1 the face is read relative to it. Missing if none was asked
	 * for.
	 */
	readonly rest?: number;
}

export interface FaceResult extends TrackedFace {
	/** What the first classifier was shown of the face; the detected box if there is no classifier. */
	readonly square: Square;
	/**
	 * Luma of 0..255 of that square, [size, size], row by row, its contrast raised; empty if there is no classifier.
	 */
	readonly input: Uint8Array;
	/** By model id. */
	readonly readings: Readonly<Record<string, Reading>>;
}

/** Which parts of a face speak for its label. */
export interface Explanation {
	/** Index of the label. */
	readonly label: number;
	/** Its probability, 0..1. */
	readonly score: number;
	/** Cells per row of the map, and rows. */
	readonly cells: number;
	/**
	 * By how much the probability falls when a cell is covered, row by row; if negative, the cell speaks against the
	 * label.
	 */
	readonly map: Float32Array;
	/**
	 * The same in log-odds, in nats: the probability of a certain label hardly falls when a cell is covered, even
	 * though it rests on some parts.
	 */
	readonly evidence: Float32Array;
}

/** Milliseconds per stage; `classify` by model id. `total` includes the time between the stages. */
export interface StageTimes {
	readonly read: number;
	readonly detect: number;
	readonly crop: number;
	readonly classify: Readonly<Record<string, number>>;
	readonly total: number;
}

export interface FrameResult {
	readonly width: number;
	readonly height: number;
	/** Time of the frame in milliseconds, as given with it. */
	readonly timeMs: number;
	readonly faces: readonly FaceResult[];
	/** How many faces were found, of which the largest are analysed; missing if they were not counted. */
	readonly found?: number | undefined;
	readonly times: StageTimes;
}
