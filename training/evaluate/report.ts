/** Everything that is measured of a shipped model, as `report.json` has it. */
import { isDeepStrictEqual } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs';
import { calibrate } from '../../src/lib/core/calibration';
import { meanScores } from '../../src/lib/core/ensemble';
import { applyPrior } from '../../src/lib/core/prior';
import { confusionMatrix, expectedCalibrationError, summarise } from '../../src/lib/core/metrics';
import type { Calibration, InputSpec, Scores, Use } from '../../src/lib/core/types';
import {
	REPORT_SCHEMA,
	type CorruptionReport,
	type CoveragePoint,
	type EpochReport,
	type Figures,
	type Report,
	type SplitReport,
	type UnsureReport
} from '../../src/lib/report';
import type { PriorRatio } from '../../src/lib/manifest';
import { CORRUPTIONS } from './corruptions';
import { pictureKey, pictureOf, rowsOf, type Dataset } from '../data/dataset';
import { predictPictures, truthOf } from './predict';
import type { FerPlus } from '../data/ferplus';

const BINS = 15;
const THRESHOLDS = Array.from({ length: 20 }, (_, i) => i * 0.05);
/** Accuracy that is asked of what a model says rather than "unsure". */
const WANTED_ACCURACY = 0.8;

/** All figures of one set of pictures; `scores` calibrated, and shifted where the page's answers are measured. */
export function figuresOf(scores: readonly Scores[], truth: readonly number[]): Figures {
	const confusion = confusionMatrix(scores, truth, scores[0]?.length ?? 0);
	const { n, accuracy, macroF1 } = summarise(confusion);
	const predicted = confusion.map((_, label) => confusion.reduce((sum, row) => sum + (row[label] ?? 0), 0));
	const answers = answersOf(scores, truth);
	return {
		n,
		accuracy,
		macroF1,
		perLabel: confusion.map((row, label) => {
			const support = row.reduce((a, b) => a + b, 0);
			const hits = row[label] ?? 0;
			const all = support + (predicted[label] ?? 0);
			return {
				precision: hits / Math.max(1, predicted[label] ?? 0),
				recall: hits / Math.max(1, support),
				f1: all === 0 ? 0 : (2 * hits) / all,
				support
			};
		}),
		confusion,
		calibrationError: expectedCalibrationError(scores, truth),
		calibration: Array.from({ length: BINS }, (_, bin) => {
			const part = answers.filter(({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS)) === bin);
			return { n: part.length, confidence: mean(part.map(({ confidence }) => confidence)), accuracy: rightOf(part) };
		}).filter((bin) => bin.n > 0),
		coverage: THRESHOLDS.map((threshold) => coverageAt(answers, threshold)).filter(({ coverage }) => coverage > 0)
	};
}

/** The most likely label's probability, and whether it is the true one. */
interface Answer {
	readonly confidence: number;
	readonly isRight: boolean;
}

function answersOf(scores: readonly Scores[], truth: readonly number[]): Answer[] {
	return scores.map((row, index) => {
		const confidence = Math.max(...row);
		return { confidence, isRight: row.indexOf(confidence) === truth[index] };
	});
}

function mean(values: readonly number[]): number {
	return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}

function rightOf(answers: readonly Answer[]): number {
	return mean(answers.map(({ isRight }) => (isRight ? 1 : 0)));
}

function coverageAt(answers: readonly Answer[], threshold: number): CoveragePoint {
	const part = answers.filter(({ confidence }) => confidence >= threshold);
	return { threshold, coverage: part.length / answers.length, accuracy: rightOf(part) };
}

/**
 * The smallest threshold in whole per cent at which at least `wanted` of the answers left are right, and what is
 * answered there; undefined where none is. `scores` as of `figuresOf`.
 */
export function findUnsure(
	scores: readonly Scores[],
	truth: readonly number[],
	wanted: number
): CoveragePoint | undefined {
	const answers = answersOf(scores, truth);
	return Array.from({ length: 100 }, (_, percent) => coverageAt(answers, percent / 100)).find(
		({ coverage, accuracy }) => coverage > 0 && accuracy >= wanted
	);
}

/** Calibrated probabilities for every test row: of the picture, and the mean with its mirror image. */
export interface TestScores {
	readonly rows: Uint32Array;
	readonly single: readonly Scores[];
	readonly mirrored: readonly Scores[];
}

/** What a network says of every test row, and of its mirror image, before any calibration. */
export interface TestLooks {
	readonly rows: Uint32Array;
	readonly picture: readonly Scores[];
	readonly mirror: readonly Scores[];
}

/** Looks at all test pictures twice. `onRows` is told how many looks are done. */
export async function lookAtTests(
	model: LayersModel,
	input: Omit<InputSpec, 'crop'>,
	dataset: Dataset,
	onRows: (done: number) => void = () => undefined
): Promise<TestLooks> {
	const rows = rowsOf(dataset, 'paper');
	const pictures = Array.from(rows, (row) => pictureOf(dataset, row));
	const picture = await predictPictures(model, input, pictures, onRows);
	const mirror = await predictPictures(model, input, pictures.map(mirrored), (done) => {
		onRows(rows.length + done);
	});
	return { rows, picture, mirror };
}

