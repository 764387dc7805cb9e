/** One training run from the first step, or from its last checkpoint, to its end. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import type { TrainingBackend } from '../backend/index';
import { findGpu } from '../backend/webgpu/webgpu';
import type { PretrainedWeights } from '../pretrained/weights';
import { findCheckpoint, writeCheckpoint, type Checkpoint, type EpochLog, type EpochSums } from './checkpoint';
import { learningRateAt, sizeAt, stepsPerEpochOf, type Recipe } from '../models/recipe';
import { UserError } from '../lib/errors';
import { makeFolder, writeWhole } from '../lib/files';
import type { ModelDefinition } from '../models/definition';
import { startReplicas, type ReplicaGroup } from './replica-group';
import type { TaughtDataset } from './live-teacher';
import type { StepReport } from './replica';
import { bestEpoch, hasStoppedEarly } from './early-stopping';
import { fingerprintOf } from './fingerprint';
import { asAverages, pretrainedState, startedFrom, withOneHead, withWeights } from './initial-weights';
import { meansOf, paceOf, progressOf, type StepProgress } from './progress';
import { selectingRows, trainingRows } from './rows';

export interface TrainOptions {
	readonly definition: ModelDefinition;
	readonly recipe: Recipe;
	/** With the features of frozen convolutions, if the recipe has any. */
	readonly dataset: TaughtDataset;
	/** If the recipe starts from them. */
	readonly pretrained?: PretrainedWeights;
	readonly backend: TrainingBackend;
	readonly replicas: number;
	/** Folder of this run: checkpoint.bin, best.bin, log.jsonl. */
	readonly runDir: string;
	readonly checkpointMinutes: number;
	/** best.bin of the run that the recipe starts from. */
	readonly start?: Checkpoint | undefined;
	/** Moves the files of an earlier run aside and starts over. */
	readonly fresh: boolean;
	/** Ends the run after its current step, with a checkpoint. */
	readonly signal: AbortSignal;
	/** Milliseconds from any starting point. */
	readonly now: () => number;
	readonly onEvent: (event: TrainEvent) => void;
}

export type TrainEvent =
	| { readonly type: 'resumed'; readonly step: number; readonly steps: number }
	| { readonly type: 'step'; readonly progress: StepProgress }
	| { readonly type: 'epoch'; readonly log: EpochLog; readonly best: boolean }
	| { readonly type: 'problem'; readonly sentence: string };

export type TrainOutcome =
	| { readonly kind: 'finished' | 'stopped'; readonly best: EpochLog | undefined }
	/** The loss was not a number; `best` and the last checkpoint are untouched. */
	| { readonly kind: 'diverged'; readonly step: number; readonly best: EpochLog | undefined };

export const RUN_FILES = { checkpoint: 'checkpoint.bin', best: 'best.bin', log: 'log.jsonl' } as const;

/** Steps between checks of the clock. */
const CHUNK = 10;

/** Trains and selects as the recipe says; the averaged weights of the best epoch are in best.bin. */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
	const { definition, recipe, dataset, backend, replicas, runDir } = options;
	if (selectingRows(dataset, recipe).length === 0)
		throw new UserError(
			'The data has no PublicTest rows, by which epochs are chosen. Train with the whole fer2013.csv.'
		);
	makeFolder(runDir);
	if (options.fresh) setAside(runDir);
	const fingerprint = fingerprintOf(options);
	const checkpointFile = path.join(runDir, RUN_FILES.checkpoint);
	const saved = findCheckpoint(checkpointFile, fingerprint, (sentence) => {
		options.onEvent({ type: 'problem', sentence });
	});
	const group = await startReplicas({
		definition,
		recipe,
		labels: FER2013_LABELS.length,
		dataset,
		rows: trainingRows(dataset, recipe),
		backend,
		replicas
	});
	try {
		if (saved) await group.restore(saved.state);
		else if (options.start) await group.restore(startedFrom(options.start, await group.snapshot()));
		else if (options.pretrained && !dataset.features)
			await group.restore(withWeights(await group.snapshot(), pretrainedState(definition, recipe, options.pretrained)));
		return await new Run(options, group, fingerprint, checkpointFile, await placeOf(options), saved).toEnd();
	} finally {
		await group.close();
	}
}

class Run {
	private readonly stepsPerEpoch: number;
	private readonly steps: number;
	private readonly validationRows: Uint32Array;
	private step: number;
	private running: EpochSums;
	private readonly history: EpochLog[];
	private diverged = false;
	private lastCheckpointMs: number;

	constructor(
		private readonly options: TrainOptions,
		private readonly group: ReplicaGroup,
		private readonly fingerprint: string,
		private readonly checkpointFile: string,
		private readonly place: string,
		saved: Checkpoint | undefined
	) {
		const { dataset, recipe } = options;
		this.stepsPerEpoch = stepsPerEpochOf(recipe, trainingRows(dataset, recipe).length);
		this.steps = this.stepsPerEpoch * recipe.epochs;
		this.validationRows = selectingRows(dataset, recipe);
		this.step = saved?.step ?? 0;
		this.running = { ...(saved?.running ?? EMPTY) };
		this.history = [...(saved?.history ?? [])];
		this.lastCheckpointMs = options.now();
		if (saved) options.onEvent({ type: 'resumed', step: this.step, steps: this.steps });
	}

