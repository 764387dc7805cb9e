/**
 * The expression network of npm `@vladmandic/face-api` (MIT; first by Vincent Mühler, face-api.js): four dense blocks
 * of depthwise separable convolutions over colour pictures of 112x112. It was trained on pictures that are not
 * published, and so knows faces other than FER2013's.
 */
import * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FER2013_LABELS, FER2013_SIDE } from '../../src/lib/core/fer2013';
import { mirrorImages, type Dataset } from '../data/dataset';
import { UserError } from '../lib/errors';
import { withFeatures, type FeatureOptions } from './features';

const MANIFEST = 'face_expression_model-weights_manifest.json';
/** The network's labels in its own order, under FER2013's names. */
const LABELS = ['neutral', 'happy', 'sad', 'angry', 'fear', 'disgust', 'surprise'] as const;
const SIDE = 112;
/** Subtracted from red, green and blue before they are divided by 255. */
const MEAN_RGB = [122.782, 117.001, 104.298];

/** Its input here: FER2013's grey pictures in three channels. */
const INPUT = { size: FER2013_SIDE, channels: 3, range: [0, 255] } as const;

/** Enlarges pictures and moves their grey values to the network's range. */
class Prepared extends tf.layers.Layer {
	static readonly className = 'FaceApiPrepared';

	override computeOutputShape(): tf.Shape {
		return [null, SIDE, SIDE, 3];
	}

	override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
		return tf.tidy(() => {
			const [pictures] = [inputs].flat();
			const enlarged = tf.image.resizeBilinear(pictures as tf.Tensor4D, [SIDE, SIDE]);
			return tf.div(tf.sub(enlarged, MEAN_RGB), 255);
		});
	}
}

/**
 * The network with weights from `dir` (the folder `model` of the package): maps [n, 48, 48, 3] grey values of 0..255 to
 * logits [n, 7] in FER2013's order. The caller disposes it. Throws UserError if the weights are missing.
 */
export function faceApiNetwork(dir: string): tf.LayersModel {
	const weights = readWeights(dir);
	const take = (name: string): tf.Tensor => {
		const found = weights[name];
		if (!found) throw new UserError(`${path.join(dir, MANIFEST)} has no weight ${name}: it is another version.`);
		return found;
	};
	const set: (() => void)[] = [];
	const input = tf.input({ shape: [FER2013_SIDE, FER2013_SIDE, 3] });

	const convolution = (name: string, x: tf.SymbolicTensor, strides: number): tf.SymbolicTensor => {
		if (weights[`${name}/filters`]) {
			const kernel = take(`${name}/filters`);
			const layer = tf.layers.conv2d({ filters: kernel.shape[3] ?? 0, kernelSize: 3, strides, padding: 'same' });
			set.push(() => {
				layer.setWeights([kernel, take(`${name}/bias`)]);
			});
			return layer.apply(x) as tf.SymbolicTensor;
		}
		const [depthwise, pointwise] = [take(`${name}/depthwise_filter`), take(`${name}/pointwise_filter`)];
		const layer = tf.layers.separableConv2d({
			filters: pointwise.shape[3] ?? 0,
			kernelSize: 3,
			strides,
			padding: 'same'
		});
		set.push(() => {
			layer.setWeights([depthwise, pointwise, take(`${name}/bias`)]);
		});
		return layer.apply(x) as tf.SymbolicTensor;
	};
	const relu = (...parts: tf.SymbolicTensor[]): tf.SymbolicTensor => {
		const sum = parts.length > 1 ? (tf.layers.add().apply(parts) as tf.SymbolicTensor) : parts[0];
		return tf.layers.reLU().apply(sum as tf.SymbolicTensor) as tf.SymbolicTensor;
	};

	let x = new Prepared({}).apply(input) as tf.SymbolicTensor;
	for (const block of ['dense0', 'dense1', 'dense2', 'dense3']) {
		const first = relu(convolution(`${block}/conv0`, x, 2));
		const parts = [first];
		for (const place of ['conv1', 'conv2', 'conv3'])
			parts.push(convolution(`${block}/${place}`, parts.length === 1 ? first : relu(...parts), 1));
		x = relu(...parts);
	}
	const pooled = tf.layers.globalAveragePooling2d({}).apply(x) as tf.SymbolicTensor;
	const head = tf.layers.dense({ units: LABELS.length });
	const model = tf.model({ inputs: input, outputs: head.apply(pooled) as tf.SymbolicTensor });
	const order = FER2013_LABELS.map((label) => LABELS.indexOf(label));
	const kernel = tf.tidy(() => tf.gather(take('fc/weights'), order, 1));
	// Made anew: WASM's matrix product takes a bias with the shape that its numbers were created with.
	const values = take('fc/bias').dataSync();
	const bias = tf.tensor1d(order.map((place) => values[place] ?? NaN));
	for (const each of set) each();
	head.setWeights([kernel, bias]);
	tf.dispose([weights, kernel, bias]);
	return model;
}

/**
 * [n, 7], in FER2013's order: the mean of the probabilities that the network with weights from `dir` gives each row of
 * Training and its mirror image, on the back end in use; `onPart` is told what part is done. Gives undefined if
 * stopped; what is done is kept in `cacheDir`. Throws UserError.
 */
export async function askFaceApi({
	dir,
	dataset,
	onPart,
	...rest
}: Pick<FeatureOptions, 'cacheDir' | 'signal'> & {
	readonly dir: string;
	readonly dataset: Dataset;
	readonly onPart: (part: number) => void;
}): Promise<Float32Array<SharedArrayBuffer> | undefined> {
	const network = faceApiNetwork(dir);
	// Training comes first in FER2013; the test rows after it are not needed.
	const n = 1 + dataset.usage.lastIndexOf(0);
	const answers = new Float32Array(new SharedArrayBuffer(4 * dataset.n * LABELS.length));
	try {
		for (const [view, pictures] of [dataset, mirrorImages(dataset)].entries()) {
			const seen = await withFeatures({
				...{ network, input: INPUT, ...rest, dataset: { ...pictures, n } },
				onRows: (done) => {
					onPart((view + done / n) / 2);
				}
			});
			if (!seen?.features) return undefined;
			const logits = tf.tensor2d(seen.features.values, [n, LABELS.length]);
			const probabilities = tf.softmax(logits);
			for (const [index, value] of (await probabilities.data()).entries())
				answers[index] = (answers[index] ?? 0) + value / 2;
			tf.dispose([logits, probabilities]);
		}
		return answers;
	} finally {
		network.dispose();
	}
}

function readWeights(dir: string): tf.NamedTensorMap {
	const file = path.join(dir, MANIFEST);
	if (!existsSync(file))
		throw new UserError(
			`There is no ${file}. This recipe learns from face-api's expression network too: npm pack @vladmandic/face-api@1.7.15, ` +
				'unpack the archive, and name its folder "model" with --face-api DIR.'
		);
	const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
		weights: tf.io.WeightsManifestEntry[];
		paths: string[];
	}[];
	const bytes = Buffer.concat(manifest.flatMap(({ paths }) => paths).map((name) => readFileSync(path.join(dir, name))));
	return tf.io.decodeWeights(
		Uint8Array.from(bytes).buffer,
		manifest.flatMap(({ weights }) => weights)
	);
}
