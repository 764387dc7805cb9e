/** Commands of the trainer: reads flags, prints, exits; the work is in the modules beside this one. */
import * as tf from '@tensorflow/tfjs';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { FER2013_LABELS } from '../src/lib/core/fer2013';
import { everydayRatio } from '../src/lib/core/prior';
import { ablateCommand } from './ablate-command';
import { fastestOnProcessor, startBackend } from './backend/index';
import { readCheckpoint, type EpochLog } from './checkpoint';
import { formatCropSurvey, surveyCrop } from './crop-survey';
import { tryCrops } from './crop-trial';
import { pictureOf, rowsOf } from './dataset';
import { convertDetector, detectorHandler, DETECTORS } from './detector';
import { UserError } from './errors';
import { predict, rowsOfSplit, truthOf } from './evaluate';
import { ensembleCommand, evaluateCommand, findEntry, requireWholeTests } from './evaluate-command';
import { exportModel, loadShipped, readManifest } from './export';
import { sourcesOf, teachersOf } from './lineage';
import { readArtifacts } from './model-files';
import { findModel, findRecipe, withRecipe } from './models/index';
import { crossCalibrate, tryPrior } from './prior-trial';
import { createRandom, shuffle } from './random';
import { readFerPlus } from './ferplus';
import { MODELS_DIR, ROOT, createBar, loadData, percent, runDirOf, say, wholeNumber } from './terminal';
import { RUN_FILES } from './train';
import { bestOf, trainCommand } from './train-command';
import { unpackCommand } from './unpack-command';

const USAGE = `Usage:
  npm run prepare:data -- --data FILE      read FER2013 once into a fast local copy
  npm run train -- MODEL --data FILE       train a model; run again to go on after an interruption
      [--recipe NAME] [--base imagenet|scratch|FILE] [--ferplus FILE]
      [--backend auto|webgpu-f16|webgpu|tfjs-node|onednn-bf16|onednn|wasm|cpu] [--replicas N] [--epochs N] [--seed N] [--checkpoint-minutes N] [--fresh]
  npm run export -- MODEL --data FILE      ship the best weights of a run in static/models, with their figures
      [--recipe NAME] [--seed N] [--ferplus FILE]
  npm run unpack -- MODEL --data FILE [--models DIR]
                                           the shipped model as the best weights of its run, to train on from it
  npm run ablate -- --data FILE --ferplus FILE [--study last|first] [--seeds N] [--backend NAME]
                                           what each part of two of mien's recipes is worth, by short runs
  npm run evaluate -- MODEL|all --data FILE --split private|public|paper|train [--json]
                                           measure what is shipped
  npm run evaluate -- MODEL|all --data FILE [--ferplus FILE] [--corruptions] [--json]
                                           the same on all test sets, into report.json beside each model
  npm run ensemble -- MODEL... --data FILE [--ferplus FILE]
                                           ship the mean of shipped models as one more
  npm run detector                         convert the face detectors
  npm run survey:crop -- --data FILE [--pictures N]
                                           measure which square FER2013's pictures show around a face
  npm run try:crops -- MODEL --data FILE   accuracy on pictures cut by the detector, level or not
  npm run try:priors -- MODEL --data FILE --ferplus FILE
                                           what calibration wins, and counting labels as in everyday faces
FILE: fer2013.csv, fer2013.csv.gz or icml_face_data.csv`;

async function prepareCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' } } });
	const { n } = await loadData(values.data);
	say(`${String(n)} pictures are ready.`);
	return 0;
}