	async toEnd(): Promise<TrainOutcome> {
		const { signal } = this.options;
		const stop = (): void => {
			this.group.requestStop();
		};
		signal.addEventListener('abort', stop, { once: true });
		this.writeLog();
		try {
			while (!signal.aborted && !this.isDone()) {
				await this.chunk();
				if (this.diverged) return { kind: 'diverged', step: this.step, best: this.best() };
				if (this.step % this.stepsPerEpoch === 0) await this.endEpoch();
				else if (this.options.now() - this.lastCheckpointMs > this.options.checkpointMinutes * 60_000)
					await this.checkpoint();
			}
			if (this.step % this.stepsPerEpoch !== 0) await this.checkpoint();
			return { kind: this.isDone() ? 'finished' : 'stopped', best: this.best() };
		} finally {
			signal.removeEventListener('abort', stop);
		}
	}

	private async chunk(): Promise<void> {
		const epochEnd = (Math.floor(this.step / this.stepsPerEpoch) + 1) * this.stepsPerEpoch;
		const start = this.options.now();
		const secondsBefore = this.running.seconds;
		this.step = await this.group.run(this.step, Math.min(this.step + CHUNK, epochEnd), (report) => {
			this.running.seconds = secondsBefore + (this.options.now() - start) / 1000;
			this.count(report);
		});
	}

	private count({ step, loss, correct, n }: StepReport): void {
		if (!Number.isFinite(loss)) {
			this.diverged = true;
			this.group.requestStop();
			return;
		}
		const { running } = this;
		running.loss += loss * n;
		running.correct += correct;
		running.n += n;
		const progress = progressOf(this.options.recipe, this.stepsPerEpoch, step + 1, running);
		this.options.onEvent({ type: 'step', progress });
	}

	private async endEpoch(): Promise<void> {
		const { definition, recipe, dataset, pretrained, runDir, onEvent } = this.options;
		const epoch = this.step / this.stepsPerEpoch - 1;
		const { running } = this;
		const sums = await this.group.evaluate(this.validationRows);
		const log: EpochLog = {
			epoch,
			step: this.step,
			size: sizeAt(recipe, epoch),
			learningRate: learningRateAt(recipe, this.step - 1, this.stepsPerEpoch),
			train: meansOf(running),
			validation: meansOf(sums),
			imagesPerSecond: paceOf(running),
			seconds: running.seconds
		};
		this.history.push(log);
		const best = this.best() === log;
		this.running = { ...EMPTY };
		if (best && (recipe.keep !== 'last' || this.isDone())) {
			const averages = [...(await this.group.snapshot())].filter(([name]) => name.startsWith('average/'));
			// Frozen convolutions are in no other file.
			const frozen = dataset.features && pretrained ? asAverages(pretrainedState(definition, recipe, pretrained)) : [];
			const kept = withOneHead(new Map([...frozen, ...averages]), recipe);
			writeCheckpoint(path.join(runDir, RUN_FILES.best), this.contents(kept));
		}
		await this.checkpoint();
		this.writeLog();
		onEvent({ type: 'epoch', log, best });
	}

	private async checkpoint(): Promise<void> {
		writeCheckpoint(this.checkpointFile, this.contents(await this.group.snapshot()));
		this.lastCheckpointMs = this.options.now();
	}

	private contents(state: Checkpoint['state']): Checkpoint {
		const { fingerprint, step, running, history } = this;
		const base = this.options.pretrained?.name ?? this.options.start?.base;
		return { fingerprint, step, running, history, ...(base !== undefined && { base }), backend: this.place, state };
	}

	private best(): EpochLog | undefined {
		return bestEpoch(this.history, this.options.recipe.keep);
	}

	private isDone(): boolean {
		return this.step >= this.steps || hasStoppedEarly(this.history, this.options.recipe);
	}

	/** Writes the log to match the checkpoint: lines of epochs that are run again are removed. */
	private writeLog(): void {
		const lines = this.history.map((log) => `${JSON.stringify(log)}\n`).join('');
		writeWhole(path.join(this.options.runDir, RUN_FILES.log), [lines]);
	}
}

/** "onednn, 2 replicas on AMD EPYC": what a run's speed figures refer to. */
async function placeOf({ backend, replicas }: TrainOptions): Promise<string> {
	if (backend === 'webgpu') return `${backend} on ${(await findGpu())?.name ?? 'a GPU'}`;
	return `${backend}, ${String(replicas)} replica${replicas === 1 ? '' : 's'} on ${os.cpus()[0]?.model ?? os.arch()}`;
}

const EMPTY = { loss: 0, correct: 0, n: 0, seconds: 0 };

function setAside(runDir: string): void {
	if (!existsSync(path.join(runDir, RUN_FILES.checkpoint))) return;
	let number = 1;
	while (existsSync(`${runDir}.old-${String(number)}`)) number++;
	renameSync(runDir, `${runDir}.old-${String(number)}`);
	mkdirSync(runDir);
}
