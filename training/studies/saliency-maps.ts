/** The page's saliency map, alternatives to it, and two that know nothing about the network. */
import * as tf from '@tensorflow/tfjs';
import { interpolateCells } from '../../src/lib/core/geometry';
import { toModelInput } from '../../src/lib/core/preprocess';
import { blurFace, explainByOcclusion, OCCLUSION, type Occlusion } from '../../src/lib/core/saliency';
import type { Classifier, InputSpec } from '../../src/lib/core/types';
import { meanGray, type Classify, type MapMethod, type Subject } from './fidelity';

/** The page's own function, whatever its settings. */
function occlusionMap(title: string, occlusion: Occlusion, input: InputSpec): MapMethod {
	return {
		title,
		passes: occlusion.cells ** 2,
		async map({ face, size }, classify) {
			const { cells, map } = await explainByOcclusion(classifierOf(classify, input), face, undefined, occlusion);
			return interpolateCells(map, cells, size);
		}
	};
}

/** Makes `classify` a Classifier like the page's, for faces of grey values. */
function classifierOf(classify: Classify, { size, crop }: InputSpec): Classifier {
	return {
		id: 'measured',
		labels: [],
		input: { size, channels: 1, range: [0, 255], crop },
		classify(batch, count) {
			const length = batch.length / count;
			return classify(
				Array.from({ length: count }, (_, face) => Uint8Array.from(batch.subarray(face * length, (face + 1) * length)))
			);
		}
	};
}

/**
 * Patches of a quarter of the side at 7 x 7 places within the picture; each of 8 x 8 cells gets the mean of those that
 * cover it.
 */
const SHARED_PATCHES: MapMethod = {
	title: '7x7 patches of 12 px within, gray, shared',
	passes: 49,
	async map({ face, size, label, score }, classify) {
		const [cells, places, filling] = [8, 7, meanGray(face)];
		const edge = (cell: number): number => Math.round((cell * size) / cells);
		const corners = Array.from({ length: places ** 2 }, (_, i) => [i % places, Math.floor(i / places)] as const);
		const covered = corners.map(([column, row]) => {
			const picture = face.slice();
			for (let y = edge(row); y < edge(row + 2); y++)
				picture.set(filling.subarray(0, edge(column + 2) - edge(column)), y * size + edge(column));
			return picture;
		});
		const drops = (await classify(covered)).map((row) => score - (row[label] ?? 0));
		const map = Float32Array.from({ length: cells ** 2 }, (_, cell) => {
			const over = drops.filter((_, patch) => {
				const [column = 0, row = 0] = corners[patch] ?? [];
				const [right, down] = [(cell % cells) - column, Math.floor(cell / cells) - row];
				return right >= 0 && right < 2 && down >= 0 && down < 2;
			});
			return over.reduce((sum, drop) => sum + drop, 0) / over.length;
		});
		return interpolateCells(map, cells, size);
	}
};

/** RISE: the mean of random masks, each weighted with the label's probability under it. */
function rise(count: number): MapMethod {
	const cells = 6;
	return {
		title: `RISE, ${String(count)} masks, gray`,
		passes: count,
		async map({ face, size, label, random }, classify) {
			const gray = meanGray(face);
			// Larger than the picture by one cell, and moved by up to that.
			const padded = Math.round((size * (cells + 1)) / cells);
			const masks = Array.from({ length: count }, () => {
				const grid = Float32Array.from({ length: (cells + 1) ** 2 }, () => (random() < 0.5 ? 1 : 0));
				const whole = interpolateCells(grid, cells + 1, padded);
				const [left, top] = [0, 0].map(() => Math.floor(random() * (padded - size + 1)));
				return Float32Array.from(
					face,
					(_, p) => whole[(Math.floor(p / size) + (top ?? 0)) * padded + (p % size) + (left ?? 0)] ?? 0
				);
			});
			const rows = await classify(
				masks.map((mask) =>
					Uint8Array.from(face, (luma, p) => Math.round((gray[p] ?? 0) + (luma - (gray[p] ?? 0)) * (mask[p] ?? 0)))
				)
			);
			return Float32Array.from(face, (_, p) => {
				const weight = masks.reduce((sum, mask) => sum + (mask[p] ?? 0), 0);
				return (
					masks.reduce((sum, mask, i) => sum + (mask[p] ?? 0) * (rows[i]?.[label] ?? 0), 0) / Math.max(weight, 1e-6)
				);
			});
		}
	};
}