async function exportCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			data: { type: 'string' },
			ferplus: { type: 'string' },
			recipe: { type: 'string' },
			seed: { type: 'string' }
		}
	});
	const model = findModel(positionals[0] ?? '');
	const base = findRecipe(model, values.recipe);
	const recipe = { ...base, seed: wholeNumber('seed', values.seed, 0) ?? base.seed };
	const definition = withRecipe(model, recipe);
	const bestFile = path.join(runDirOf(definition.id, recipe), RUN_FILES.best);
	if (!existsSync(bestFile))
		throw new UserError(
			`There are no trained weights of ${definition.id}. First: npm run train -- ${definition.id} --recipe ${recipe.id}`
		);
	const dataset = await loadData(values.data);
	requireWholeTests(dataset);
	await startBackend(fastestOnProcessor());
	const best = readCheckpoint(bestFile);
	const log = path.join(runDirOf(definition.id, recipe), RUN_FILES.log);
	if (!existsSync(log))
		throw new UserError(
			`These weights of ${definition.id} were unpacked from what is shipped: there is nothing to export.`
		);
	const lines = readFileSync(log, 'utf8').trim().split('\n');
	const teachers = teachersOf({ model, recipe });
	const runs = recipe.mean ? sourcesOf({ model, recipe }).map(bestOf) : [best];
	const seconds = runs.flatMap(({ history }) => history).reduce((sum, epoch) => sum + epoch.seconds, 0);
	const entry = await exportModel({
		definition,
		recipe,
		best,
		history: lines.map((line) => JSON.parse(line) as EpochLog),
		dataset,
		ferPlus: values.ferplus === undefined ? undefined : readFerPlus(values.ferplus, dataset.n),
		modelsDir: MODELS_DIR,
		trained: {
			date: new Date(statSync(bestFile).mtime).toISOString().slice(0, 10),
			commit: execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim(),
			recipe:
				`${recipe.id}, seed ${String(recipe.seed)}` +
				(recipe.mean ? '' : `, epoch ${String(best.history.length)} of ${String(recipe.epochs)}`),
			...(recipe.mean && { mean: recipe.mean }),
			backend: best.backend ?? 'not recorded',
			minutes: Math.max(1, Math.round(seconds / 60)),
			base: best.base ?? 'scratch',
			...(recipe.votes > 0 && { votes: true }),
			...(teachers.length > 0 && { teachers })
		}
	});
	say(`${entry.title}: ${String(entry.bytes)} bytes, ${String(entry.parameters)} parameters`);
	say(`temperature ${String(entry.temperature)}, biases ${entry.biases?.join(', ') ?? 'none'}`);
	for (const [split, { n, accuracy, macroF1 }] of Object.entries(entry.metrics))
		say(`${split.padEnd(8)} ${percent(accuracy)} of ${String(n)}, macro-F1 ${macroF1.toFixed(3)}`);
	return 0;
}

function detectorCommand(): Promise<number> {
	for (const spec of Object.values(DETECTORS)) {
		const entry = convertDetector(spec, MODELS_DIR);
		say(`${entry.title}: ${String(entry.bytes)} bytes in static/models/${path.dirname(entry.url)}`);
	}
	return Promise.resolve(0);
}

async function surveyCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' }, pictures: { type: 'string' } } });
	const count = wholeNumber('pictures', values.pictures, 1) ?? 4000;
	const dataset = await loadData(values.data);
	const rows = shuffle(rowsOf(dataset, 'train'), createRandom(1)).subarray(0, count);
	await startBackend('wasm');
	const detector: GraphModel = await tf.loadGraphModel(detectorHandler(path.join(MODELS_DIR, 'blazeface')));
	const bar = createBar('Looking for faces [{bar}] {percentage}% {eta_formatted} left');
	bar.start(rows.length, 0);
	const pictures = Array.from(rows, (row) => pictureOf(dataset, row));
	const survey = await surveyCrop(pictures, detector, (done) => {
		bar.increment(done);
	});
	bar.stop();
	say(formatCropSurvey(survey));
	return 0;
}

async function cropTrialCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { data: { type: 'string' } } });
	const entry = findEntry(readManifest(MODELS_DIR), positionals[0] ?? '');
	const dataset = await loadData(values.data);
	const rows = rowsOfSplit(dataset, 'public');
	await startBackend('wasm');
	const detector: GraphModel = await tf.loadGraphModel(detectorHandler(path.join(MODELS_DIR, 'blazeface')));
	const classifier = await tf.loadLayersModel(tf.io.fromMemory(readArtifacts(path.join(MODELS_DIR, entry.url))));
	const { crop } = entry.input;
	const turns = [
		{ words: 'eyes level', turn: { align: true, tilt: 0 } },
		{ words: `level but for ${String(crop.tilt)} degrees`, turn: { align: true } },
		{ words: 'not turned', turn: { align: false } }
	];
	const crops = turns.flatMap(({ words, turn }) =>
		[-0.15, 0, 0.15].map((change) => {
			const scale = Number((crop.scale + change).toFixed(2));
			return { name: `${words}, scale ${String(scale)}`, crop: { ...crop, scale, ...turn } };
		})
	);
	const bar = createBar('Cutting [{bar}] {percentage}% {eta_formatted} left');
	bar.start(rows.length, 0);
	const { n, trials } = await tryCrops(dataset, rows, crops, { detector, classifier, entry }, (count) => {
		bar.increment(count);
	});
	bar.stop();
	say(`${entry.title} on ${String(n)} of ${String(rows.length)} pictures of PublicTest, those with a face found:`);
	for (const { name, accuracy } of trials) say(`  ${name.padEnd(36)} ${percent(accuracy)}`);
	return 0;
}

