/** Converts BlazeFace, short range and full range, from MediaPipe's .tflite files to graph models of tfjs. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Network } from '../../src/lib/core/network/network';
import type { NetworkDescription } from '../../src/lib/core/network/description';
import type { DetectorEntry, ModelFiles } from '../../src/lib/manifest';
import { messageOf, UserError } from '../lib/errors';
import { writeWhole } from '../lib/files';
import { packNetwork } from '../lib/graph-model';
import { modelFiles, readModel, writeModel } from '../lib/model-files';
import { NetworkBuilder } from './detector-network';
import { readTflite, type TfliteModel } from './tflite';

/** Both are converted alike; each is a folder of the models' folder. */
export const DETECTORS = {
	short: {
		id: 'blazeface-short',
		title: 'BlazeFace short range',
		folder: 'blazeface',
		file: '@mediapipe/face_detection/face_detection_short_range.tflite',
		inputSize: 128
	},
	full: {
		id: 'blazeface-full',
		title: 'BlazeFace full range',
		folder: 'blazeface-full',
		file: '@mediapipe/face_detection/face_detection_full_range.tflite',
		inputSize: 192
	}
} as const;
type DetectorSpec = (typeof DETECTORS)[keyof typeof DETECTORS];

/** Numbers for each anchor: box and landmarks. */
const COORDINATES = 16;

/** Path of a detector in the installed package. */
export function tfliteFile({ file }: DetectorSpec): string {
	return createRequire(import.meta.url).resolve(file);
}

/** The network of a detector, its two outputs joined to one of [n, anchors, 17], the logit first. */
function toNetwork(model: TfliteModel): NetworkDescription {
	const withLast = (size: number): number | undefined =>
		model.outputs.find((index) => model.tensors[index]?.shape[2] === size);
	const [logits, coordinates] = [withLast(1), withLast(COORDINATES)];
	if (logits === undefined || coordinates === undefined)
		throw new UserError(`A face detector must give a logit and ${String(COORDINATES)} coordinates for each anchor.`);
	return new NetworkBuilder(model).network([logits, coordinates]);
}

/**
 * Converts a detector to the graph model in its folder of `modelsDir`, in half precision like MediaPipe's; returns its
 * entry of the manifest. Throws UserError.
 */
export function convertDetector(spec: DetectorSpec, modelsDir: string): DetectorEntry {
	const network = toNetwork(readTflite(readFileSync(tfliteFile(spec))));
	writeModel(path.join(modelsDir, spec.folder), packNetwork(network));
	return detectorEntry(spec, modelsDir);
}

function filesOf({ folder }: DetectorSpec, modelsDir: string): ModelFiles {
	return orMissing(() => modelFiles(path.join(modelsDir, folder)));
}

function orMissing<T>(read: () => T): T {
	try {
		return read();
	} catch (thrown) {
		throw new UserError(`The face detector is missing (${messageOf(thrown)}). Run: npm run study -- detector`);
	}
}

/** The manifest's entry of a converted model in `modelsDir`. Throws UserError. */
export function detectorEntry(spec: DetectorSpec, modelsDir: string): DetectorEntry {
	const { id, title, inputSize } = spec;
	return { id, title, ...filesOf(spec, modelsDir), inputSize };
}

/** Copies the converted models from one folder of models to another, unless they are there. Throws UserError. */
export function copyDetectors(from: string, to: string): void {
	for (const spec of Object.values(DETECTORS)) {
		const { url, weightsUrls } = filesOf(spec, from);
		for (const file of [url, ...weightsUrls]) {
			const copy = path.join(to, file);
			if (!existsSync(copy)) writeWhole(copy, [readFileSync(path.join(from, file))]);
		}
	}
}

/** The converted network in `dir` on the current back end; the caller disposes it. Throws UserError. */
export function loadDetectorNetwork(dir: string): Network {
	return new Network(orMissing(() => readModel(dir)));
}
