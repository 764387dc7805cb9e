/** Everything measured on a shipped model, in the form of `report.json`. */
import { isDeepStrictEqual } from 'node:util';
import { applyPrior } from '../../src/lib/core/prior';
import type { Calibration, Scores, Use } from '../../src/lib/core/types';
import type { PriorRatio } from '../../src/lib/manifest';
import {
	REPORT_SCHEMA,
	type CorruptionReport,
	type EpochReport,
	type Report,
	type SplitReport,
	type UnsureReport
} from '../../src/lib/report';
import { answersOf, coverageAt, figuresOf, findUnsure } from './figures';
import type { TestScores, TestSet } from './test-sets';

/** Accuracy required of the answers other than "unsure". */
const WANTED_ACCURACY = 0.8;

export interface ReportParts extends Calibration {
	readonly model: string;
	readonly labels: readonly string[];
	/** For the average with the mirror image. */
	readonly mirrored: Calibration;
	readonly history: readonly EpochReport[];
	readonly corruptions: readonly CorruptionReport[];
}

/** Sets that are also measured with labels weighted as on the page, for each use. */
const EVERYDAY_SETS = ['private', 'ferplus-private'];
const USES = { photo: 'As in photos', live: 'As live' } as const satisfies Record<Use, string>;
const EVERYDAY_IDS = EVERYDAY_SETS.flatMap((id) => Object.keys(USES).map((use) => `${id}-${use}`));

/**
 * The report of `scores`, which have the calibrations of `parts`. Thresholds are chosen as the page uses them, with
 * `priorRatio` as in the manifest.
 */
export function createReport(
	parts: ReportParts,
	scores: TestScores,
	sets: readonly TestSet[],
	priorRatio: PriorRatio
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
	const unsureOf = (view: 'single' | 'mirrored'): UnsureReport | undefined => {
		const [selection, test] = ['public', 'private'].map((id) => sets.find((set) => set.id === id));
		if (!selection || !test) return undefined;
		const shown = everyday('live');
		const chosen = findUnsure(shown(scores[view], selection), selection.truth, WANTED_ACCURACY);
		if (!chosen) return undefined;
		const answers = answersOf(shown(scores[view], test), test.truth);
		return { wanted: WANTED_ACCURACY, public: chosen, private: coverageAt(answers, chosen.threshold) };
	};
	return rounded({
		schema: REPORT_SCHEMA,
		...parts,
		unsure: unsureOf('single'),
		mirrored: { ...parts.mirrored, unsure: unsureOf('mirrored') },
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
 * The report, plus what was measured before and not now: FER+'s sets if its file was not given, and corruptions. These
 * are left out if any set, with labels weighted as in training, has other figures than before: then model or
 * calibration changed.
 */
export function withFiguresOfBefore(
	report: Report,
	before: Pick<Report, 'splits' | 'corruptions' | 'unseen' | 'reproduction'>
): Report {
	const isSame = report.splits.every(
		(split) =>
			EVERYDAY_IDS.includes(split.id) ||
			isDeepStrictEqual(split.single, before.splits.find(({ id }) => id === split.id)?.single)
	);
	// It comes from a separate run, so it is valid for any weights.
	const { reproduction } = before;
	if (!isSame) return { ...report, reproduction };
	const measured = new Set(report.splits.map(({ id }) => id));
	return {
		...report,
		splits: [...report.splits, ...before.splits.filter(({ id }) => !measured.has(id))],
		corruptions: report.corruptions.length > 0 ? report.corruptions : before.corruptions,
		unseen: before.unseen,
		reproduction
	};
}

/** Six digits are precise enough for any figure, and halve the file. */
function rounded(report: Report): Report {
	const shorten = (_: string, value: unknown): unknown =>
		typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
	return JSON.parse(JSON.stringify(report, shorten)) as Report;
}
