import * as tf from '@tensorflow/tfjs';
import h5wasm, { type Group } from 'h5wasm/node';
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { weightsFor } from '../../../../training/pretrained/adapt';
import { readPretrained, type PretrainedWeights } from '../../../../training/pretrained/weights';
import { readCheckpoint } from '../../../../training/loop/checkpoint';
import { DEFAULT_RECIPE, type Recipe } from '../../../../training/models/recipe';
import { allocate, type Dataset } from '../../../../training/data/dataset';
import { withFeatures } from '../../../../training/pretrained/features';
import type { ModelDefinition } from '../../../../training/models/definition';
import { averagedWeights } from '../../../../training/loop/state';
import { createRandom } from '../../../../training/lib/random';
import { RUN_FILES, train, type TrainOptions } from '../../../../training/loop/run';
import { temporaryFolder } from '../temporary-folder';

const dir = temporaryFolder({ emptied: true });
beforeAll(async () => {
	await startBackend('wasm');
	await h5wasm.ready;
});

const SHAPES = [
	[3, 3, 3, 4],
	[3, 3, 4, 5]
];

function numbers(count: number, seed: number): Float32Array {
	const random = createRandom(seed);
	return Float32Array.from({ length: count }, () => random() - 0.5);
}

const KERNELS = SHAPES.map((shape, index) => numbers(tf.util.sizeFromShape(shape), index + 1));
const BIASES = SHAPES.map((shape, index) => numbers(shape[3] ?? 0, index + 11));

/** A weights file as Keras writes it: `nameOf` names a layer's kernel and bias; dense layers may follow. */
function writeH5(file: string, inModel: boolean, nameOf: (layer: string) => [string, string]): void {
	const opened = new h5wasm.File(file, 'w');
	const root: Group = inModel ? opened.create_group('model_weights') : opened;
	const layers = ['conv1', 'pool', 'conv2', 'fc1'];
	root.create_attribute('layer_names', layers);
	for (const layer of layers) {
		const group = root.create_group(layer);
		const names = layer === 'pool' ? [] : nameOf(layer);
		group.create_attribute('weight_names', names, names.length === 0 ? [0] : null, names.length === 0 ? '<f8' : null);
		const index = ['conv1', 'conv2', 'fc1'].indexOf(layer);
		for (const [part, name] of names.entries()) {
			const shape = part === 0 ? (SHAPES[index] ?? [2, 3]) : [SHAPES[index]?.[3] ?? 3];
			const data = (part === 0 ? KERNELS[index] : BIASES[index]) ?? new Float32Array(tf.util.sizeFromShape(shape));
			const [parent, leaf = ''] = name.includes('/') ? name.split('/') : [undefined, name];
			const home =
				parent === undefined ? group : part === 0 ? group.create_group(parent) : (group.get(parent) as Group);
			home.create_dataset({ name: leaf, data, shape, dtype: '<f4' });
		}
	}
	opened.close();
}

const input = { size: 48, channels: 3, range: [0, 1] } as const;

function convolve(x: tf.SymbolicTensor, filters: number): tf.SymbolicTensor {
	return tf.layers
		.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' })
		.apply(x) as tf.SymbolicTensor;
}

function featuresOf(x: tf.SymbolicTensor): tf.SymbolicTensor {
	const pooled = tf.layers.maxPooling2d({ poolSize: 4 }).apply(convolve(x, 4)) as tf.SymbolicTensor;
	return tf.layers.globalAveragePooling2d({}).apply(convolve(pooled, 5)) as tf.SymbolicTensor;
}

const headOf = (x: tf.SymbolicTensor): tf.SymbolicTensor =>
	tf.layers
		.dense({ units: 7, kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }) })
		.apply(x) as tf.SymbolicTensor;

/** The smallest network with pretrained convolutions. */
const small: ModelDefinition = {
	id: 'small',
	title: 'Small',
	purpose: 'for tests',
	input,
	recipes: [DEFAULT_RECIPE],
	build() {
		const x = tf.input({ shape: [null, null, 3] });
		return tf.model({ inputs: x, outputs: headOf(featuresOf(x)) });
	},
	parts: {
		features() {
			const x = tf.input({ shape: [null, null, 3] });
			return tf.model({ inputs: x, outputs: featuresOf(x) });
		},
		head() {
			const x = tf.input({ shape: [5] });
			return tf.model({ inputs: x, outputs: headOf(x) });
		}
	}
};

const parts = small.parts;
if (!parts) throw new Error('The small model has no parts.');

async function smallWeights(): Promise<PretrainedWeights> {
	const file = path.join(dir, 'small.h5');
	writeH5(file, false, (layer) => [`${layer}_W_1:0`, `${layer}_b_1:0`]);
	return readPretrained(file);
}

function setBase(network: tf.LayersModel, values: readonly Float32Array[]): tf.LayersModel {
	network.setWeights(network.weights.map(({ shape }, index) => tf.tensor(values[index] ?? [], shape.map(Number))));
	return network;
}

