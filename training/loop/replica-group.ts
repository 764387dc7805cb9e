/** All replicas of a run behind one interface: in separate threads, or one in this thread. */
import os from 'node:os';
import { sharesWork, startBackend, type TrainingBackend } from '../backend/index';
import type { Recipe } from '../models/recipe';
import type { TaughtDataset } from './live-teacher';
import { createAllReduceMemory, createSoloAllReduce } from './all-reduce';
import type { ModelDefinition } from '../models/definition';
import { batchSetupOf } from './batch-maker';
import { BatchMakerWorkers } from './batch-maker-workers';
import { shareOf } from './batches';
import { Replica, trainedNetwork, type EvaluationSums, type StepReport } from './replica';
import type { State } from './state';
import type { ReplicaRequest } from './replica-worker';
import { ReplicaHandle } from './replica-handle';

/** Limits: pictures of a batch per replica, and replicas. */
const LEAST_SHARE = 32;
const MOST_REPLICAS = 8;

export interface ReplicaGroup {
	/**
	 * Trains from step `from` up to `to`; returns the step to continue from. `onStep` gets the sums over all replicas.
	 */
	run(from: number, to: number, onStep: (report: StepReport) => void): Promise<number>;
	/** Loss and hits of the averaged weights, summed over `rows`. */
	evaluate(rows: Uint32Array): Promise<EvaluationSums>;
	snapshot(): Promise<State>;
	restore(state: State): Promise<void>;
	/** Ends a `run` after its current step. */
	requestStop(): void;
	close(): Promise<void>;
}

export interface GroupSetup {
	readonly definition: ModelDefinition;
	readonly recipe: Recipe;
	readonly labels: number;
	readonly dataset: TaughtDataset;
	/** The training rows. */
	readonly rows: Uint32Array;
	readonly backend: TrainingBackend;
	readonly replicas: number;
}

/**
 * The default number of replicas for a recipe. It does not depend on this machine's cores, since the statistics of
 * batch normalisation depend on it: each replica has at least 32 pictures of a batch.
 */
export function replicasFor(backend: TrainingBackend, { batchSize }: Pick<Recipe, 'batchSize'>): number {
	if (!sharesWork(backend)) return 1;
	let replicas = Math.max(1, Math.min(MOST_REPLICAS, Math.floor(batchSize / LEAST_SHARE)));
	while (batchSize % replicas !== 0) replicas--;
	return replicas;
}

/** Starts the replicas; with one, it runs in this thread. Rejects with Error if one does not start. */
export async function startReplicas(setup: GroupSetup): Promise<ReplicaGroup> {
	await startBackend(setup.backend);
	const { definition, recipe, labels, dataset, rows, backend } = setup;
	const stopFlag = new Int32Array(new SharedArrayBuffer(4));
	const alone = createSoloAllReduce(stopFlag);
	if (setup.replicas > 1) {
		shareOf(recipe, rows, setup.replicas);
		return startWorkers(setup);
	}
	const batchSetup = { dataset: { pixels: dataset.pixels }, ...batchSetupOf(definition, recipe) };
	// A GPU does not make batches itself.
	const batchMakers =
		backend === 'webgpu' && !dataset.features ? new BatchMakerWorkers(batchSetup, batchMakerWorkers()) : undefined;
	let solo: Replica;
	try {
		solo = new Replica(definition, recipe, labels, dataset, rows, alone, batchMakers);
	} catch (thrown) {
		await batchMakers?.close();
		throw thrown;
	}
	return {
		run: (from, to, onStep) => solo.run(from, to, onStep),
		evaluate: (part) => solo.evaluate(part),
		snapshot: () => solo.weights.snapshot(),
		restore: (state) => {
			solo.weights.restore(state);
			return Promise.resolve();
		},
		requestStop: () => {
			Atomics.store(stopFlag, 0, 1);
		},
		async close() {
			await solo.close();
			await batchMakers?.close();
		}
	};
}

/** A few are enough: more would be faster than GPUs. */
function batchMakerWorkers(): number {
	return Math.max(1, Math.min(4, os.availableParallelism() - 1));
}

/** How many numbers the replicas average in a step: all gradients and moving statistics. */
function allReduceLengthOf({ definition, labels, recipe, dataset }: GroupSetup): number {
	const network = trainedNetwork(definition, labels, recipe, dataset);
	const length = network.countParams();
	network.dispose();
	return length;
}

async function startWorkers(setup: GroupSetup): Promise<ReplicaGroup> {
	const { definition, recipe, labels, dataset, rows, backend, replicas } = setup;
	const memory = createAllReduceMemory(replicas, allReduceLengthOf(setup));
	const stopFlag = new Int32Array(memory.stopFlag);
	const starts = await Promise.allSettled(
		Array.from({ length: replicas }, (_, replica) =>
			ReplicaHandle.start({ backend, model: definition.id, recipe, labels, dataset, rows, memory, replica })
		)
	);
	const workers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
	const failed = starts.find((start) => start.status === 'rejected');
	if (failed !== undefined) {
		// The others would keep the process alive forever.
		await Promise.all(workers.map((worker) => worker.close()));
		throw failed.reason as Error;
	}
	const [first] = workers;
	if (!first) throw new Error('A run needs at least one replica.');
	const all = (request: ReplicaRequest, onStep?: (report: StepReport) => void) =>
		Promise.all(workers.map((worker) => worker.ask(request, onStep)));
	return {
		async run(from, to, onStep) {
			const [next] = await all({ type: 'run', from, to }, sumSteps(replicas, onStep));
			return next as number;
		},
		async evaluate(part) {
			const sums = (await all({ type: 'evaluate', rows: part })) as EvaluationSums[];
			return sums.reduce((a, b) => ({ n: a.n + b.n, loss: a.loss + b.loss, correct: a.correct + b.correct }));
		},
		async snapshot() {
			// Each has a part of it, which it passes to the first.
			const [snapshot] = await all({ type: 'snapshot' });
			return snapshot as State;
		},
		async restore(state) {
			await all({ type: 'restore', state });
		},
		requestStop() {
			Atomics.store(stopFlag, 0, 1);
		},
		async close() {
			await Promise.all(workers.map((worker) => worker.close()));
		}
	};
}

/** Passes on one report per step, once all replicas have reported it: the mean loss and the summed counts. */
function sumSteps(replicas: number, onStep: (report: StepReport) => void): (report: StepReport) => void {
	const pending = new Map<number, StepReport[]>();
	return (report) => {
		const reports = [...(pending.get(report.step) ?? []), report];
		pending.set(report.step, reports);
		if (reports.length < replicas) return;
		pending.delete(report.step);
		const n = reports.reduce((sum, { n: own }) => sum + own, 0);
		onStep({
			step: report.step,
			n,
			correct: reports.reduce((sum, { correct }) => sum + correct, 0),
			loss: reports.reduce((sum, { loss, n: own }) => sum + loss * own, 0) / n
		});
	};
}
