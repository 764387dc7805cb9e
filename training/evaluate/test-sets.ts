/** FER2013's test pictures: a network's scores on them, and the sets that figures are given for. */
import type { LayersModel } from '@tensorflow/tfjs';
import { calibrate } from '../../src/lib/core/calibration';
import { meanScores } from '../../src/lib/core/scores';
import type { Calibration, InputSpec, Scores } from '../../src/lib/core/types';
import { mirrorInPlace, pictureKey, pictureOf, rowsOf, type Dataset } from '../data/dataset';
import type { FerPlus } from '../data/ferplus';
import { predictPictures, truthOf } from './predict';

/** Calibrated probabilities for every test row: of the picture, and the average with its mirror image. */
export interface TestScores {
	readonly rows: Uint32Array;
	readonly single: readonly Scores[];
	readonly mirrored: readonly Scores[];
}

/** A network's probabilities for every test row, and for its mirror image, before any calibration. */
export interface TestViews {
	readonly rows: Uint32Array;
	readonly picture: readonly Scores[];
	readonly mirror: readonly Scores[];
}

/** Both views of the pictures of a split, or of all test pictures. `onRows` is told how many views are done. */
export async function predictTests(
	model: LayersModel,
	input: Omit<InputSpec, 'crop'>,
	dataset: Dataset,
	onRows: (done: number) => void = () => undefined,
	split: 'paper' | 'public' = 'paper'
): Promise<TestViews> {
	const rows = rowsOf(dataset, split);
	const pictures = Array.from(rows, (row) => pictureOf(dataset, row));
	const picture = await predictPictures(model, input, pictures, onRows);
	const turned = pictures.map((each) => mirrorInPlace(each.slice()));
	const mirror = await predictPictures(model, input, turned, (done) => {
		onRows(rows.length + done);
	});
	return { rows, picture, mirror };
}

/** As on the page: each view is calibrated, then both are averaged, and the average has a calibration of its own. */
export function scoresOf(
	{ rows, picture, mirror }: TestViews,
	calibration: Calibration,
	ofAverage: (averages: readonly Scores[]) => Calibration
): TestScores & { readonly averageCalibration: Calibration } {
	const single = picture.map((row) => calibrate(row, calibration));
	const averages = mirror.map((row, place) => meanScores([calibrate(row, calibration), single[place] ?? []]));
	const averageCalibration = ofAverage(averages);
	const mirrored = averages.map((row) => calibrate(row, averageCalibration));
	return { rows, single, mirrored, averageCalibration };
}

export interface TestSet {
	readonly id: string;
	readonly title: string;
	readonly rows: readonly number[];
	readonly truth: readonly number[];
}

/**
 * The sets that figures are given for: FER2013's, the same without pictures that are also in Training, and FER+'s
 * labels.
 */
export function testSets(dataset: Dataset, ferPlus: FerPlus | undefined): TestSet[] {
	const known = new Set(Array.from(rowsOf(dataset, 'train'), (row) => pictureKey(dataset, row)));
	const sets = (
		[
			['public', 'PublicTest'],
			['private', 'PrivateTest'],
			['paper', 'PublicTest and PrivateTest, as the paper tests']
		] as const
	).flatMap(([id, title]) => {
		const rows = Array.from(rowsOf(dataset, id));
		const distinct = rows.filter((row) => !known.has(pictureKey(dataset, row)));
		return [
			{ id, title, rows },
			{ id: `${id}-distinct`, title: `${title}, without pictures that Training has too`, rows: distinct }
		];
	});
	const withTruth = sets
		.filter(({ rows }) => rows.length > 0)
		.map((set) => ({ ...set, truth: truthOf(dataset, Uint32Array.from(set.rows)) }));
	if (!ferPlus) return withTruth;
	const rows = Array.from(rowsOf(dataset, 'private')).filter((row) => (ferPlus.majority[row] ?? -1) >= 0);
	const truth = rows.map((row) => ferPlus.majority[row] ?? -1);
	return [
		...withTruth,
		{ id: 'ferplus-private', title: 'PrivateTest with the labels most people gave (FER+)', rows, truth }
	];
}
