/** `static/models/index.json`: what training ships and the front end offers. Training writes it, the worker reads it. */
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
	/** Recipes whose best weights these are the mean of; the report's `history` is of the first of them. */
	readonly mean?: readonly string[] | undefined;
	/** Where the arithmetic of training ran. */
	readonly backend: string;
	/** What the run took up to its best epoch, on that machine. */
	readonly minutes?: number | undefined;
	/** What the weights started from: "scratch", or the name of a pretrained base. */
	readonly base: string;
	/** Whether the recipe learned from FER+'s votes beside FER2013's labels. */
	readonly votes?: boolean | undefined;
	/** Ids of the models whose answers it learned from; its own id stands for earlier ends of it. */
	readonly teachers?: readonly string[] | undefined;
	/** How weights are stored, and what it cost: "uint8, 0.06 points lost on PublicTest". */
	readonly precision?: string | undefined;
}

/** One factor a label, for what faces are read for. */
export type PriorRatio = Readonly<Record<Use, readonly number[]>>;

/** A graph model of tfjs: model.json and its weights, each file with its hash in its address, relative to the manifest. */
export interface ModelFiles {
	/** Of model.json, which names the weights too: `tf.loadGraphModel` takes it. */
	readonly url: string;
	/** In order: one file, or shards of at most 4 MB. */
	readonly weightsUrls: readonly string[];
	/** Of all files together. */
	readonly bytes: number;
	/** Of model.json; 64 hex digits. */
	readonly sha256: string;
	/** Of the weights, their files one behind the other. */
	readonly weightsSha256: string;
}

/** The calibration is fitted to FER2013's labels on PublicTest. */
export interface ModelEntry extends ModelFiles, Calibration {
	/** Lower-case letters, digits and hyphens; also the folder's name. */
	readonly id: string;
	readonly title: string;
	readonly parameters: number;
	/** Multiply-adds of one forward pass of one face. */
	readonly multiplyAdds: number;
	readonly labels: readonly string[];
	readonly input: InputSpec;
	/**
	 * What the calibrated odds of each label are multiplied by for everyday faces, in the order of `labels` (`applyPrior`);
	 * `metrics` are without it. Missing: nothing is changed.
	 */
	readonly priorRatio?: PriorRatio | undefined;
	/**
	 * A label less likely than this, 0..1, had better not be said: chosen on PublicTest, with `priorRatio.live`. Missing where
	 * no threshold gave the accuracy wanted.
	 */
	readonly unsureBelow?: number | undefined;
	/** By split: "public", "private", "paper". Written together with report.json beside the model: empty where there is none. */
	readonly metrics: Readonly<Record<string, SplitMetrics>>;
	readonly trained: Trained;
}

/**
 * The mean of several models' probabilities, or of one's for a face and its mirror image: slower and more often right
 * than each alone. The calibration is fitted on PublicTest for the mean of the members' calibrated probabilities.
 */
export interface EnsembleEntry extends Calibration {
	readonly id: string;
	readonly title: string;
	/** Ids of models with the same labels; or of one, which is then to be `mirrored`. */
	readonly members: readonly string[];
	/** Whether each member sees every face once more as its mirror image. */
	readonly mirrored: boolean;
	/** As of a model; of the mean, not of each member. */
	readonly priorRatio?: PriorRatio | undefined;
	/** As of a model. */
	readonly unsureBelow?: number | undefined;
	readonly metrics: Readonly<Record<string, SplitMetrics>>;
}

/** What a visitor can choose: a model, or an ensemble with what its members are together. */
export interface ClassifierEntry extends Pick<
	ModelEntry,
	| 'id'
	| 'title'
	| 'labels'
	| 'input'
	| 'bytes'
	| 'parameters'
	| 'multiplyAdds'
	| 'priorRatio'
	| 'unsureBelow'
	| 'metrics'
> {
	/** Ids of the models that it runs: its own alone where it is one. */
	readonly members: readonly string[];
	/** Whether it always sees every face as its mirror image too. */
	readonly mirrored: boolean;
	/** Null for an ensemble. */
	readonly trained: Trained | null;
	/** Its place among all of them, from 0, which decides its colour. */
	readonly place: number;
}

export interface DetectorEntry extends ModelFiles {
	readonly id: string;
	readonly title: string;
	/** Side of the square input in pixels. */
	readonly inputSize: number;
}

