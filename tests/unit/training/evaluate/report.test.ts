import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { parseReport } from '../../../../src/lib/report';
import { startBackend } from '../../../../training/backend/index';
import { CORRUPTIONS } from '../../../../training/evaluate/corruptions';
import { allocate, type Dataset } from '../../../../training/data/dataset';
import { createRandom } from '../../../../training/lib/random';
import { figuresOf, findUnsure } from '../../../../training/evaluate/figures';
import { createReport, withFiguresOfBefore } from '../../../../training/evaluate/report';
import { measureCorruptions } from '../../../../training/evaluate/robustness';
import { scoresOf, testSets } from '../../../../training/evaluate/test-sets';

/** Pictures of a single grey each; row 3 repeats the picture of row 0. */
function dataset(): Dataset {
	const pictures = allocate(5);
	for (const [row, grey] of [10, 20, 30, 10, 40].entries()) pictures.pixels.fill(grey, row * 2304, (row + 1) * 2304);
	pictures.labels.set([0, 1, 2, 0, 3]);
	pictures.usage.set([0, 0, 1, 2, 2]);
	return pictures;
}

describe('figuresOf', () => {
	const scores = [
		[0.9, 0.1],
		[0.6, 0.4],
		[0.3, 0.7]
	];
	const figures = figuresOf(scores, [0, 1, 1]);

	it('counts precision and recall label by label', () => {
		expect(figures.accuracy).toBeCloseTo(2 / 3, 6);
		expect(figures.perLabel[0]).toMatchObject({ precision: 0.5, recall: 1, support: 1 });
		expect(figures.perLabel[1]).toMatchObject({ precision: 1, recall: 0.5, support: 2 });
	});

	it('is more accurate on the rest when unsure answers are withheld', () => {
		const all = figures.coverage[0];
		const sure = figures.coverage.find(({ threshold }) => threshold > 0.64);
		expect(all).toMatchObject({ coverage: 1 });
		expect(sure?.coverage).toBeCloseTo(2 / 3, 6);
		expect(sure?.accuracy).toBe(1);
	});
});

describe('findUnsure', () => {
	const scores = [0.95, 0.9, 0.72, 0.6].map((confidence) => [confidence, 1 - confidence]);

	it('takes the smallest threshold at which enough of the rest is right', () => {
		// Right, right, right, wrong: without the last, all of three quarters.
		expect(findUnsure(scores, [0, 0, 0, 1], 0.8)).toEqual({ threshold: 0.61, coverage: 0.75, accuracy: 1 });
		expect(findUnsure(scores, [0, 0, 0, 1], 0.75)).toEqual({ threshold: 0, coverage: 1, accuracy: 0.75 });
		expect(findUnsure(scores, [0, 1, 0, 0], 0.8)).toEqual({ threshold: 0.91, coverage: 0.25, accuracy: 1 });
	});

	it('finds none if the surest answers are wrong', () => {
		expect(findUnsure(scores, [1, 1, 1, 1], 0.8)).toBeUndefined();
	});
});

describe('testSets', () => {
	it('excludes from the distinct sets what Training has pixel for pixel', () => {
		const sets = testSets(dataset(), undefined);
		const rows = Object.fromEntries(sets.map((set) => [set.id, set.rows]));
		expect(rows).toEqual({
			public: [2],
			'public-distinct': [2],
			private: [3, 4],
			'private-distinct': [4],
			paper: [2, 3, 4],
			'paper-distinct': [2, 4]
		});
	});
});

describe('scoresOf', () => {
	it('calibrates each view before averaging, and the average with its own calibration', () => {
		const rows = Uint32Array.from([7]);
		const calibration = { temperature: 0.5, biases: [0, Math.log(3)] };
		const { single, mirrored, averageCalibration } = scoresOf(
			{ rows, picture: [[0.5, 0.5]], mirror: [[0.9, 0.1]] },
			calibration,
			(averages) => {
				expect(averages[0]?.[0]).toBeCloseTo((0.25 + 0.81 / (0.81 + 3 * 0.01)) / 2, 9);
				return { temperature: 1, biases: [0, Math.log(2)] };
			}
		);
		expect(single[0]?.[0]).toBeCloseTo(0.25, 9);
		const average = (0.25 + 0.81 / (0.81 + 3 * 0.01)) / 2;
		expect(averageCalibration.biases).toEqual([0, Math.log(2)]);
		expect(mirrored[0]?.[0]).toBeCloseTo(average / (average + 2 * (1 - average)), 9);
	});
});

