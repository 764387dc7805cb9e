/** `static/models/index.json`: the models that training ships and the front end offers. The worker reads it. */
import * as v from 'valibot';
import type { Calibration, InputSpec, Use } from './core/types';
import { AppError } from './errors';

export const MANIFEST_SCHEMA = 1;

/** Figures on one split; `perClass` is the recall of each label, in the order of `labels`. All are fractions of 0..1. */
export interface SplitMetrics {
	readonly n: number;
	readonly accuracy: number;
	readonly macroF1: number;
	readonly perClass: readonly number[];
}

export interface Trained {
	/** ISO date. */
	readonly date: string;
	readonly commit: string;
	readonly recipe: string;
	/** Recipes whose best weights were averaged into these; the report's `history` is the first one's. */
	readonly mean?: readonly string[] | undefined;
	/** Back end on which training ran. */
	readonly backend: string;
	/** Time that the run took up to its best epoch, on that machine. */
	readonly minutes?: number | undefined;
	/** What training started from: "scratch", or the name of a pretrained base. */
	readonly base: string;
	/** Whether the recipe learned from FER+'s votes besides FER2013's labels. */
	readonly votes?: boolean | undefined;
	/** Ids of the models whose answers it learned from; its own id stands for earlier results of itself. */
	readonly teachers?: readonly string[] | undefined;
	/** How weights are stored, and at what cost: "uint8, 0.06 points lost on PublicTest". */
	readonly precision?: string | undefined;
}

/** One factor per label, for each use. */
export type PriorRatio = Readonly<Record<Use, readonly number[]>>;

/** A tfjs graph model: model.json and its weights, each file with its hash in its address, relative to the manifest. */
export interface ModelFiles {
	/** Address of model.json, which names the weights too: `tf.loadGraphModel` takes it. */
	readonly url: string;
	/** In order: one file, or shards of at most 4 MB. */
	readonly weightsUrls: readonly string[];
	/** Size of all files together. */
	readonly bytes: number;
	/** Hash of model.json; 64 hex digits. */
	readonly sha256: string;
	/** Hash of the weights, their files concatenated. */
	readonly weightsSha256: string;
}

/** The calibration is fitted to FER2013's labels on PublicTest. */
export interface ModelEntry extends ModelFiles, Calibration {
	/** Lower-case letters, digits and hyphens; also the folder's name. */
	readonly id: string;
	readonly title: string;
	/** What it is good for, in a few words after its title: "fast". */
	readonly purpose: string;
	readonly parameters: number;
	/** Multiply-adds of a forward pass for one face. */
	readonly multiplyAdds: number;
	readonly labels: readonly string[];
	readonly input: InputSpec;
	/**
	 * Factors on the calibrated odds of each label for everyday faces, in the order of `labels` (`applyPrior`);
	 * `metrics` are without them. Missing: nothing is changed.
	 */
	readonly priorRatio?: PriorRatio | undefined;
	/**
	 * A label less likely than this, 0..1, should not be shown: chosen on PublicTest, with `priorRatio.live`. Missing
	 * if no threshold gave the accuracy wanted.
	 */
	readonly unsureBelow?: number | undefined;
	/**
	 * By split: "public", "private", "paper". Written together with report.json beside the model: empty without a
	 * report.
	 */
	readonly metrics: Readonly<Record<string, SplitMetrics>>;
	/** Missing if this view is not offered. */
	readonly mirrored?: MirrorView | undefined;
	readonly trained: Trained;
}

/** A model whose probabilities for a face and its mirror image are averaged: twice the work, and more often right. */
export interface MirrorView extends Calibration {
	/** As for the model. */
	readonly unsureBelow?: number | undefined;
	readonly metrics: Readonly<Record<string, SplitMetrics>>;
}

/** Id of the classifier that averages the model `id` over a face and its mirror image. */
export function mirroredId(id: string): string {
	return `${id}${MIRRORED}`;
}

const MIRRORED = '-mirrored';

