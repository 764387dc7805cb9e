/**
 * Which parts of a face speak for its label: parts are covered one after another, and covering what matters makes the
 * label less likely (Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", 2014). Works with any
 * classifier, measures what it shows, and costs 49 faces besides the one explained. Of this method's settings at this
 * cost, `npm run bench -- saliency` found `OCCLUSION` the most faithful.
 */
import { clamp } from './geometry';
import { toModelInput } from './preprocess';
import { indexOfGreatest } from './scores';
import type { Classifier, Explanation } from './types';

export interface Occlusion {
	/** The map has this many cells a side; a patch around the centre of each is covered. */
	readonly cells: number;
	/** Side of a patch as a share of the input's side; patches may overlap, and are cut at the border. */
	readonly patch: number;
	/** What a patch shows instead of the face: luma of 0..255, [size, size]. */
	readonly fill: (input: Uint8Array, size: number) => Uint8Array;
}

/** The page's maps: patches of 10 of 48 pixels show the face blurred until no feature is left. */
export const OCCLUSION: Occlusion = { cells: 7, patch: 10 / 48, fill: blurFace };

/** Faces classified at once: live frames wait for no more than these. */
const SLICE = 7;

/**
 * `input`: luma of 0..255 of a face as the classifier sees it, [size, size], contrast raised. Each slice of the work goes
 * through `inTurn`, so that other work can run in between. Rejects with RangeError if the size differs, and if the
 * classifier does.
 */
export async function explainByOcclusion(
	classifier: Classifier,
	input: Uint8Array,
	inTurn: <T>(task: () => Promise<T>) => Promise<T> = (task) => task(),
	{ cells, patch, fill }: Occlusion = OCCLUSION
): Promise<Explanation> {
	const { size, channels } = classifier.input;
	if (input.length !== size * size) throw new RangeError(`${input.length} values are no face of ${size} x ${size}`);
	const classify = async (faces: readonly Uint8Array[]) => {
		const batch = new Float32Array(faces.length * size * size * channels);
		for (const [index, face] of faces.entries())
			toModelInput(face, classifier.input, batch, index * size * size * channels);
		return inTurn(() => classifier.classify(batch, faces.length));
	};

	const [scores = []] = await classify([input]);
	const label = indexOfGreatest(scores);
	const score = scores[label] ?? 0;
	const filling = fill(input, size);
	const map = new Float32Array(cells * cells);
	const evidence = new Float32Array(cells * cells);
	for (let begin = 0; begin < map.length; begin += SLICE) {
		const places = Array.from({ length: Math.min(SLICE, map.length - begin) }, (_, index) => begin + index);
		const covered = places.map((cell) => cover(input, filling, size, patchSpan(cell, cells, patch, size)));
		for (const [index, row] of (await classify(covered)).entries()) {
			const left = row[label] ?? 0;
			map[begin + index] = score - left;
			evidence[begin + index] = logOdds(score) - logOdds(left);
		}
	}
	return { label, score, cells, map, evidence };
}

/** Log-odds of a probability, in nats; finite even if it is 0 or 1 as a float32. */
function logOdds(probability: number): number {
	const p = clamp(probability, 1e-6, 1 - 1e-6);
	return Math.log(p / (1 - p));
}

interface Span {
	readonly left: number;
	readonly right: number;
	readonly top: number;
	readonly bottom: number;
}

/** The pixels around the centre of a cell that its patch covers; `right` and `bottom` are exclusive. */
function patchSpan(cell: number, cells: number, patch: number, size: number): Span {
	const edge = (index: number, side: -1 | 1): number =>
		clamp(Math.round(((index + 0.5) / cells + (side * patch) / 2) * size), 0, size);
	const [column, row] = [cell % cells, Math.floor(cell / cells)];
	return { left: edge(column, -1), right: edge(column, 1), top: edge(row, -1), bottom: edge(row, 1) };
}

/** A copy of `input` with the patch taken from `filling`. */
function cover(input: Uint8Array, filling: Uint8Array, size: number, { left, right, top, bottom }: Span): Uint8Array {
	const covered = input.slice();
	for (let y = top; y < bottom; y++) covered.set(filling.subarray(y * size + left, y * size + right), y * size + left);
	return covered;
}

/** Standard deviation of the blur, as a share of the face's side. */
const BLUR = 1 / 8;

/**
 * A face, luma of 0..255, [size, size], blurred (Gaussian) until only its light and shade are left; beyond the border
 * its edge pixels repeat.
 */
export function blurFace(input: Uint8Array, size: number): Uint8Array {
	const sigmaPx = BLUR * size;
	// Beyond 2.5 standard deviations lies about 1 % of a Gaussian.
	const reach = Math.ceil(2.5 * sigmaPx);
	const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
		Math.exp(-((i - reach) ** 2) / (2 * sigmaPx ** 2))
	);
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	const mean = (at: (index: number) => number, index: number): number =>
		weights.reduce((sum, weight, i) => sum + weight * at(clamp(index + i - reach, 0, size - 1)), 0) / total;
	const lines = Float32Array.from(input, (_, p) => mean((x) => input[p - (p % size) + x] ?? 0, p % size));
	return Uint8Array.from(input, (_, p) =>
		Math.round(mean((y) => lines[y * size + (p % size)] ?? 0, Math.floor(p / size)))
	);
}
