/** Converts BlazeFace, short range and full range, from MediaPipe's .tflite files to tfjs graph models. */
import { io } from '@tensorflow/tfjs-core';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { DetectorEntry } from '../../src/lib/manifest';
import { messageOf, UserError } from '../lib/errors';
import { sha256, writeWhole } from '../lib/files';
import { GraphModel } from './graph-model';
import { readArtifacts } from '../lib/model-files';
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

const MODEL_FILE = 'model.json';
const WEIGHTS_FILE = 'weights.bin';
/** Numbers for each anchor: box and landmarks. */
const COORDINATES = 16;

/** Path of a detector in the installed package. */
export function tfliteFile({ file }: DetectorSpec): string {
	return createRequire(import.meta.url).resolve(file);
}

const tensorInfo = (name: string, sizes: readonly number[]): object => ({
	name: `${name}:0`,
	dtype: 'DT_FLOAT',
	tensorShape: { dim: sizes.map((size) => ({ size: String(size) })) }
});

/** The contents of model.json and of the weights it names. Joins the two outputs to one of [n, anchors, 17], the logit first. */
function toFiles(model: TfliteModel, source: string): { json: string; weights: readonly Uint8Array[] } {
	const graph = new GraphModel(model);
	const [input] = model.inputs.map((index) => graph.tensor(index));
	const outputs = model.outputs.map((index) => ({ node: graph.nodeOf(index), shape: graph.tensor(index).shape }));
	const logits = outputs.find(({ shape }) => shape[2] === 1);
	const regressors = outputs.find(({ shape }) => shape[2] === COORDINATES);
	if (input === undefined || logits === undefined || regressors === undefined)
		throw new UserError(
			`A logit and ${String(COORDINATES)} coordinates for each anchor are expected of a face detector.`
		);
	const output = graph.concat('anchors', [logits.node, regressors.node], 2);
	const json = {
		format: 'graph-model',
		generatedBy: source,
		convertedBy: 'training/detector.ts',
		signature: {
			inputs: { [input.name]: tensorInfo(input.name, [-1, ...input.shape.slice(1)]) },
			outputs: { [output]: tensorInfo(output, [-1, logits.shape[1] ?? -1, 1 + COORDINATES]) }
		},
		modelTopology: { node: graph.nodes, library: {}, versions: {} },
		weightsManifest: [{ paths: [WEIGHTS_FILE], weights: graph.weights }]
	};
	return { json: `${JSON.stringify(json)}\n`, weights: graph.data };
}

/** Converts a detector to model.json and weights.bin in its folder of `modelsDir`; gives its entry of the manifest. Throws UserError. */
export function convertDetector(spec: DetectorSpec, modelsDir: string): DetectorEntry {
	const { json, weights } = toFiles(readTflite(readFileSync(tfliteFile(spec))), spec.file);
	const dir = path.join(modelsDir, spec.folder);
	writeWhole(path.join(dir, WEIGHTS_FILE), weights);
	writeWhole(path.join(dir, MODEL_FILE), [json]);
	return detectorEntry(spec, modelsDir);
}

function readDetector(dir: string): { json: Buffer; weights: Buffer } {
	try {
		return { json: readFileSync(path.join(dir, MODEL_FILE)), weights: readFileSync(path.join(dir, WEIGHTS_FILE)) };
	} catch (thrown) {
		throw new UserError(`The face detector is missing (${messageOf(thrown)}). Run: npm run study -- detector`);
	}
}

/** The manifest's entry of a converted model in `modelsDir`. Throws UserError. */
export function detectorEntry({ id, title, folder, inputSize }: DetectorSpec, modelsDir: string): DetectorEntry {
	const { json, weights } = readDetector(path.join(modelsDir, folder));
	return {
		id,
		title,
		url: `${folder}/${MODEL_FILE}`,
		bytes: json.length + weights.length,
		sha256: sha256(weights),
		inputSize
	};
}

/** The converted models from one folder of models into another, unless they are there. Throws UserError. */
export function copyDetectors(from: string, to: string): void {
	for (const { folder } of Object.values(DETECTORS)) {
		if (existsSync(path.join(to, folder, MODEL_FILE))) continue;
		const { json, weights } = readDetector(path.join(from, folder));
		writeWhole(path.join(to, folder, WEIGHTS_FILE), [weights]);
		writeWhole(path.join(to, folder, MODEL_FILE), [json]);
	}
}

/** The converted model in `dir` as a `modelUrl` for Node, where fetch does not read files. Throws UserError. */
export function detectorHandler(dir: string): io.IOHandler {
	return io.fromMemory(readArtifacts(path.join(dir, MODEL_FILE)));
}
