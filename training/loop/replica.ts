/** One copy of the network on one back end: takes its share of every batch and stays in step with the others. */
import * as tf from '@tensorflow/tfjs';
import type { Dataset } from '../data/dataset';
import { STREAM } from '../lib/random';
import type { ModelDefinition } from '../models/definition';
import { SeededDropout } from '../models/dropout';
import { headsOf } from '../models/heads';
import { learningRateAt, stepsPerEpochOf, type Recipe } from '../models/recipe';
import type { AllReduce } from './all-reduce';
import type { BatchMaker } from './batch-maker';
import { Batches, shareOf } from './batches';
import type { TaughtDataset } from './live-teacher';
import { ReplicaWeights } from './replica-weights';
import { countCorrect, crossEntropy, joinedLogits, targetsOf } from './targets';

export interface StepReport {
	readonly step: number;
	readonly loss: number;
	readonly correct: number;
	readonly n: number;
}

export interface EvaluationSums {
	readonly n: number;
	readonly loss: number;
	readonly correct: number;
}

/**
 * A step's report, once it can be read. Wrapped, as a bare promise returned from an async function would be awaited.
 */
interface Reading {
	readonly report: Promise<StepReport>;
}

const LEAST_EVALUATION_BATCH = 128;

export class Replica {
	private readonly model: tf.LayersModel;
	readonly weights: ReplicaWeights;
	private readonly dropouts: SeededDropout[];
	private readonly batches: Batches;
	private readonly share: number;
	private readonly stepsPerEpoch: number;

	/** `rows`: the training rows. Throws UserError like `shareOf`. */
	constructor(
		definition: ModelDefinition,
		private readonly recipe: Recipe,
		private readonly labels: number,
		private readonly dataset: TaughtDataset,
		rows: Uint32Array,
		private readonly allReduce: AllReduce,
		batchMaker?: BatchMaker
	) {
		this.share = shareOf(recipe, rows, allReduce.replicas);
		this.stepsPerEpoch = stepsPerEpochOf(recipe, rows.length);
		this.model = trainedNetwork(definition, labels, recipe, dataset);
		this.weights = new ReplicaWeights(this.model, recipe, allReduce);
		this.batches = new Batches({ definition, recipe, dataset, rows, place: allReduce, batchMaker });
		this.dropouts = this.model.layers.filter((layer) => layer instanceof SeededDropout);
	}

	/** Waits for a prepared batch that no step will take. */
	close(): Promise<void> {
		return this.batches.close();
	}

	/**
	 * Trains from step `from` up to, not including, `to`; returns the step to continue from (less than `to` if
	 * stopped).
	 */
	async run(from: number, to: number, onStep: (report: StepReport) => void): Promise<number> {
		let step = from;
		let reading: Reading | undefined;
		while (step < to) {
			// A GPU gets its next step before the last one's results are read, so that it never waits.
			const next = await this.step(step++);
			// Lets signals in: nothing else here waits for more than a promise.
			await new Promise(setImmediate);
			if (reading) onStep(await reading.report);
			reading = next;
			if (this.allReduce.stopping()) break;
		}
		if (reading) onStep(await reading.report);
		return step;
	}

	/** Takes a step; its results can be read later. */
	private async step(step: number): Promise<Reading> {
		for (const [index, dropout] of this.dropouts.entries())
			dropout.reseed(this.recipe.seed, STREAM.dropout, step, this.allReduce.replica, index);

		const { rows, weight, x, taught } = await this.batches.take(step);
		const y = targetsOf(rows, this.dataset, this.recipe, this.labels, taught);
		const { loss, logits, gradients } = this.gradients(x, y);
		if (weight !== 1) scaleAll(gradients, weight);
		this.weights.takeStep(gradients, learningRateAt(this.recipe, step, this.stepsPerEpoch), step);
		// A GPU has its commands by now and is working on them. Other back ends are done: there it costs the same.
		this.batches.prepare(step + 1);
		tf.dispose([x, y, taught ?? [], gradients]);
		const report = this.read(step, weight > 0 ? rows : rows.subarray(0, 0), loss, logits);
		// Its awaiter learns of a failure; until then there is none.
		report.catch(() => undefined);
		return { report };
	}