/** What a visitor can choose: a model with a single view of a face, or averaged with the mirror image. */
export interface ClassifierEntry extends Omit<ModelEntry, 'mirrored' | keyof Calibration | keyof ModelFiles> {
	readonly bytes: number;
	/** Id of the model that it runs; its own id for a single view. */
	readonly model: string;
	readonly mirrored: boolean;
	/** Its model's index among all models, from 0, which decides its colour. */
	readonly place: number;
}

/** All single views in the manifest's order, then the averages, with twice the multiply-adds. */
export function classifiersOf({ models }: Manifest): ClassifierEntry[] {
	const single = models.map((model, place) => ({ ...model, model: model.id, mirrored: false, place }));
	const averaged = models.flatMap((model, place) =>
		model.mirrored === undefined
			? []
			: [
					{
						...model,
						...model.mirrored,
						id: mirroredId(model.id),
						title: `${model.title}, mirrored`,
						model: model.id,
						multiplyAdds: 2 * model.multiplyAdds,
						mirrored: true,
						place
					}
				]
	);
	return [...single, ...averaged];
}

export interface DetectorEntry extends ModelFiles {
	readonly id: string;
	readonly title: string;
	/** Side of the square input in pixels. */
	readonly inputSize: number;
}

export interface Manifest {
	readonly schema: typeof MANIFEST_SCHEMA;
	/** Id of the model for new visitors. */
	readonly default: string;
	readonly detector: DetectorEntry;
	/** Finds smaller faces but takes longer: for still pictures and far cameras. */
	readonly farDetector: DetectorEntry;
	readonly models: readonly ModelEntry[];
}

const MOST_ISSUES = 5;
/** Limit for one fault's message, which quotes what was found. */
const MOST_CHARACTERS = 300;

/** Message of a check: what was expected, in words, and what was found. */
function expected(what: string) {
	return (issue: { readonly received: string }): string => `Expected ${what} but received ${issue.received}`;
}

/** An issue at the entry `key` of the object that a `v.rawCheck` looks at. */
function issueAt(input: object, key: string, value: unknown, message: string) {
	const path: [v.ObjectPathItem] = [{ type: 'object', origin: 'value', input: { ...input }, key, value }];
	return { message, path };
}

const text = v.pipe(v.string(), v.nonEmpty(expected('a text that is not empty')));
const count = v.pipe(v.number(), v.safeInteger(expected('an integer')), v.minValue(1));
const finite = v.pipe(v.number(), v.finite());
const fraction = v.pipe(finite, v.minValue(0), v.maxValue(1));
const id = v.pipe(
	v.string(),
	v.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, expected('lower-case letters, digits and single hyphens'))
);
const url = v.pipe(
	v.string(),
	v.regex(
		/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/,
		expected('a relative address of plain names, without "..", a scheme or a query')
	)
);
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, expected('64 lower-case hex digits')));
const weightsUrls = v.pipe(v.array(url), v.minLength(1, expected('at least 1 file')));
const files = { url, weightsUrls, bytes: count, sha256, weightsSha256: sha256 };
const labels = v.pipe(
	v.array(text),
	v.minLength(2, expected('at least 2 labels')),
	v.check((names) => new Set(names).size === names.length, 'Expected labels that differ from each other')
);

const factors = v.array(v.pipe(finite, v.gtValue(0), v.maxValue(1000)));
const priorRatio = v.optional(v.object({ photo: factors, live: factors }));
const biases = v.optional(v.array(v.pipe(finite, v.minValue(-100), v.maxValue(100))));

/** Lists with one value per label, by their path; undefined if missing. */
function byLabel({ biases, metrics }: Pick<MirrorView, 'biases' | 'metrics'>) {
	return [
		['biases', biases] as const,
		...Object.entries(metrics).map(([split, { perClass }]) => [`metrics.${split}.perClass`, perClass] as const)
	];
}

const metrics = v.object({ n: count, accuracy: fraction, macroF1: fraction, perClass: v.array(fraction) });

