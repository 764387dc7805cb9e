/** `report.json` beside each shipped model: its full figures. Evaluation writes it, the comparison page reads it. */
import * as v from 'valibot';
import { AppError } from './errors';

export const REPORT_SCHEMA = 1;

/** Figures for one label: fractions of 0..1; `support` is how many pictures truly have it. */
export interface LabelFigures {
	readonly precision: number;
	readonly recall: number;
	readonly f1: number;
	readonly support: number;
}

/** One bin of a calibration curve: `n` pictures whose greatest probability was `confidence` on average. */
export interface CalibrationBin {
	readonly n: number;
	readonly confidence: number;
	readonly accuracy: number;
}

/** With answers below `threshold` withheld: the share of pictures still answered, and the accuracy on those. */
export interface CoveragePoint {
	readonly threshold: number;
	readonly coverage: number;
	readonly accuracy: number;
}

/** When a model should say "unsure": the smallest threshold at which the remaining answers are right often enough. */
export interface UnsureReport {
	/** Accuracy required of the answers, 0..1. */
	readonly wanted: number;
	/** Both with the same views as the manifest's figures, and with the prior used on the page. */
	readonly public: CoveragePoint;
	readonly private: CoveragePoint;
}

export interface Figures {
	readonly n: number;
	readonly accuracy: number;
	readonly macroF1: number;
	/** In the order of the report's `labels`. */
	readonly perLabel: readonly LabelFigures[];
	/** Counts [true label][predicted label]. */
	readonly confusion: readonly (readonly number[])[];
	/** Expected calibration error with 15 bins. */
	readonly calibrationError: number;
	readonly calibration: readonly CalibrationBin[];
	readonly coverage: readonly CoveragePoint[];
}

/** One set of test pictures: with a single view of each, and averaged with their mirror images. */
export interface SplitReport {
	/**
	 * "public", "private", "paper"; with "-distinct" for the pictures that do not occur in Training; "ferplus-private".
	 * With "-photo" or "-live", labels count as on the page for that use (the manifest's `priorRatio`); else as in
	 * FER2013.
	 */
	readonly id: string;
	/** Human-readable: what the pictures are and where their labels come from. */
	readonly title: string;
	readonly single: Figures;
	readonly mirrored: Figures;
}

/** One epoch of training; `size` in pixels, losses in nats, accuracies as fractions. */
export interface EpochReport {
	readonly epoch: number;
	readonly size: number;
	readonly learningRate: number;
	readonly train: { readonly loss: number; readonly accuracy: number };
	readonly validation: { readonly loss: number; readonly accuracy: number };
}

/** A run by the protocol of the paper that introduced a model; its weights are not those of the report. */
export interface ReproductionReport {
	/** Training recipe. */
	readonly recipe: string;
	readonly history: readonly EpochReport[];
}

/** Accuracy on PrivateTest under one corruption at the strengths 1, 2 and 3. */
export interface CorruptionReport {
	readonly id: string;
	readonly title: string;
	readonly accuracy: readonly number[];
}

interface Share {
	/** Fraction of 0..1, and its 95 % interval by bootstrap over people. */
	readonly share: number;
	readonly low: number;
	readonly high: number;
}

/** How accurate a model is on people it was never trained on, with labels counted as in photos. */
export interface UnseenReport {
	/** Folder of the pictures: "ck48", "london". */
	readonly id: string;
	/** Pictures in which a face was found, and of how many people. */
	readonly n: number;
	readonly people: number;
	readonly accuracy: Share;
	/** Over the labels that the pictures have. */
	readonly meanRecall: number;
	/** Recall of those labels; `saidMost`: the label most often given to its pictures by mistake, if any. */
	readonly labels: readonly (Share & {
		readonly label: string;
		readonly saidMost: { readonly label: string; readonly share: number } | null;
	})[];
}

/** Temperature and biases of the logits, as in the manifest. */
interface FittedCalibration {
	readonly temperature: number;
	readonly biases?: readonly number[] | undefined;
}

export interface Report extends FittedCalibration {
	readonly schema: typeof REPORT_SCHEMA;
	/** Id of the model in the manifest. */
	readonly model: string;
	readonly labels: readonly string[];
	readonly splits: readonly SplitReport[];
	/** Missing if no threshold gave the accuracy wanted. */
	readonly unsure?: UnsureReport | undefined;
	/** For the average with the mirror image. */
	readonly mirrored: FittedCalibration & { readonly unsure?: UnsureReport | undefined };
	readonly history: readonly EpochReport[];
	readonly corruptions: readonly CorruptionReport[];
	readonly unseen?: readonly UnseenReport[] | undefined;
	readonly reproduction?: ReproductionReport | undefined;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const text = v.pipe(v.string(), v.nonEmpty());
const part = v.object({ loss: v.pipe(v.number(), v.finite()), accuracy: fraction });

const epochs = v.array(
	v.object({ epoch: count, size: positive, learningRate: v.number(), train: part, validation: part })
);

const share = { share: fraction, low: fraction, high: fraction };
const unseen = v.object({
	id: text,
	n: count,
	people: count,
	accuracy: v.object(share),
	meanRecall: fraction,
	labels: v.array(v.object({ ...share, label: text, saidMost: v.nullable(v.object({ label: text, share: fraction })) }))
});

const coveragePoint = v.object({ threshold: fraction, coverage: fraction, accuracy: fraction });

const figures = v.object({
	n: count,
	accuracy: fraction,
	macroF1: fraction,
	perLabel: v.array(v.object({ precision: fraction, recall: fraction, f1: fraction, support: count })),
	confusion: v.array(v.array(count)),
	calibrationError: fraction,
	calibration: v.array(v.object({ n: count, confidence: fraction, accuracy: fraction })),
	coverage: v.array(coveragePoint)
});

const calibration = { temperature: positive, biases: v.optional(v.array(v.pipe(v.number(), v.finite()))) };
const unsure = v.optional(v.object({ wanted: fraction, public: coveragePoint, private: coveragePoint }));

const report = v.pipe(
	v.object({
		schema: v.literal(REPORT_SCHEMA),
		model: text,
		labels: v.pipe(v.array(text), v.minLength(2)),
		...calibration,
		splits: v.pipe(v.array(v.object({ id: text, title: text, single: figures, mirrored: figures })), v.minLength(1)),
		unsure,
		mirrored: v.object({ ...calibration, unsure }),
		history: epochs,
		corruptions: v.array(v.object({ id: text, title: text, accuracy: v.array(fraction) })),
		unseen: v.optional(v.array(unseen)),
		reproduction: v.optional(v.object({ recipe: text, history: epochs }))
	}),
	v.check(
		({ labels, biases, mirrored, splits }) =>
			[biases, mirrored.biases].every((each) => (each?.length ?? labels.length) === labels.length) &&
			splits.every(({ single, mirrored }) =>
				[single, mirrored].every(
					({ perLabel, confusion }) =>
						perLabel.length === labels.length &&
						confusion.length === labels.length &&
						confusion.every((row) => row.length === labels.length)
				)
			),
		'Expected figures, and biases, for each label'
	)
);

/** Validates `value` (parsed JSON) as a report. Throws AppError 'report-invalid' that names the first fault. */
export function parseReport(value: unknown): Report {
	const parsed = v.safeParse(report, value);
	if (parsed.success) return parsed.output;
	const [fault] = parsed.issues;
	throw new AppError('report-invalid', `${v.getDotPath(fault) ?? 'report'}: ${fault.message}`);
}
