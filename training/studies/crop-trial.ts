/** What a crop costs: a classifier's accuracy on test pictures cropped by the detector, against whole pictures. */
import type { Network } from '../../src/lib/core/network/network';
import path from 'node:path';
import { startBackend } from '../backend/index';
import { DETECTORS, loadDetectorNetwork } from '../blazeface/detector';
import { loadData, parseFlags } from '../commands/flags';
import { MODELS_DIR } from '../commands/paths';
import { findEntry } from '../commands/subjects';
import { percent, say, withBar } from '../commands/terminal';
import { rowsOfSplit } from '../evaluate/predict';
import { readManifest } from '../ship/manifest';
import { loadShipped } from '../ship/shipped';
import type { LayersModel } from '@tensorflow/tfjs';
import { FER2013_SIDE } from '../../src/lib/core/fer2013';
import { calibrate } from '../../src/lib/core/calibration';
import { cropSquare } from '../../src/lib/core/geometry';
import { grayFrame, sampleSquare } from '../../src/lib/core/preprocess';
import { indexOfGreatest } from '../../src/lib/core/scores';
import type { Calibration, CropSpec, DetectedFace, InputSpec } from '../../src/lib/core/types';
import { findFaces } from './crop-survey';
import { pictureOf, type Dataset } from '../data/dataset';
import { predictPictures } from '../evaluate/predict';

/** The placement in which the survey found the most faces. */
const PLACEMENT = { sidePx: 72, border: 'grey' } as const;
const BATCH = 32;

export interface CropTools {
	readonly detector: Network;
	readonly classifier: LayersModel;
	/** What the manifest says about the classifier. */
	readonly entry: Calibration & { readonly input: InputSpec };
}

export interface CropTrial {
	readonly name: string;
	/** On the pictures in which a face was found. */
	readonly accuracy: number;
}

/**
 * Accuracy, calibrated, on `rows` uncropped, and cropped by each of `crops` around the detected face; outside a picture
 * its edge is repeated. Pictures without a detected face are left out of all figures; `n` counts the others.
 */
export async function tryCrops(
	dataset: Dataset,
	rows: Uint32Array,
	crops: readonly { readonly name: string; readonly crop: CropSpec }[],
	{ detector, classifier, entry }: CropTools,
	onPictures: (done: number) => void = () => undefined
): Promise<{ n: number; trials: CropTrial[] }> {
	const cuts: { name: string; cut: (picture: Uint8Array, face: DetectedFace) => Uint8Array | Float32Array }[] = [
		{ name: 'whole picture', cut: (picture) => picture },
		...crops.map(({ name, crop }) => ({
			name,
			cut: (picture: Uint8Array, face: DetectedFace) =>
				sampleSquare(grayFrame(picture, FER2013_SIDE), cropSquare(face, crop), entry.input.size)
		}))
	];
	const correct = cuts.map(() => 0);
	let n = 0;
	for (let start = 0; start < rows.length; start += BATCH) {
		const part = rows.subarray(start, start + BATCH);
		const pictures = Array.from(part, (row) => pictureOf(dataset, row));
		const faces = await findFaces(pictures, PLACEMENT, detector);
		const seen = pictures.flatMap((picture, index) => {
			const face = faces[index];
			return face ? [{ picture, face, label: dataset.labels[part[index] ?? -1] }] : [];
		});
		n += seen.length;
		for (const [index, { cut }] of cuts.entries()) {
			const grays = seen.map(({ picture, face }) => cut(picture, face));
			const scores = await predictPictures(classifier, entry.input, grays);
			const predicted = scores.map((row) => indexOfGreatest(calibrate(row, entry)));
			correct[index] = (correct[index] ?? 0) + seen.filter(({ label }, i) => predicted[i] === label).length;
		}
		onPictures(start + part.length);
	}
	return { n, trials: cuts.map(({ name }, index) => ({ name, accuracy: (correct[index] ?? 0) / n })) };
}

/** `npm run study -- crop-trial`; gives the exit code. Throws UserError. */
export async function cropTrialCommand(args: string[]): Promise<number> {
	const { values, name } = parseFlags(args, { data: { type: 'string' } });
	const entry = findEntry(readManifest(MODELS_DIR), name);
	const dataset = await loadData(values.data);
	const rows = rowsOfSplit(dataset, 'public');
	await startBackend('wasm');
	const detector = loadDetectorNetwork(path.join(MODELS_DIR, DETECTORS.short.folder));
	const classifier = loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
	const { crop } = entry.input;
	const turns = [
		{ words: 'eyes level', turn: { align: true, tilt: 0 } },
		{ words: `level but for ${String(crop.tilt)} degrees`, turn: { align: true } },
		{ words: 'not turned', turn: { align: false } }
	];
	const crops = turns.flatMap(({ words, turn }) =>
		[-0.15, 0, 0.15].map((change) => {
			const scale = Number((crop.scale + change).toFixed(2));
			return { name: `${words}, scale ${String(scale)}`, crop: { ...crop, scale, ...turn } };
		})
	);
	const tools = { detector, classifier, entry };
	const format = 'Cutting [{bar}] {percentage}% {eta_formatted} left';
	const { n, trials } = await withBar(format, rows.length, (update) => tryCrops(dataset, rows, crops, tools, update));
	say(`${entry.title} on ${String(n)} of ${String(rows.length)} pictures of PublicTest, those with a face found:`);
	for (const { name, accuracy } of trials) say(`  ${name.padEnd(36)} ${percent(accuracy)}`);
	return 0;
}