describe('readPretrained', () => {
	it.each([
		['weights as written by early Keras', false, (layer: string) => [`${layer}_W_1:0`, `${layer}_b_1:0`]],
		['a whole model', true, (layer: string) => [`${layer}/kernel:0`, `${layer}/bias:0`]]
	] as [string, boolean, (layer: string) => [string, string]][])('reads %s', async (_, inModel, nameOf) => {
		const file = path.join(dir, 'weights.h5');
		writeH5(file, inModel, nameOf);
		const pretrained = await readPretrained(file);
		expect(pretrained.trainedOn).toBe('imagenet');
		expect(pretrained.name).toMatch(/weights\.h5, sha256 [0-9a-f]{12}$/);
		expect(pretrained.convolutions.map(({ shape }) => shape)).toEqual(SHAPES);
		expect(pretrained.convolutions.map(({ kernel }) => kernel)).toEqual(KERNELS);
		expect(pretrained.convolutions.map(({ bias }) => bias)).toEqual(BIASES);
	});

	it('reads a model of tfjs, within half precision', async () => {
		const model = setBase(
			parts.features(DEFAULT_RECIPE),
			(await smallWeights()).convolutions.flatMap(({ kernel, bias }) => [kernel, bias])
		);
		const withSize = tf.sequential({
			layers: [tf.layers.inputLayer({ inputShape: [48, 48, 3] }), ...model.layers.slice(1)]
		});
		await withSize.save(
			tf.io.withSaveHandler((saved) => {
				const { modelTopology, weightSpecs, weightData } = saved;
				const json = { modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] };
				writeFileSync(path.join(dir, 'model.json'), JSON.stringify(json));
				writeFileSync(path.join(dir, 'weights.bin'), new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)));
				return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved) });
			})
		);
		const pretrained = await readPretrained(path.join(dir, 'model.json'));
		expect(pretrained.trainedOn).toBe('unit');
		expect(pretrained.convolutions.map(({ shape }) => shape)).toEqual(SHAPES);
		expect(KERNELS[0]?.length).toBeGreaterThan(0);
		for (const [index, value] of (KERNELS[0] ?? []).entries())
			expect(pretrained.convolutions[0]?.kernel[index]).toBeCloseTo(value, 3);
	});

	it('says what is wrong with a file', async () => {
		await expect(readPretrained(path.join(dir, 'none.h5'))).rejects.toThrow(/There is no file.*--base takes/);
		const text = path.join(dir, 'text.h5');
		writeFileSync(text, 'not HDF5');
		await expect(readPretrained(text)).rejects.toThrow(/not an HDF5 file/);
		const other = path.join(dir, 'other.bin');
		writeFileSync(other, '');
		await expect(readPretrained(other)).rejects.toThrow(/--base takes/);
		const cut = path.join(dir, 'cut.h5');
		writeH5(cut, false, (layer) => [`${layer}/kernel:0`, `${layer}/bias:0`]);
		truncateSync(cut, 2000);
		await expect(readPretrained(cut)).rejects.toThrow(/not an HDF5 file, or is damaged/);
		const strange = path.join(dir, 'strange.h5');
		const opened = new h5wasm.File(strange, 'w');
		opened.create_dataset({ name: 'x', data: new Float32Array(3) });
		opened.close();
		await expect(readPretrained(strange)).rejects.toThrow(/no layer_names/);
	});
});

