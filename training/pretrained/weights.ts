/** Pretrained convolutions: VGG16's from Keras, those of an .h5 file, or those of a tfjs model. */
import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { download, type RemoteFile } from './download';
import { UserError, messageOf } from '../lib/errors';
import { requireFile, sha256 } from '../lib/files';

/** VGG16 without its top, trained on ImageNet (Simonyan & Zisserman, 2015), as Keras publishes it. */
const VGG16_FILE = 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5';
const VGG16_IMAGENET: RemoteFile = {
	url: `https://storage.googleapis.com/tensorflow/keras-applications/vgg16/${VGG16_FILE}`,
	bytes: 58_889_256,
	md5: '6d6bbae143d832006294945121d1f1fc'
};

/** Kernel [height, width, in, out] and bias [out]. */
export interface Convolution {
	readonly shape: readonly number[];
	readonly kernel: Float32Array;
	readonly bias: Float32Array;
}

export interface PretrainedWeights {
	/** For the manifest: "imagenet", or the file's name and the start of its hash. */
	readonly name: string;
	readonly sha256: string;
	/** What its first convolution was trained on: 0..255 blue, green, red less ImageNet's means, or 0..1. */
	readonly trainedOn: 'imagenet' | 'unit';
	readonly convolutions: readonly Convolution[];
}

/**
 * Reads the weights that `--base` names: "imagenet" (downloaded into `cacheDir` if missing) or a file. Throws
 * UserError.
 */
export async function loadPretrained(
	name: string,
	cacheDir: string,
	onBytes?: (there: number, total: number) => void
): Promise<PretrainedWeights> {
	if (name !== 'imagenet') return readPretrained(name);
	const file = path.join(cacheDir, VGG16_FILE);
	await download(VGG16_IMAGENET, file, (there) => onBytes?.(there, VGG16_IMAGENET.bytes));
	return { ...(await readPretrained(file)), name };
}

/** Reads the convolutions of an .h5 file of Keras or of a tfjs layers model. Throws UserError. */
export async function readPretrained(file: string): Promise<PretrainedWeights> {
	const takes = '--base takes imagenet, scratch, an .h5 file or a model.json of tfjs.';
	requireFile(file, takes);
	const isH5 = /\.(h5|hdf5)$/i.test(file);
	if (!isH5 && !file.endsWith('.json')) throw new UserError(`${file} is neither. ${takes}`);
	const convolutions = isH5 ? await readH5(file) : await readTfjs(file);
	const hash = sha256(...convolutions.flatMap(({ kernel, bias }) => [bytesOf(kernel), bytesOf(bias)]));
	const name = `${path.basename(path.dirname(path.resolve(file)))}/${path.basename(file)}, sha256 ${hash.slice(0, 12)}`;
	return { name, sha256: hash, trainedOn: isH5 ? 'imagenet' : 'unit', convolutions };
}

const bytesOf = (values: Float32Array): Uint8Array =>
	new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Weights in the order of their layers; [h, w, in, out] is a kernel, and the vector after it its bias. */
function pairUp(
	weights: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[]
): Convolution[] {
	return weights.flatMap(({ shape, values }, index) => {
		if (shape.length !== 4) return [];
		const next = weights[index + 1];
		const outputs = shape[3] ?? 0;
		const hasBias = next?.shape.length === 1 && next.shape[0] === outputs;
		return [{ shape, kernel: values, bias: hasBias ? next.values : new Float32Array(outputs) }];
	});
}

/** Keras writes a group per layer: in a weights file at its root, in a whole model under model_weights. */
async function readH5(file: string): Promise<Convolution[]> {
	const { default: h5wasm, Dataset, Group } = await import('h5wasm/node');
	// Otherwise errors are only printed, and a file that is not HDF5 looks like an empty one.
	const library = await h5wasm.ready;
	library.activate_throwing_error_handler();
	let opened: InstanceType<typeof h5wasm.File> | undefined;
	try {
		opened = new h5wasm.File(file, 'r');
		const inner = opened.get('model_weights');
		const root = inner instanceof Group ? inner : opened;
		const names = ({ attrs }: InstanceType<typeof Group>, attribute: string): string[] => {
			const value: unknown = attrs[attribute]?.value;
			if (Array.isArray(value)) return value.map(String);
			// For a layer without weights, numpy wrote an empty vector of numbers.
			if (attribute in attrs && (value === null || (ArrayBuffer.isView(value) && value.byteLength === 0))) return [];
			throw new UserError(`${file} is not a weights file of Keras: it has no ${attribute}.`);
		};
		const weights = names(root, 'layer_names').flatMap((layer) => {
			const group = root.get(layer);
			if (!(group instanceof Group)) throw new UserError(`${file} is cut short: it lacks the layer ${layer}.`);
			return names(group, 'weight_names').map((name) => {
				const weight = group.get(name);
				if (!(weight instanceof Dataset)) throw new UserError(`${file} is cut short: it lacks ${layer}/${name}.`);
				return { shape: weight.shape ?? [], values: Float32Array.from(weight.value as Float32Array) };
			});
		});
		return pairUp(weights);
	} catch (thrown) {
		if (thrown instanceof UserError) throw thrown;
		throw new UserError(`${file} is not an HDF5 file, or is damaged: ${messageOf(thrown).split('\n')[0] ?? ''}`);
	} finally {
		opened?.close();
		library.deactivate_throwing_error_handler();
	}
}

async function readTfjs(file: string): Promise<Convolution[]> {
	let model: tf.LayersModel;
	try {
		const json = JSON.parse(readFileSync(file, 'utf8')) as tf.io.ModelJSON;
		const { weightsManifest } = json;
		const shards = weightsManifest
			.flatMap(({ paths }) => paths)
			.map((shard) => readFileSync(path.join(path.dirname(file), shard)));
		const weights = Uint8Array.from(Buffer.concat(shards)).buffer;
		const specs = tf.io.getWeightSpecs(weightsManifest);
		model = await tf.loadLayersModel(tf.io.fromMemory(tf.io.getModelArtifactsForJSONSync(json, specs, weights)));
	} catch (thrown) {
		throw new UserError(`${file} is not a whole layers model of tfjs: ${messageOf(thrown)}`);
	}
	const weights: { shape: readonly number[]; values: Float32Array }[] = [];
	for (const weight of model.getWeights())
		weights.push({ shape: weight.shape, values: Float32Array.from(await weight.data()) });
	model.dispose();
	return pairUp(weights);
}