async function priorTrialCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: { data: { type: 'string' }, ferplus: { type: 'string' } }
	});
	const entry = findEntry(readManifest(MODELS_DIR), positionals[0] ?? '');
	if (values.ferplus === undefined) throw new UserError("--ferplus is missing: FER+'s fer2013new.csv.");
	const dataset = await loadData(values.data);
	const ferPlus = readFerPlus(values.ferplus, dataset.n);
	const rows = rowsOfSplit(dataset, 'public');
	await startBackend(fastestOnProcessor());
	const model = await loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
	const scores = await predict(model, entry.input, dataset, rows);
	model.dispose();
	const calibrated = crossCalibrate(scores, truthOf(dataset, rows));
	const asIs = FER2013_LABELS.map(() => 1);
	const { photo } = everydayRatio(FER2013_LABELS);
	const neutral = FER2013_LABELS.indexOf('neutral');
	const trials = [
		{ name: 'not calibrated', scores, ratio: asIs },
		{ name: 'as in FER2013', scores: calibrated, ratio: asIs },
		...[1, 1.5, 2, 2.5, 3, 4].map((weight) => ({
			name: `everyday, neutral x ${String(weight)}`,
			scores: calibrated,
			ratio: photo.with(neutral, weight)
		})),
		...FER2013_LABELS.flatMap((name, label) =>
			label === neutral
				? []
				: [0.5, 2].map((factor) => ({
						name: `photos, ${name} x ${String(factor)} of that`,
						scores: calibrated,
						ratio: photo.with(label, factor * (photo[label] ?? 1))
					}))
		)
	];
	say(`${entry.title} on ${String(rows.length)} pictures of PublicTest, by how much each label counts:`);
	say(`${''.padEnd(30)}FER2013, cross-entropy, people, clear faces: mean over labels, and by label`);
	for (const { name, scores: said, ratio } of trials) {
		const trial = tryPrior(dataset, ferPlus, rows, said, ratio);
		const { accuracy, crossEntropy, agreement, clearMean, clearRecall } = trial;
		const parts = [percent(accuracy), crossEntropy.toFixed(3), percent(agreement), percent(clearMean)];
		const byLabel = clearRecall.map((recall, label) => `${FER2013_LABELS[label] ?? ''} ${percent(recall)}`);
		say(`${name.padEnd(30)}${parts.join('  ')}   ${byLabel.join(', ')}`);
	}
	return 0;
}

const COMMANDS: Record<string, (args: string[]) => Promise<number>> = {
	prepare: prepareCommand,
	train: trainCommand,
	export: exportCommand,
	evaluate: evaluateCommand,
	ablate: ablateCommand,
	unpack: unpackCommand,
	ensemble: ensembleCommand,
	detector: detectorCommand,
	'survey-crop': surveyCommand,
	'try-crops': cropTrialCommand,
	'try-priors': priorTrialCommand
};

async function main(): Promise<number> {
	const [name = '', ...args] = process.argv.slice(2);
	const command = COMMANDS[name];
	if (args.includes('--help')) {
		say(USAGE);
		return 0;
	}
	if (!command) {
		process.stderr.write(`${USAGE}\n`);
		return 2;
	}
	try {
		return await command(args);
	} catch (thrown) {
		const isUsage = thrown instanceof TypeError && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS');
		// Not thrown on: the WASM back end would print its whole source in front of the stack.
		const text =
			thrown instanceof UserError || isUsage ? thrown.message : thrown instanceof Error ? thrown.stack : thrown;
		process.stderr.write(`${String(text)}\n`);
		return 1;
	}
}

process.exitCode = await main();