	/** The results of a step; disposes loss [] and logits [n, labels]. */
	private async read(step: number, rows: Uint32Array, loss: tf.Scalar, logits: tf.Tensor2D): Promise<StepReport> {
		const [losses, correct] = await Promise.all([loss.data(), countCorrect(logits, rows, this.dataset)]);
		tf.dispose([loss, logits]);
		return { step, n: rows.length, loss: losses[0] ?? NaN, correct };
	}

	/** Loss [], logits [n, labels] and the gradient of each trainable weight; the caller disposes all. */
	private gradients(x: tf.Tensor, y: tf.Tensor2D): { loss: tf.Scalar; logits: tf.Tensor2D; gradients: tf.Tensor[] } {
		const variables = this.weights.trainable.map(({ value }) => value);
		let logits: tf.Tensor2D | undefined;
		const { value: loss, grads } = tf.variableGrads(() => {
			const all = this.model.apply(x, { training: true }) as tf.Tensor2D;
			logits = tf.keep(joinedLogits(all, this.labels, this.recipe));
			return crossEntropy(all, y, this.labels).mean();
		}, variables);
		if (!logits) throw new Error('The network was not run.');
		const gradients = variables.map((variable) => {
			const gradient = grads[variable.name];
			if (!gradient) throw new Error(`${variable.name} has no gradient: is it used?`);
			return gradient;
		});
		return { loss, logits, gradients };
	}

	/** Loss and hits of the averaged weights on this replica's part of `rows`, without augmentation. */
	async evaluate(rows: Uint32Array): Promise<EvaluationSums> {
		const { replica, replicas } = this.allReduce;
		const mine = rows.subarray(
			Math.floor((rows.length * replica) / replicas),
			Math.floor((rows.length * (replica + 1)) / replicas)
		);
		return this.weights.withAverages(async () => {
			const sums = { n: mine.length, loss: 0, correct: 0 };
			const size = Math.max(LEAST_EVALUATION_BATCH, this.share);
			for (let start = 0; start < mine.length; start += size) {
				const batch = mine.subarray(start, start + size);
				const [logits, losses] = tf.tidy((): [tf.Tensor2D, tf.Tensor] => {
					const all = this.model.apply(this.batches.unchanged(batch)) as tf.Tensor2D;
					const scores = joinedLogits(all, this.labels, this.recipe);
					const hot = tf.oneHot(
						Array.from(batch, (row) => this.dataset.labels[row] ?? 0),
						this.labels
					);
					return [scores, crossEntropy(scores, hot as tf.Tensor2D).sum()];
				});
				sums.correct += await countCorrect(logits, batch, this.dataset);
				sums.loss += (await losses.data())[0] ?? NaN;
				tf.dispose([logits, losses]);
			}
			return sums;
		});
	}
}

/** Replaces each of `gradients` with its multiple by `factor`. */
function scaleAll(gradients: tf.Tensor[], factor: number): void {
	for (const [index, gradient] of gradients.entries()) {
		gradients[index] = tf.mul(gradient, factor);
		gradient.dispose();
	}
}

/**
 * The recipe's network with random weights and all its heads; only the head if frozen convolutions' features are known.
 */
export function trainedNetwork(
	definition: ModelDefinition,
	labels: number,
	recipe: Recipe,
	dataset: Dataset
): tf.LayersModel {
	if (!dataset.features) return definition.build(labels * headsOf(recipe), recipe);
	if (!definition.parts) throw new Error(`${definition.id} has no head that could be trained alone.`);
	return definition.parts.head(labels, recipe);
}