const input = v.object({
	size: v.pipe(count, v.maxValue(1024)),
	channels: v.picklist([1, 3]),
	range: v.pipe(
		v.strictTuple([finite, finite]),
		v.check(([low, high]) => low < high, 'Expected the first value to be below the second')
	),
	crop: v.object({
		scale: v.pipe(finite, v.gtValue(0), v.maxValue(10)),
		shift: v.strictTuple([finite, finite]),
		align: v.boolean(),
		tilt: v.optional(v.pipe(finite, v.minValue(0), v.maxValue(180)))
	}),
	leastContrast: v.optional(v.pipe(finite, v.gtValue(0), v.maxValue(127)))
});

const trained = v.object({
	date: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}(T|$)/, expected('an ISO date'))),
	commit: text,
	recipe: text,
	mean: v.optional(v.array(text)),
	backend: text,
	minutes: v.optional(count),
	base: text,
	votes: v.optional(v.boolean()),
	teachers: v.optional(v.array(id)),
	precision: v.optional(text)
});

const mirrorView = v.object({
	temperature: v.pipe(finite, v.gtValue(0)),
	biases,
	unsureBelow: v.optional(fraction),
	metrics: v.record(text, metrics)
});

const model = v.pipe(
	v.object({
		id,
		title: text,
		purpose: text,
		...files,
		parameters: count,
		multiplyAdds: count,
		labels,
		input,
		temperature: v.pipe(finite, v.gtValue(0)),
		biases,
		priorRatio,
		unsureBelow: v.optional(fraction),
		metrics: v.record(text, metrics),
		mirrored: v.optional(mirrorView),
		trained
	}),
	v.rawCheck(({ dataset, addIssue }) => {
		if (!dataset.typed) return;
		const entry = dataset.value;
		const { priorRatio, mirrored } = entry;
		const lists = [
			...byLabel(entry),
			...(mirrored === undefined ? [] : byLabel(mirrored)).map(([key, values]) => [`mirrored.${key}`, values] as const),
			['priorRatio.photo', priorRatio?.photo] as const,
			['priorRatio.live', priorRatio?.live] as const
		];
		for (const [key, values] of lists) {
			if (values === undefined || values.length === entry.labels.length) continue;
			const found = `Expected ${entry.labels.length} values, one per label, but received ${values.length}`;
			addIssue(issueAt(entry, key, values, found));
		}
	})
);

const detector = v.object({ id, title: text, ...files, inputSize: count });

const manifest = v.pipe(
	v.object({
		schema: v.literal(MANIFEST_SCHEMA),
		default: id,
		detector,
		farDetector: detector,
		models: v.pipe(v.array(model), v.minLength(1, expected('at least 1 model')))
	}),
	v.rawCheck(({ dataset, addIssue }) => {
		if (!dataset.typed) return;
		const { models, default: first } = dataset.value;
		const ids = models.map((entry) => entry.id);
		if (!ids.includes(first)) {
			const found = `Expected one of the models (${ids.join(', ')}) but received "${first}"`;
			addIssue(issueAt(dataset.value, 'default', first, found));
		}
		const all = models.flatMap((entry) =>
			entry.mirrored === undefined ? [entry.id] : [entry.id, mirroredId(entry.id)]
		);
		const twice = all.find((name, index) => all.indexOf(name) !== index);
		if (twice !== undefined) {
			addIssue(issueAt(dataset.value, 'models', models, `Expected ids that differ but found "${twice}" twice`));
		}
	})
);

/**
 * Validates `value` (parsed JSON) as a manifest. Throws AppError 'manifest-invalid' whose message gives, for each of
 * the first faults, its path, what was expected and what was found.
 */
export function parseManifest(value: unknown): Manifest {
	const parsed = v.safeParse(manifest, value);
	if (parsed.success) return parsed.output;
	const faults = parsed.issues.map((issue) => shortened(`${v.getDotPath(issue) ?? 'manifest'}: ${issue.message}`));
	const more = faults.length > MOST_ISSUES ? `; and ${faults.length - MOST_ISSUES} more` : '';
	throw new AppError('manifest-invalid', faults.slice(0, MOST_ISSUES).join('; ') + more);
}

function shortened(text: string): string {
	return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
