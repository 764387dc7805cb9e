/** A classifier on pictures in labelled folders: crops of faces as they are, larger pictures as the photo page reads them. */
import * as tf from '@tensorflow/tfjs';
import { analyse, INITIAL_STATE } from '../../src/lib/core/analyse';
import { calibrate } from '../../src/lib/core/calibration';
import { raiseContrast } from '../../src/lib/core/contrast';
import { sampleSquare, toModelInput } from '../../src/lib/core/preprocess';
import { confusionMatrix, summarise } from '../../src/lib/core/metrics';
import { indexOfGreatest } from '../../src/lib/core/scores';
import type { Calibration, Classifier, FaceDetector, Frame, InputSpec, Scores } from '../../src/lib/core/types';
import { readPicture, type LabelledPicture } from '../data/labelled-folder';
import { UserError } from '../lib/errors';
import { createRandom } from '../lib/random';
import { bootstrapAccuracy, type Interval } from './statistics';

/** Pictures up to this size are faces already, as in the page's benchmark. */
const CROP_SIDE_PX = 64;
const BATCH = 64;
/** What the photo page starts with; of several faces the largest counts. */
const SETTINGS = { minConfidence: 0.5, maxFaces: 1, smoothingMs: 0, timeMs: 0, still: true, readMs: 0 };

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

/** What was said of a picture. */
export interface FolderAnswer {
	readonly picture: LabelledPicture;
	/** Whether it went straight in. */
	readonly isCrop: boolean;
	/** Probabilities of each classifier, as in training; undefined where no face was found. */
	readonly scores: Readonly<Record<string, Scores>> | undefined;
}

export interface FolderAnswers {
	readonly answers: readonly FolderAnswer[];
	/** Sentences on files that cannot be read. */
	readonly unreadable: readonly string[];
}

/**
 * Asks all classifiers about all pictures. `detectorOf` is called once there is a picture to look for faces in; `onPictures`
 * is told how many are done.
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
				answers.push({ picture, isCrop: false, scores });
			}
		}
		const scores = await classifyCrops(
			crops.map(({ frame }) => frame),
			classifiers
		);
		for (const [index, { picture }] of crops.entries()) answers.push({ picture, isCrop: true, scores: scores[index] });
		onPictures(start + part.length);
	}
	return { answers, unreadable };
}

/** What is said of the largest face, or undefined where none is found. */
async function classifyLargest(
	frame: Frame,
	classifiers: readonly Classifier[],
	detector: FaceDetector
): Promise<Record<string, Scores> | undefined> {
	const { result } = await analyse(frame, { detector, classifiers, now: () => 0 }, SETTINGS, INITIAL_STATE);
	const [face] = result.faces;
	return face && Object.fromEntries(Object.entries(face.readings).map(([id, { scores }]) => [id, scores]));
}

/** What is said of frames that are faces as a whole. */
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

/** How right one classifier is on a folder. */
export interface FolderFigures {
	readonly model: string;
	/** Pictures in which a face was seen. */
	readonly n: number;
	readonly accuracy: number;
	/** 95 %, by bootstrap over the groups. */
	readonly interval: Interval;
	/** Pictures, or those of one person. */
	readonly groups: number;
	/** Over the labels that the folder has, as are recalls and their mean. */
	readonly macroF1: number;
	readonly meanRecall: number;
	readonly recall: Readonly<Record<string, number>>;
	/** Of each recall, as `interval`. */
	readonly recallIntervals: Readonly<Record<string, Interval>>;
	/** Counts [true label][predicted label], of all labels of the model. */
	readonly confusion: readonly (readonly number[])[];
	readonly notFound: number;
	readonly unreadable: number;
}

/**
 * The figures of `answers`. `groupOf` names the person, or whatever else makes pictures alike; `read` may shift a
 * probability, as a prior does.
 */
export function folderFigures(
	{ id, labels }: Pick<Classifier, 'id' | 'labels'>,
	{ answers, unreadable }: FolderAnswers,
	groupOf: (picture: LabelledPicture) => string,
	read: (scores: Scores) => Scores = (scores) => scores
): FolderFigures {
	const seen = answers.flatMap(({ picture, scores }) => {
		const own = scores?.[id];
		return own ? [{ picture, scores: read(own), truth: labels.indexOf(picture.label) }] : [];
	});
	const confusion = confusionMatrix(
		seen.map(({ scores }) => scores),
		seen.map(({ truth }) => truth),
		labels.length
	);
	const groupsOf = (part: typeof seen) => {
		const groups = new Map<string, { n: number; correct: number }>();
		for (const { picture, scores, truth } of part) {
			const name = groupOf(picture);
			const group = groups.get(name) ?? { n: 0, correct: 0 };
			groups.set(name, {
				n: group.n + 1,
				correct: group.correct + Number(indexOfGreatest(scores) === truth)
			});
		}
		return [...groups.values()];
	};
	const groups = groupsOf(seen);
	const { n, accuracy, perClass } = summarise(confusion);
	const present = labels.flatMap((label, index) =>
		(confusion[index] ?? []).some((count) => count > 0) ? [index] : []
	);
	const f1 = present.map((label) => {
		const predicted = confusion.reduce((sum, row) => sum + (row[label] ?? 0), 0);
		const support = (confusion[label] ?? []).reduce((a, b) => a + b, 0);
		return (2 * (confusion[label]?.[label] ?? 0)) / Math.max(1, predicted + support);
	});
	const recalls = present.map((label) => perClass[label] ?? 0);
	const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
	return {
		model: id,
		n,
		accuracy,
		interval: bootstrapAccuracy(groups, createRandom(1)),
		groups: groups.length,
		macroF1: mean(f1),
		meanRecall: mean(recalls),
		recall: Object.fromEntries(present.map((label, index) => [labels[label] ?? '', recalls[index] ?? 0])),
		recallIntervals: Object.fromEntries(
			present.map((label) => [
				labels[label] ?? '',
				bootstrapAccuracy(groupsOf(seen.filter(({ truth }) => truth === label)), createRandom(1))
			])
		),
		confusion,
		notFound: answers.filter(({ scores }) => !scores).length,
		unreadable: unreadable.length
	};
}

/** The group of a picture by an expression: what its first group in brackets, or all of it, matches of the name. Throws UserError. */
export function groupBy(expression: string | undefined): (picture: LabelledPicture) => string {
	if (expression === undefined) return ({ name }) => name;
	let pattern: RegExp;
	try {
		pattern = new RegExp(expression);
	} catch (thrown) {
		throw new UserError(`--by takes a regular expression: ${thrown instanceof Error ? thrown.message : ''}`);
	}
	return ({ name }) => {
		const match = pattern.exec(name);
		if (!match) throw new UserError(`--by ${expression} finds nothing in ${name}.`);
		return match[1] ?? match[0];
	};
}
