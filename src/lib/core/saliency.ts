/**
 * Which parts of a face speak for its label: parts are covered one after another, and what matters makes the label less
 * likely (Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", 2014). Needs nothing of a model but
 * that it classifies, measures what it shows, and costs 49 faces; the maps of Grad-CAM are 6 x 6 at best here, and need
 * the inside of every architecture.
 */
import { toModelInput } from './preprocess';
import { indexOfGreatest } from './smoothing';
import type { Classifier, Explanation } from './types';

/** The map has this many cells a side; the patch that covers is two cells wide. */
export const SALIENCY_CELLS = 8;
const PATCH_CELLS = 2;
/** Faces classified at once: frames wait for no more than these. */
const SLICE = 7;

/**
 * `input`: luma of 0..255, as the classifier's crop. Each slice of the work goes through `inTurn`, so that other work
 * can come between. Rejects where the classifier does.
 */
export async function explainByOcclusion(
	classifier: Classifier,
	input: Uint8Array,
	inTurn: <T>(task: () => Promise<T>) => Promise<T> = (task) => task()
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
	const mean = Math.round(input.reduce((sum, luma) => sum + luma, 0) / input.length);
	const places = patchPlaces();
	const drops: number[] = [];
	for (let begin = 0; begin < places.length; begin += SLICE) {
		const covered = places.slice(begin, begin + SLICE).map((place) => cover(input, size, place, mean));
		for (const row of await classify(covered)) drops.push(score - (row[label] ?? 0));
	}
	return { label, score, cells: SALIENCY_CELLS, map: spread(places, drops) };
}

interface Place {
	readonly column: number;
	readonly row: number;
}

function patchPlaces(): Place[] {
	const steps = SALIENCY_CELLS - PATCH_CELLS + 1;
	return Array.from({ length: steps * steps }, (_, index) => ({
		column: index % steps,
		row: Math.floor(index / steps)
	}));
}

function cover(input: Uint8Array, size: number, { column, row }: Place, luma: number): Uint8Array {
	const covered = input.slice();
	const edge = (cell: number): number => Math.round((cell * size) / SALIENCY_CELLS);
	for (let y = edge(row); y < edge(row + PATCH_CELLS); y++)
		covered.fill(luma, y * size + edge(column), y * size + edge(column + PATCH_CELLS));
	return covered;
}

/** For each cell the mean of the patches that cover it. */
function spread(places: readonly Place[], drops: readonly number[]): Float32Array {
	const map = new Float32Array(SALIENCY_CELLS * SALIENCY_CELLS);
	const counts = new Float32Array(map.length);
	for (const [index, { column, row }] of places.entries()) {
		for (let y = row; y < row + PATCH_CELLS; y++) {
			for (let x = column; x < column + PATCH_CELLS; x++) {
				const cell = y * SALIENCY_CELLS + x;
				map[cell] = (map[cell] ?? 0) + (drops[index] ?? 0);
				counts[cell] = (counts[cell] ?? 0) + 1;
			}
		}
	}
	return map.map((sum, cell) => sum / (counts[cell] ?? 1));
}