describe('weightsFor', () => {
	it('rejects the weights of another network', async () => {
		const pretrained = await smallWeights();
		const x = tf.input({ shape: [null, null, 3] });
		const other = tf.model({ inputs: x, outputs: convolve(convolve(x, 4), 6) });
		expect(() => weightsFor(pretrained, other, input, false)).toThrow(
			/the kernel of convolution 2 must be 3 x 3 x 4 x 6, but it is 3 x 3 x 4 x 5/
		);
		const longer = tf.model({ inputs: x, outputs: convolve(convolve(convolve(x, 4), 5), 6) });
		expect(() => weightsFor(pretrained, longer, input, false)).toThrow(/convolution 3 .* but there is none/);
	});

	/** Output of the first convolution away from the frame, for pictures of 0..255 mapped to its input. */
	async function inside(weights: readonly Float32Array[], toInput: (luma: number, channel: number) => number) {
		const [kernel, bias] = weights;
		const luma = numbers(8 * 8, 77).map((value) => (value + 0.5) * 255);
		const x = tf.tensor4d(
			Array.from(luma).flatMap((value) => [0, 1, 2].map((channel) => toInput(value, channel))),
			[1, 8, 8, 3]
		);
		const output = tf.add(tf.conv2d(x, tf.tensor4d(kernel ?? [], [3, 3, 3, 4]), 1, 'valid'), tf.tensor1d(bias ?? []));
		return output.data();
	}

	it.each([
		['imagenet', [-114.8, 140.2]],
		['imagenet', [0, 1]],
		['unit', [-1, 1]]
	] as const)('adapts weights of %s to pictures in %j', async (trainedOn, range) => {
		const pretrained: PretrainedWeights = { ...(await smallWeights()), trainedOn };
		const known = (luma: number, channel: number): number =>
			trainedOn === 'unit' ? luma / 255 : luma - ([103.939, 116.779, 123.68][channel] ?? NaN);
		const network = parts.features(DEFAULT_RECIPE);
		const expected = await inside(weightsFor(pretrained, network, { range }, false), known);
		const adapted = weightsFor(pretrained, network, { range }, true);
		const actual = await inside(adapted, (luma) => range[0] + (luma / 255) * (range[1] - range[0]));
		for (const [index, value] of expected.entries())
			expect(Math.abs((actual[index] ?? NaN) - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
	});
});

describe('training from pretrained weights', () => {
	const recipe: Recipe = {
		...DEFAULT_RECIPE,
		epochs: 2,
		batchSize: 4,
		warmupEpochs: 0,
		learningRate: 0.05,
		emaDecay: 0,
		norm: false
	};

	function pictures(n: number): Dataset {
		const dataset = allocate(n);
		const random = createRandom(5);
		for (let i = 0; i < dataset.pixels.length; i++) dataset.pixels[i] = Math.floor(random() * 256);
		for (let row = 0; row < n; row++) [dataset.labels[row], dataset.usage[row]] = [row % 7, row < 8 ? 0 : 1];
		return dataset;
	}

	async function run(changes: Partial<TrainOptions> & Pick<TrainOptions, 'recipe' | 'dataset' | 'pretrained'>) {
		const runDir = path.join(dir, 'run');
		const outcome = await train({
			definition: small,
			backend: 'wasm',
			replicas: 1,
			runDir,
			checkpointMinutes: 60,
			fresh: false,
			signal: new AbortController().signal,
			now: () => 0,
			onEvent: () => undefined,
			...changes
		});
		expect(outcome.kind).toBe('finished');
		return readCheckpoint(path.join(runDir, RUN_FILES.best));
	}

	function features(network: tf.LayersModel, dataset: Dataset, signal = new AbortController().signal) {
		const seen: number[] = [];
		const cacheDir = path.join(dir, 'features');
		const result = withFeatures({ network, input, dataset, cacheDir, signal, onRows: (done) => seen.push(done) });
		return result.then((found) => ({ found, seen }));
	}

	it('trains only the head on features that are computed once, and joins both', async () => {
		const pretrained = await smallWeights();
		const dataset = pictures(12);
		const values = weightsFor(pretrained, parts.features(recipe), input, false);
		const network = setBase(parts.features(recipe), values);
		const { found, seen } = await features(network, dataset);
		if (!found) throw new Error('No features.');
		expect(seen).toEqual([12, 12]);
		// The second time, they are read.
		expect((await features(network, dataset)).seen).toEqual([12]);
		const aborted = AbortSignal.abort();
		expect((await features(network, pictures(11), aborted)).found).toBeUndefined();

		const frozen: Recipe = { ...recipe, keep: 'last', pretrained: { training: 'frozen', normalised: false } };
		const best = await run({ recipe: frozen, dataset: found, pretrained });
		expect(best.base).toBe(pretrained.name);
		expect(best.history).toHaveLength(2);
		const joined = small.build(7, recipe);
		joined.setWeights(averagedWeights(best.state));
		const weights = await Promise.all(joined.getWeights().map((weight) => weight.data()));
		expect(weights.slice(0, 4)).toEqual(values);
		const untrained = await parts.head(7, recipe).getWeights()[0]?.data();
		expect(weights[4]).not.toEqual(untrained);

		// The selection figure is that of the joined network.
		const x = tf.tensor4d(
			Float32Array.from(dataset.pixels.subarray(8 * 2304), (luma) => luma / 255).reduce<number[]>(
				(all, value) => (all.push(value, value, value), all),
				[]
			),
			[4, 48, 48, 3]
		);
		const scores = tf.softmax(joined.predict(x) as tf.Tensor2D).arraySync();
		const loss = scores.reduce((sum, row, index) => sum - Math.log(row[(8 + index) % 7] ?? NaN), 0) / scores.length;
		expect(best.history.at(-1)?.validation.loss).toBeCloseTo(loss, 4);
	});

	it('trains them on if the recipe says so, and refuses to resume with others', async () => {
		const pretrained = await smallWeights();
		const tuned: Recipe = { ...recipe, learningRate: 0, pretrained: { training: 'tuned', normalised: false } };
		const best = await run({ recipe: tuned, dataset: pictures(12), pretrained });
		const kept = [...best.state.values()].slice(0, 4).map(({ values }) => values);
		expect(kept).toEqual(weightsFor(pretrained, parts.features(recipe), input, false));
		const other: PretrainedWeights = { ...pretrained, sha256: 'f'.repeat(64) };
		await expect(run({ recipe: tuned, dataset: pictures(12), pretrained: other })).rejects.toThrow(/--fresh/);
	});
});