/**
 * Grad-CAM (Selvaraju et al., 2017) of the last layer whose maps have `side` cells a side: what of it is positive after
 * weighting its channels with their mean gradients. `network` ends in probabilities and stays the caller's.
 */
export function gradCam(network: tf.LayersModel, input: InputSpec, side: number): MapMethod {
	const place = network.layers.findLastIndex(({ outputShape }) => outputShape.length === 4 && outputShape[1] === side);
	const layer = network.layers[place];
	if (!layer) throw new RangeError(`No layer has maps of ${String(side)} x ${String(side)}.`);
	const below = tf.model({ inputs: network.inputs, outputs: layer.output });
	/** The layers after this one; everything must pass through it. */
	const above = (start: tf.Tensor): tf.Tensor => {
		const outputs = new Map([[layer.name, start]]);
		for (const next of network.layers.slice(place + 1)) {
			const node = next.inboundNodes[0];
			const inputs = (node?.inboundLayers ?? []).map(({ name }) => outputs.get(name));
			if (inputs.some((tensor) => tensor === undefined))
				throw new RangeError(`${next.name} goes around ${layer.name}.`);
			const given = inputs as tf.Tensor[];
			outputs.set(next.name, next.apply(given.length === 1 ? (given[0] ?? start) : given) as tf.Tensor);
		}
		return outputs.get(network.layers.at(-1)?.name ?? '') ?? start;
	};
	return {
		title: `Grad-CAM, ${String(side)}x${String(side)}`,
		passes: 3,
		map: ({ face, size, label }: Subject) =>
			Promise.resolve(
				tf.tidy(() => {
					const picture = new Float32Array(face.length * input.channels);
					toModelInput(face, input, picture, 0);
					const maps = below.predict(tf.tensor4d(picture, [1, size, size, input.channels])) as tf.Tensor4D;
					const chosen = tf.oneHot([label], network.outputShape[1] as number);
					const logProbability = (x: tf.Tensor): tf.Scalar => tf.log(tf.sum(tf.mul(above(x), chosen)).add(1e-9));
					const weights = tf.grad(logProbability)(maps).mean([1, 2], true);
					const cells = tf.relu(tf.sum(tf.mul(maps, weights), -1)).dataSync();
					return interpolateCells(Float32Array.from(cells), side, size);
				})
			)
	};
}

/** Sides of a network's maps, between the picture's own and 1, largest first. */
function mapSides(network: tf.LayersModel, size: number): number[] {
	const sides = network.layers.map(({ outputShape }) => (outputShape.length === 4 ? Number(outputShape[1]) : 0));
	return [...new Set(sides)].filter((side) => side > 1 && side < size).sort((a, b) => b - a);
}

const NOISE: MapMethod = {
	title: 'noise',
	passes: 0,
	map: ({ face, random }) => Promise.resolve(Float32Array.from(face, () => random()))
};

const CENTRE: MapMethod = {
	title: 'Gaussian at the centre',
	passes: 0,
	map: ({ face, size }) =>
		Promise.resolve(
			Float32Array.from(face, (_, p) => {
				const [x, y] = [(p % size) + 0.5 - size / 2, Math.floor(p / size) + 0.5 - size / 2];
				return Math.exp((-8 * (x * x + y * y)) / size ** 2);
			})
		)
};

/** The maps that are compared, the page's first. */
export function mapMethods(network: tf.LayersModel, input: InputSpec): MapMethod[] {
	const occlusion = (cells: number, patchPx: number, fill: 'blur' | 'gray'): MapMethod =>
		occlusionMap(
			`${String(cells)}x${String(cells)} patches of ${String(patchPx)} px, ${fill}`,
			{ cells, patch: patchPx / 48, fill: fill === 'blur' ? blurFace : meanGray },
			input
		);
	return [
		occlusionMap('the page', OCCLUSION, input),
		SHARED_PATCHES,
		occlusion(7, 8, 'blur'),
		occlusion(7, 16, 'blur'),
		occlusion(7, 10, 'gray'),
		rise(49),
		...mapSides(network, input.size)
			.slice(-2)
			.map((side) => gradCam(network, input, side)),
		CENTRE,
		NOISE
	];
}