export interface Manifest {
	readonly schema: typeof MANIFEST_SCHEMA;
	/** Id of the model that a new visitor sees. */
	readonly default: string;
	readonly detector: DetectorEntry;
	/** Finds smaller faces for more time: for pictures that stand alone, and far cameras. */
	readonly farDetector: DetectorEntry;
	readonly models: readonly ModelEntry[];
	readonly ensembles: readonly EnsembleEntry[];
}

const MOST_ISSUES = 5;
/** Of one fault, which repeats what was found. */
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

/** What has one value a label, where it is not missing, by its path. */
function byLabel({ biases, priorRatio }: Pick<ModelEntry, 'biases' | 'priorRatio'>) {
	return [
		['biases', biases],
		['priorRatio.photo', priorRatio?.photo],
		['priorRatio.live', priorRatio?.live]
	] as const;
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

const model = v.pipe(
	v.object({
		id,
		title: text,
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
		trained
	}),
	v.rawCheck(({ dataset, addIssue }) => {
		if (!dataset.typed) return;
		const entry = dataset.value;
		for (const [key, values] of byLabel(entry)) {
			if (values === undefined || values.length === entry.labels.length) continue;
			const found = `Expected ${entry.labels.length} values, one a label, but received ${values.length}`;
			addIssue(issueAt(entry, key, values, found));
		}
		for (const [split, { perClass }] of Object.entries(entry.metrics)) {
			if (perClass.length === entry.labels.length) continue;
			const found = `Expected ${entry.labels.length} values in perClass, one a label, but received ${perClass.length}`;
			addIssue(issueAt(entry, `metrics.${split}`, entry.metrics[split], found));
		}
	})
);

const detector = v.object({ id, title: text, ...files, inputSize: count });

const ensemble = v.object({
	id,
	title: text,
	members: v.pipe(v.array(id), v.minLength(1, expected('at least 1 member'))),
	mirrored: v.boolean(),
	temperature: v.pipe(finite, v.gtValue(0)),
	biases,
	priorRatio,
	unsureBelow: v.optional(fraction),
	metrics: v.record(text, metrics)
});

const manifest = v.pipe(
	v.object({
		schema: v.literal(MANIFEST_SCHEMA),
		default: id,
		detector,
		farDetector: detector,
		models: v.pipe(v.array(model), v.minLength(1, expected('at least 1 model'))),
		ensembles: v.optional(v.array(ensemble), [])
	}),
	v.rawCheck(({ dataset, addIssue }) => {
		if (!dataset.typed) return;
		const { models, ensembles, default: first } = dataset.value;
		const ids = models.map((entry) => entry.id);
		for (const entry of ensembles) {
			const { id: name, members } = entry;
			const labels = models.find((model) => members.includes(model.id))?.labels.length;
			const lists = [
				...byLabel(entry),
				...Object.entries(entry.metrics).map(
					([split, { perClass }]) => [`metrics.${split}.perClass`, perClass] as const
				)
			];
			for (const [key, values] of lists) {
				if (labels === undefined || values === undefined || values.length === labels) continue;
				const found = `Expected ${labels} values in ${key} of "${name}", one a label, but received ${values.length}`;
				addIssue(issueAt(dataset.value, 'ensembles', ensembles, found));
			}
			const missing = members.find((member) => !ids.includes(member));
			if (missing === undefined) continue;
			const found = `Expected members of "${name}" among the models (${ids.join(', ')}) but received "${missing}"`;
			addIssue(issueAt(dataset.value, 'ensembles', ensembles, found));
		}
		if (!ids.includes(first)) {
			const found = `Expected one of the models (${ids.join(', ')}) but received "${first}"`;
			addIssue(issueAt(dataset.value, 'default', first, found));
		}
		const all = [...ids, ...ensembles.map((entry) => entry.id)];
		const twice = all.find((name, index) => all.indexOf(name) !== index);
		if (twice !== undefined) {
			addIssue(issueAt(dataset.value, 'models', models, `Expected ids that differ but found "${twice}" twice`));
		}
	})
);

/**
 * The manifest that `value` (parsed JSON) is. Throws AppError 'manifest-invalid' whose message gives, for each of the
 * first faults, its path, what was expected and what was found.
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
