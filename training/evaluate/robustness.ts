import type { LayersModel } from '@tensorflow/tfjs';
import { calibrate } from '../../src/lib/core/calibration';
import type { Calibration, InputSpec } from '../../src/lib/core/types';
import type { CorruptionReport } from '../../src/lib/report';
import { pictureOf, rowsOf, type Dataset } from '../data/dataset';
import { CORRUPTIONS } from './corruptions';
import { figuresOf } from './figures';
import { predictPictures, truthOf } from './predict';

/** Accuracy on PrivateTest, single crop, calibrated, under every corruption. */
export async function measureCorruptions(
	model: LayersModel,
	input: Omit<InputSpec, 'crop'>,
	calibration: Calibration,
	dataset: Dataset
): Promise<CorruptionReport[]> {
	const rows = rowsOf(dataset, 'private');
	const truth = truthOf(dataset, rows);
	const reports: CorruptionReport[] = [];
	for (const corruption of CORRUPTIONS) {
		const { id, title, strengths } = corruption;
		const accuracy: number[] = [];
		for (const strength of strengths.keys()) {
			const pictures = await Promise.all(
				Array.from(rows, (row) => corruption.apply(pictureOf(dataset, row), strength, row))
			);
			const scores = await predictPictures(model, input, pictures);
			const calibrated = scores.map((row) => calibrate(row, calibration));
			accuracy.push(Number(figuresOf(calibrated, truth).accuracy.toPrecision(6)));
		}
		reports.push({ id, title: `${title}: ${strengths.join(', ')}`, accuracy });
	}
	return reports;
}
