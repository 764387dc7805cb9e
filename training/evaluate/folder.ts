/**
 * A classifier on pictures in labelled folders: small ones as crops of faces, larger ones as the photo page reads them.
 */
import * as tf from '@tensorflow/tfjs';
import { analyse, INITIAL_STATE } from '../../src/lib/core/analyse';
import { calibrate } from '../../src/lib/core/calibration';
import { raiseContrast } from '../../src/lib/core/contrast';
import { CROP_SIDE_PX, LARGEST_FACE } from '../../src/lib/core/labelled-pictures';
import { sampleSquare, toModelInput } from '../../src/lib/core/preprocess';
import type { Calibration, Classifier, FaceDetector, Frame, InputSpec, Scores } from '../../src/lib/core/types';
import { readPicture, type LabelledPicture } from '../data/labelled-folder';
import { UserError } from '../lib/errors';

const BATCH = 64;

/** What the manifest says of a model, or a run of it that is not shipped. */
export interface ClassifierSpec extends Calibration {
	readonly id: string;
	readonly labels: readonly string[];
	readonly input: InputSpec;
}

/** A network (softmax at its end) as a Classifier of calibrated probabilities, on the back end in use. */
export function classifierOf({ id, labels, input, ...calibration }: ClassifierSpec, model: tf.LayersModel): Classifier {
	const { size, channels } = input;
	return {
		id,
		labels,
		input,
		async classify(batch, count) {
			const output = tf.tidy(
				() => model.predictOnBatch(tf.tensor4d(batch, [count, size, size, channels])) as tf.Tensor2D
			);
			const rows = (await output.array()).map((row) => calibrate(row, calibration));
			output.dispose();
			return rows;
		}
	};
}

/** The answers to one picture. */
export interface FolderAnswer {
	readonly picture: LabelledPicture;
	/** Probabilities of each classifier, as in training; undefined if no face was found. */
	readonly scores: Readonly<Record<string, Scores>> | undefined;
}

export interface FolderAnswers {
	readonly answers: readonly FolderAnswer[];
	/** Sentences on files that cannot be read. */
	readonly unreadable: readonly string[];
}

/**
 * Asks all classifiers about all pictures. `detectorOf` is called when the first picture needs a detector; `onPictures`
 * is told how many are done. Throws UserError if no picture is readable and has a face: that is no figure, not even 0
 * %.
 */
export async function classifyFolder(
	pictures: readonly LabelledPicture[],
	classifiers: readonly Classifier[],
	detectorOf: () => Promise<FaceDetector>,
	onPictures: (done: number) => void = () => undefined
): Promise<FolderAnswers> {
	const answers: FolderAnswer[] = [];
	const unreadable: string[] = [];
	let detector: Promise<FaceDetector> | undefined;
	for (let start = 0; start < pictures.length; start += BATCH) {
		const part = pictures.slice(start, start + BATCH);
		const read = await Promise.allSettled(part.map(({ file }) => readPicture(file)));
		const crops: { picture: LabelledPicture; frame: Frame }[] = [];
		for (const [index, picture] of part.entries()) {
			const result = read[index];
			if (result?.status !== 'fulfilled') {
				if (!(result?.reason instanceof UserError)) throw result?.reason;
				unreadable.push(result.reason.message);
			} else if (Math.max(result.value.width, result.value.height) <= CROP_SIDE_PX) {
				crops.push({ picture, frame: result.value });
			} else {
				const scores = await classifyLargest(result.value, classifiers, await (detector ??= detectorOf()));
				answers.push({ picture, scores });
			}
		}
		const scores = await classifyCrops(
			crops.map(({ frame }) => frame),
			classifiers
		);
		for (const [index, { picture }] of crops.entries()) answers.push({ picture, scores: scores[index] });
		onPictures(start + part.length);
	}
	if (!answers.some(({ scores }) => scores))
		throw new UserError(
			[
				...unreadable,
				`None of ${pictures.length} pictures gives a figure: no face was found in ${answers.length}.`
			].join('\n')
		);
	return { answers, unreadable };
}

/** Probabilities of the largest face, or undefined if none is found. */
async function classifyLargest(
	frame: Frame,
	classifiers: readonly Classifier[],
	detector: FaceDetector
): Promise<Record<string, Scores> | undefined> {
	const { result } = await analyse(frame, { detector, classifiers, now: () => 0 }, LARGEST_FACE, INITIAL_STATE);
	const [face] = result.faces;
	return face && Object.fromEntries(Object.entries(face.readings).map(([id, { scores }]) => [id, scores]));
}

/** Probabilities of frames that are faces as a whole. */
async function classifyCrops(
	frames: readonly Frame[],
	classifiers: readonly Classifier[]
): Promise<Record<string, Scores>[]> {
	const all = frames.map((): Record<string, Scores> => ({}));
	if (frames.length === 0) return all;
	for (const classifier of classifiers) {
		const { size, channels, leastContrast } = classifier.input;
		const length = size * size * channels;
		const batch = new Float32Array(frames.length * length);
		for (const [index, frame] of frames.entries()) {
			const { width, height } = frame;
			const square = { centre: { x: width / 2, y: height / 2 }, side: Math.max(width, height), angle: 0 };
			const luma = raiseContrast(sampleSquare(frame, square, size), leastContrast);
			toModelInput(luma, classifier.input, batch, index * length);
		}
		const rows = await classifier.classify(batch, frames.length);
		for (const [index, scores] of all.entries()) scores[classifier.id] = rows[index] ?? [];
	}
	return all;
}
