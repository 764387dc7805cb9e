/** From a run's best weights to what ships: the folded network, its figures, and its entry in the manifest. */
import * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FER2013_LABELS } from '../src/lib/core/fer2013';
import { FER2013_CROP } from '../src/lib/core/crop';
import { fitCalibration } from '../src/lib/core/metrics';
import { everydayRatio } from '../src/lib/core/prior';
import type { Calibration, Scores } from '../src/lib/core/types';
import {
	MANIFEST_SCHEMA,
	parseManifest,
	type EnsembleEntry,
	type Manifest,
	type ModelEntry,
	type Trained
} from '../src/lib/manifest';
import { parseReport, type Report } from '../src/lib/report';
import type { Checkpoint, EpochLog } from './checkpoint';
import type { Recipe } from './config';
import type { Dataset } from './dataset';
import { detectorEntry, DETECTORS } from './detector';
import { UserError, messageOf } from './errors';
import { predict, rowsOfSplit, truthOf } from './evaluate';
import type { FerPlus } from './ferplus';
import { writeWhole } from './files';
import { foldForInference } from './fold';
import type { ModelDefinition } from './models/definition';
import { multiplyAdds, readArtifacts, writeModel } from './model-files';
import { averagedWeights } from './replica';
import {
	createReport,
	figuresOf,
	lookAtTests,
	measureCorruptions,
	scoresOf,
	testSets,
	withFiguresOfBefore
} from './report';
import { confusionSvg, curvesSvg } from './report-svg';

export interface ExportOptions {
	readonly definition: ModelDefinition;
	readonly recipe: Recipe;
	/** best.bin of a run. */
	readonly best: Checkpoint;
	/** All epochs of the run, those after the best too. */
	readonly history: readonly EpochLog[];
	readonly dataset: Dataset;
	readonly ferPlus: FerPlus | undefined;
	/** static/models */
	readonly modelsDir: string;
	readonly trained: Omit<Trained, 'precision'>;
}

/** Points of accuracy on PublicTest that smaller weights may cost. */
const MOST_LOST = 0.002;

/**
 * Writes the model to `modelsDir/<id>/`, with bytes for weights where that costs little and float16 else; measures the
 * written files with a calibration fitted on PublicTest, writes report.json beside them, and puts the model's entry
 * into `modelsDir/index.json`. Throws UserError.
 */
export async function exportModel(options: ExportOptions): Promise<ModelEntry> {
	const { definition, modelsDir } = options;
	const { size, channels } = definition.input;
	const network = definition.build(FER2013_LABELS.length, options.recipe);
	const weights = averagedWeights(options.best.state);
	network.setWeights(weights);
	tf.dispose(weights);
	const folded = foldForInference(network, size, channels);
	const dir = path.join(modelsDir, definition.id);
	const { written, precision } = await writeSmallest(folded, dir, options);
	const entry: Omit<ModelEntry, keyof Calibration | 'priorRatio' | 'unsureBelow' | 'metrics'> = {
		id: definition.id,
		title: definition.title,
		url: `${definition.id}/model.json`,
		...written,
		parameters: folded.countParams(),
		multiplyAdds: multiplyAdds(folded),
		labels: FER2013_LABELS,
		input: { ...definition.input, crop: FER2013_CROP, leastContrast: definition.leastContrast },
		trained: { ...options.trained, precision }
	};
	for (const model of [network, folded]) model.dispose();
	const history = options.history.map(({ epoch, size, learningRate, train, validation }) => ({
		...{ epoch, size, learningRate, train, validation }
	}));
	const measured = await measureShipped({ ...options, entry, previous: { history, corruptions: [], splits: [] } });
	replaceEntry(modelsDir, measured);
	return measured;
}

/** Writes float16 and bytes in turn and keeps bytes when they cost at most MOST_LOST on PublicTest. */
async function writeSmallest(folded: tf.LayersModel, dir: string, { definition, dataset }: ExportOptions) {
	const rows = rowsOfSplit(dataset, 'public');
	const truth = truthOf(dataset, rows);
	// As the page shows them to it.
	const input = { ...definition.input, leastContrast: definition.leastContrast };
	const accuracyOf = async (model: tf.LayersModel): Promise<number> =>
		figuresOf(await predict(model, input, dataset, rows), truth).accuracy;
	const full = await accuracyOf(folded);
	for (const precision of ['uint8', 'float16'] as const) {
		const written = await writeModel(folded, dir, precision);
		const shipped = await loadShipped(dir);
		const lost = full - (await accuracyOf(shipped));
		shipped.dispose();
		if (precision === 'float16' || lost <= MOST_LOST)
			return { written, precision: `${precision}, ${(100 * lost).toFixed(2)} points lost on PublicTest` };
	}
	throw new Error('No precision was tried.');
}

/** The model in `dir`, as a browser gets it; the caller disposes it. Throws UserError. */
export function loadShipped(dir: string): Promise<tf.LayersModel> {
	return tf.loadLayersModel(tf.io.fromMemory(readArtifacts(path.join(dir, 'model.json'))));
}

export interface MeasureOptions {
	readonly entry: Omit<ModelEntry, keyof Calibration | 'priorRatio' | 'unsureBelow' | 'metrics'>;
	readonly dataset: Dataset;
	readonly ferPlus: FerPlus | undefined;
	readonly modelsDir: string;
	/** What is taken over: the curves of training, and corruptions and sets when they are not measured again. */
	readonly previous: Pick<Report, 'history' | 'corruptions' | 'splits'>;
	readonly withCorruptions?: boolean;
	readonly onRows?: (done: number) => void;
}