it('corruptions are measured with calibration', async () => {
	await startBackend('cpu');
	const input = tf.input({ shape: [48, 48, 1] });
	const mean = tf.layers.globalAveragePooling2d({}).apply(input);
	const dense = tf.layers.dense({ units: 4, activation: 'softmax', kernelInitializer: 'zeros' });
	const model = tf.model({ inputs: input, outputs: dense.apply(mean) as tf.SymbolicTensor });
	// It rates all labels equally: the first wins, which half the pictures of PrivateTest have, or the biased one.
	const accuracyOf = async (biases: number[]) => {
		const spec = { size: 48, channels: 1, range: [0, 1] } as const;
		const reports = await measureCorruptions(model, spec, { temperature: 1, biases }, dataset());
		return new Set(reports.flatMap(({ accuracy }) => accuracy));
	};
	expect(await accuracyOf([0, 0, 0, 0])).toEqual(new Set([0.5]));
	expect(await accuracyOf([0, 0, 1, 0])).toEqual(new Set([0]));
});

describe('createReport', () => {
	const scored = [
		[0.1, 0.2, 0.7, 0],
		[0.7, 0.1, 0.1, 0.1],
		[0.4, 0.2, 0.2, 0.2]
	];
	const parts = {
		...{ model: 'small', labels: ['a', 'b', 'c', 'd'], temperature: 1, history: [], corruptions: [] },
		mirrored: { temperature: 0.9 }
	};
	const scores = { rows: Uint32Array.from([2, 3, 4]), single: scored, mirrored: scored };
	const report = createReport(parts, scores, testSets(dataset(), undefined), {
		photo: [1, 1, 1, 1],
		live: [1, 1, 1, 4]
	});

	it('is readable by the page', () => {
		expect(parseReport(JSON.parse(JSON.stringify(report)))).toEqual(report);
		expect(report.splits.find(({ id }) => id === 'private')?.single.accuracy).toBe(0.5);
	});

	it('has PrivateTest as FER2013 counts labels, and again as the page does', () => {
		const predicted = (id: string) =>
			report.splits.find((split) => split.id === id)?.single.confusion.map((row) => row.findIndex((n) => n > 0));
		// The last picture's label becomes four times as likely: its 0.2 now beats the 0.4 of the first.
		expect(predicted('private')).toEqual([0, -1, -1, 0]);
		expect(predicted('private-photo')).toEqual([0, -1, -1, 0]);
		expect(predicted('private-live')).toEqual([0, -1, -1, 3]);
		expect(report.splits.map(({ id }) => id)).not.toContain('public-live');
	});

	it('keeps earlier figures of the same answers, and no others', () => {
		const [first, ...rest] = report.splits;
		if (first === undefined) throw new Error('There is no split.');
		const votes = { ...first, id: 'ferplus-private' };
		const corruptions = [{ id: 'blur', title: 'Blur', accuracy: [0.5] }];
		const kept = withFiguresOfBefore(report, { splits: [first, votes, ...rest], corruptions });
		expect(kept.splits.at(-1)).toEqual(votes);
		expect(kept.corruptions).toEqual(corruptions);
		const other = { ...first, single: { ...first.single, accuracy: 0.25 } };
		expect(withFiguresOfBefore(report, { splits: [other, votes, ...rest], corruptions })).toEqual(report);
		expect(withFiguresOfBefore(report, { splits: [], corruptions })).toEqual(report);
		// Labels that now count differently do not make it another model.
		const counted = report.splits.filter(({ id }) => !id.endsWith('-live'));
		expect(withFiguresOfBefore(report, { splits: counted, corruptions }).corruptions).toEqual(corruptions);
	});

	it('says what a threshold chosen on PublicTest does on PrivateTest', () => {
		expect(report.mirrored).toEqual({ temperature: 0.9, unsure: report.unsure });
		expect(report.unsure).toEqual({
			wanted: 0.8,
			public: { threshold: 0, coverage: 1, accuracy: 1 },
			private: { threshold: 0, coverage: 1, accuracy: 1 }
		});
	});
});

describe.each(CORRUPTIONS.map((corruption) => [corruption.id, corruption] as const))(
	'corruption %s',
	(_, corruption) => {
		it('changes more with its strength, and the same for equal keys', async () => {
			const random = createRandom(3);
			const blocks = Array.from({ length: 576 }, () => 60 + 120 * random());
			const picture = Uint8Array.from(
				{ length: 2304 },
				(__, i) => blocks[Math.floor(i / 48 / 2) * 24 + Math.floor((i % 48) / 2)] ?? 0
			);
			const distance = (other: Uint8Array): number =>
				other.reduce((sum, v, i) => sum + Math.abs(v - (picture[i] ?? 0)), 0);
			const changed = await Promise.all([0, 1, 2].map((strength) => corruption.apply(picture, strength, 5)));
			expect(changed.map(({ length }) => length)).toEqual([2304, 2304, 2304]);
			const [mild, , strong] = changed.map(distance);
			expect(mild).toBeGreaterThan(0);
			expect(strong).toBeGreaterThan(mild ?? Infinity);
			expect(await corruption.apply(picture, 1, 5)).toEqual(changed[1]);
		});
	}
);