/** As the page has them: each look is calibrated before the mean of both is taken. */
export function scoresOf({ rows, picture, mirror }: TestLooks, calibration: Calibration): TestScores {
	const single = picture.map((row) => calibrate(row, calibration));
	const mirrored = mirror.map((row, place) => meanScores([single[place] ?? [], calibrate(row, calibration)]));
	return { rows, single, mirrored };
}

/** A 48x48 picture from left to right. */
function mirrored(picture: Uint8Array): Uint8Array {
	const side = Math.round(Math.sqrt(picture.length));
	return Uint8Array.from(picture, (_, i) => picture[i - (i % side) + side - 1 - (i % side)] ?? 0);
}

interface TestSet {
	readonly id: string;
	readonly title: string;
	readonly rows: readonly number[];
	readonly truth: readonly number[];
}

/** The sets that figures are given for: FER2013's, the same without pictures that Training has too, and FER+'s labels. */
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

export interface ReportParts extends Calibration {
	readonly model: string;
	readonly labels: readonly string[];
	readonly history: readonly EpochReport[];
	readonly corruptions: readonly CorruptionReport[];
}

/** Sets that are measured once more as the page counts labels, for each use. */
const EVERYDAY_SETS = ['private', 'ferplus-private'];
const USES = { photo: 'As in photos', live: 'As live' } as const satisfies Record<Use, string>;
const EVERYDAY_IDS = EVERYDAY_SETS.flatMap((id) => Object.keys(USES).map((use) => `${id}-${use}`));

/** What the page makes of a model's answers: how many looks it takes, and how often it expects each label. */
export interface PageView {
	readonly look: 'single' | 'mirrored';
	/** As in the manifest. */
	readonly priorRatio: PriorRatio;
}

/** The report of `scores`, which have the calibration of `parts`. The threshold is chosen as the page will use it. */
export function createReport(
	parts: ReportParts,
	scores: TestScores,
	sets: readonly TestSet[],
	{ look, priorRatio }: PageView
): Report {
	const place = new Map(Array.from(scores.rows, (row, index) => [row, index]));
	const asTrained = (all: readonly Scores[], { rows }: TestSet): Scores[] =>
		rows.map((row) => all[place.get(row) ?? -1] ?? []);
	const everyday =
		(use: Use) =>
		(all: readonly Scores[], set: TestSet): Scores[] =>
			asTrained(all, set).map((row) => applyPrior(row, priorRatio[use]));
	const splitOf = (set: TestSet, read: typeof asTrained): SplitReport => ({
		id: set.id,
		title: set.title,
		single: figuresOf(read(scores.single, set), set.truth),
		mirrored: figuresOf(read(scores.mirrored, set), set.truth)
	});
	const unsureOf = (): UnsureReport | undefined => {
		const [selection, test] = ['public', 'private'].map((id) => sets.find((set) => set.id === id));
		if (!selection || !test) return undefined;
		const shown = everyday('live');
		const chosen = findUnsure(shown(scores[look], selection), selection.truth, WANTED_ACCURACY);
		if (!chosen) return undefined;
		const answers = answersOf(shown(scores[look], test), test.truth);
		return { wanted: WANTED_ACCURACY, public: chosen, private: coverageAt(answers, chosen.threshold) };
	};
	return rounded({
		schema: REPORT_SCHEMA,
		...parts,
		unsure: unsureOf(),
		splits: sets.flatMap((set) => [
			splitOf(set, asTrained),
			...(EVERYDAY_SETS.includes(set.id)
				? (['photo', 'live'] as const).map((use) =>
						splitOf({ ...set, id: `${set.id}-${use}`, title: `${USES[use]}: ${set.title}` }, everyday(use))
					)
				: [])
		])
	});
}

/**
 * The report, with what was measured before and not now: FER+'s sets where its file was not given, and corruptions. Without
 * them where any set, labels counted as trained, has other figures than before: it is another model, or calibration.
 */
export function withFiguresOfBefore(report: Report, before: Pick<Report, 'splits' | 'corruptions' | 'unseen'>): Report {
	const isSame = report.splits.every(
		(split) =>
			EVERYDAY_IDS.includes(split.id) ||
			isDeepStrictEqual(
				split,
				before.splits.find(({ id }) => id === split.id)
			)
	);
	if (!isSame) return report;
	const measured = new Set(report.splits.map(({ id }) => id));
	return {
		...report,
		splits: [...report.splits, ...before.splits.filter(({ id }) => !measured.has(id))],
		corruptions: report.corruptions.length > 0 ? report.corruptions : before.corruptions,
		unseen: before.unseen
	};
}

/** Six digits are more than any figure deserves, and half the file. */
function rounded(report: Report): Report {
	const shorten = (_: string, value: unknown): unknown =>
		typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
	return JSON.parse(JSON.stringify(report, shorten)) as Report;
}

/** Accuracy on PrivateTest, single crop, calibrated, under every corruption. `onRows` gets the number of pictures just looked at. */
export async function measureCorruptions(
	model: LayersModel,
	input: Omit<InputSpec, 'crop'>,
	calibration: Calibration,
	dataset: Dataset,
	onRows: (count: number) => void = () => undefined
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
			onRows(rows.length);
		}
		reports.push({ id, title: `${title}: ${strengths.join(', ')}`, accuracy });
	}
	return reports;
}