/** Measures a shipped model on all test pictures, writes its report, and gives its entry with the new figures. */
export async function measureShipped(options: MeasureOptions): Promise<ModelEntry> {
	const { entry, dataset, ferPlus, modelsDir, previous } = options;
	const dir = path.join(modelsDir, path.dirname(entry.url));
	const model = await loadShipped(dir);
	const looks = await lookAtTests(model, entry.input, dataset, options.onRows);
	const calibration = calibrationOf(looks.picture, looks.rows, dataset);
	const corruptions = options.withCorruptions ? await measureCorruptions(model, entry.input, calibration, dataset) : [];
	model.dispose();
	const { id, labels } = entry;
	const parts = { model: id, labels, ...calibration, history: previous.history, corruptions };
	const measured = createReport(parts, scoresOf(looks, calibration), testSets(dataset, ferPlus), {
		look: 'single',
		priorRatio: everydayRatio(labels)
	});
	const report = withFiguresOfBefore(measured, previous);
	writeReport(dir, report, 'single');
	return { ...entry, ...calibration, ...pageViewOf(report), metrics: metricsOf(report, 'single') };
}

/** Fitted on those of `rows` that are of PublicTest, to three digits; `scores`: probabilities of `rows`. */
export function calibrationOf(scores: readonly Scores[], rows: Uint32Array, dataset: Dataset): Calibration {
	const place = new Map(Array.from(rows, (row, index) => [row, index]));
	const selection = rowsOfSplit(dataset, 'public');
	const chosen = Array.from(selection, (row) => scores[place.get(row) ?? -1] ?? []);
	const { temperature, biases } = fitCalibration(chosen, truthOf(dataset, selection));
	const shorten = (value: number): number => Number(value.toFixed(3));
	return { temperature: shorten(temperature), biases: biases.map(shorten) };
}

/** What the page multiplies odds by, and the report's threshold, which goes with that, as the manifest has them. */
export function pageViewOf({ labels, unsure }: Report): Pick<ModelEntry, 'priorRatio' | 'unsureBelow'> {
	return { priorRatio: everydayRatio(labels), unsureBelow: unsure?.public.threshold };
}

/** The figures of the manifest, which are some of the report's. */
export function metricsOf({ splits }: Report, look: 'single' | 'mirrored'): ModelEntry['metrics'] {
	const shown = splits.filter(({ id }) => ['public', 'private', 'paper'].includes(id));
	return Object.fromEntries(
		shown.map((split) => {
			const { n, accuracy, macroF1, perLabel } = split[look];
			return [split.id, { n, accuracy, macroF1, perClass: perLabel.map(({ recall }) => recall) }];
		})
	);
}

/** report.json, and its curves and confusion matrix as pictures, the latter of the look that the classifier takes. */
export function writeReport(dir: string, report: Report, look: 'single' | 'mirrored'): void {
	writeWhole(path.join(dir, 'report.json'), [`${JSON.stringify(parseReport(JSON.parse(JSON.stringify(report))))}\n`]);
	const shown = report.splits.find(({ id }) => id === 'private') ?? report.splits[0];
	if (shown) writeWhole(path.join(dir, 'confusion.svg'), [confusionSvg(report.labels, shown.title, shown[look])]);
	if (report.history.length > 1) writeWhole(path.join(dir, 'curves.svg'), [curvesSvg(report.history)]);
}

/** Reads `modelsDir/index.json`; throws UserError when it is missing or damaged. */
export function readManifest(modelsDir: string): Manifest {
	const file = path.join(modelsDir, 'index.json');
	try {
		return parseManifest(JSON.parse(readFileSync(file, 'utf8')));
	} catch (thrown) {
		throw new UserError(`${file} could not be read: ${messageOf(thrown)}. Restore it, or export a model again.`);
	}
}

/** Puts `entry` in the place of the one with its id, or at the end; the other entries stay as they are. */
export function replaceEntry(modelsDir: string, entry: ModelEntry): void {
	const old = existsSync(path.join(modelsDir, 'index.json')) ? readManifest(modelsDir) : undefined;
	const models = old?.models.some(({ id }) => id === entry.id)
		? old.models.map((other) => (other.id === entry.id ? entry : other))
		: [...(old?.models ?? []), entry];
	const manifest: Manifest = {
		schema: MANIFEST_SCHEMA,
		default: old?.default ?? entry.id,
		detector: detectorEntry(DETECTORS.short, modelsDir),
		farDetector: detectorEntry(DETECTORS.full, modelsDir),
		models,
		ensembles: old?.ensembles ?? []
	};
	writeManifest(modelsDir, manifest);
}

/** Puts `entry` in the place of the ensemble with its id, or at the end. */
export function replaceEnsemble(modelsDir: string, entry: EnsembleEntry): void {
	const old = readManifest(modelsDir);
	const known = old.ensembles.some(({ id }) => id === entry.id);
	const ensembles = known
		? old.ensembles.map((other) => (other.id === entry.id ? entry : other))
		: [...old.ensembles, entry];
	writeManifest(modelsDir, { ...old, ensembles });
}

function writeManifest(modelsDir: string, manifest: Manifest): void {
	const checked = parseManifest(JSON.parse(JSON.stringify(manifest)));
	writeWhole(path.join(modelsDir, 'index.json'), [`${JSON.stringify(checked, null, '\t')}\n`]);
}
