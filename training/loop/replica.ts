/** One copy of the network on one back end: takes its share of every batch and keeps in step with the others. */
import * as tf from '@tensorflow/tfjs';
import { raiseContrast } from '../../src/lib/core/contrast';
import { toModelInput } from '../../src/lib/core/preprocess';
import { hasKernel, MOVE_KERNEL, moveInPlace } from '../backend/extra-kernels';
import { hasHostMemory, hostView, separateCopy } from '../backend/host';
import { learningRateAt, sizeAt, stepsPerEpochOf, type Recipe } from '../models/recipe';
import { pictureOf, type Dataset } from '../data/dataset';
import { UserError } from '../lib/errors';
import type { Exchange } from './all-reduce';
import { SeededDropout } from '../models/layers';
import type { ModelDefinition } from '../models/definition';
import { createOptimizer, type Optimizer, type Parameter } from './optimizer';
import { batchSetupOf, LocalBatchMaker, type BatchMaker } from './batch-maker';
import { createRandom, shuffle, STREAM } from '../lib/random';
import { LiveTeachers, type TaughtDataset } from './live-teachers';

/** Named tensors of one moment: weights, their moving average, and the optimizer's slots. */
export type State = Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

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

/** What a step learns from: rows, their pictures as the network gets them, and what live teachers say of those. */
interface Batch extends Share {
	readonly x: tf.Tensor;
	readonly said: tf.Tensor2D | undefined;
}

/** This replica's rows of a batch. */
interface Share {
	readonly rows: Uint32Array;
	/** What they count for in the mean over all replicas: 1 unless a smaller batch cannot be shared evenly. */
	readonly weight: number;
}

/** What a step reports once it can be read; a promise alone would be waited for. */
interface Reading {
	readonly report: Promise<StepReport>;
}

const LEAST_EVALUATION_BATCH = 128;

function discard(batch: Batch | undefined): void {
	if (batch) tf.dispose([batch.x, batch.said ?? []]);
}

/**
 * Pictures of each batch for each of `replicas`. Throws UserError where a batch cannot be shared evenly, by the current back
 * end not at all, or is larger than the data.
 */
export function shareOf({ batchSize }: Recipe, rows: Uint32Array, replicas: number): number {
	if (replicas > 1 && !hasHostMemory())
		throw new UserError(`The back end ${tf.getBackend()} trains one replica alone: leave --replicas out.`);
	if (batchSize % replicas !== 0)
		throw new UserError(
			`A batch of ${String(batchSize)} cannot be shared by ${String(replicas)}: --replicas takes a divisor of it.`
		);
	if (rows.length < batchSize)
		throw new UserError(
			`${String(rows.length)} pictures of Training do not fill a batch of ${String(batchSize)}. Take the whole fer2013.csv.`
		);
	return batchSize / replicas;
}

export class Replica {
	private readonly model: tf.LayersModel;
	private readonly weights: { readonly name: string; readonly value: tf.Variable }[];
	private readonly trainable: Parameter[];
	private readonly statistics: tf.Variable[];
	private readonly averages: tf.Variable[];
	private readonly optimizer: Optimizer;
	private readonly dropouts: SeededDropout[];
	private readonly teachers: LiveTeachers | undefined;
	/** Where pictures are changed to bad light: makes the same for live teachers in good light, and with nothing erased. */
	private readonly plainBatchMaker: BatchMaker | undefined;
	private readonly share: number;
	private readonly stepsPerEpoch: number;
	private order: { readonly epoch: number; readonly rows: Uint32Array } | undefined;
	/** The next batch, made while the processor that computes is busy with this one. */
	private prepared: { readonly step: number; readonly batch: Promise<Batch> } | undefined;

	/** `rows`: the training rows. Throws UserError as `shareOf`. */
	constructor(
		private readonly definition: ModelDefinition,
		private readonly recipe: Recipe,
		private readonly labels: number,
		private readonly dataset: TaughtDataset,
		private readonly rows: Uint32Array,
		private readonly exchange: Exchange,
		private readonly batchMaker: BatchMaker = new LocalBatchMaker({ dataset, ...batchSetupOf(definition, recipe) })
	) {
		this.share = shareOf(recipe, rows, exchange.replicas);
		this.stepsPerEpoch = stepsPerEpochOf(recipe, rows.length);
		this.model = networkOf(definition, labels, recipe, dataset);
		// Names by position: tfjs's own count upwards in every process and would not match after a restart.
		this.weights = this.model.weights.map((weight, index) => ({
			name: `${String(index)}:${weight.originalName.split('/').at(-1) ?? ''}`,
			value: variableOf(weight)
		}));
		const names = new Map(this.weights.map(({ name, value }) => [value, name]));
		this.trainable = this.model.trainableWeights.map((weight) => {
			const value = variableOf(weight);
			const isKernel = weight.originalName.endsWith('kernel');
			return { name: names.get(value) ?? '', value, decay: isKernel ? recipe.weightDecay : 0 };
		});
		this.statistics = this.model.nonTrainableWeights.map(variableOf);
		this.averages = this.weights.map(({ value }) => tf.tidy(() => tf.variable(separateCopy(value), false)));
		this.optimizer = createOptimizer(recipe.optimizer, this.trainable);
		this.teachers =
			dataset.teachers && new LiveTeachers(dataset.teachers, definition.input, recipe.teachers?.mirrored ?? false);
		if (this.teachers && recipe.augmentation.light > 0) {
			const augmentation = { ...recipe.augmentation, light: 0, erase: 0 };
			this.plainBatchMaker = new LocalBatchMaker({
				dataset,
				recipe: { ...recipe, augmentation },
				input: definition.input
			});
		}
		this.dropouts = this.model.layers.filter((layer) => layer instanceof SeededDropout);
	}

	/** Waits for a batch that was prepared and that no step will take. */
	async close(): Promise<void> {
		const { prepared } = this;
		this.prepared = undefined;
		try {
			discard(await prepared?.batch);
		} catch {
			// Nobody needs it.
		}
	}

	/** Trains from step `from` up to, not including, `to`; returns the step to go on from (less than `to` when stopped). */
	async run(from: number, to: number, onStep: (report: StepReport) => void): Promise<number> {
		let step = from;
		let reading: Reading | undefined;
		while (step < to) {
			// A GPU is given its next step before it is asked how the last one went, so that it never waits.
			const next = await this.step(step++);
			// Lets signals in: nothing else here waits for more than a promise.
			await new Promise(setImmediate);
			if (reading) onStep(await reading.report);
			reading = next;
			if (this.exchange.stopping()) break;
		}
		if (reading) onStep(await reading.report);
		return step;
	}

	/** Takes a step; what came of it can be read later. */
	private async step(step: number): Promise<Reading> {
		for (const [index, dropout] of this.dropouts.entries())
			dropout.reseed(this.recipe.seed, STREAM.dropout, step, this.exchange.replica, index);

		const { rows, weight, x, said } = await this.takeBatch(step);
		const y = this.targets(rows, said);
		const foot = this.recipe.sharpness ? this.climb(x, y, this.recipe.sharpness) : undefined;
		const { loss, logits, gradients } = this.slopes(x, y);
		if (foot) this.descend(foot);
		if (weight !== 1) scaleAll(gradients, weight);
		// Gradients and moving statistics become their means over all replicas.
		if (this.exchange.replicas > 1) this.exchange.average([...gradients, ...this.statistics].map(hostView));
		this.optimizer.apply(gradients, learningRateAt(this.recipe, step, this.stepsPerEpoch), step);
		this.follow(step);
		// A GPU has its orders by now, and carries them out meanwhile. Other back ends are done: there it costs the same.
		this.prepare(step + 1);
		tf.dispose([x, y, said ?? [], gradients]);
		const report = this.read(step, weight > 0 ? rows : rows.subarray(0, 0), loss, logits);
		// Who awaits it learns of a failure; until then nobody listens.
		report.catch(() => undefined);
		return { report };
	}

	/** What came of a step; disposes loss [] and logits [n, labels]. */
	private async read(step: number, rows: Uint32Array, loss: tf.Scalar, logits: tf.Tensor2D): Promise<StepReport> {
		const [losses, correct] = await Promise.all([loss.data(), this.correct(logits, rows)]);
		tf.dispose([loss, logits]);
		return { step, n: rows.length, loss: losses[0] ?? NaN, correct };
	}

	/** Loss [], logits [n, labels] and the gradient of each trainable weight; the caller disposes all. */
	private slopes(x: tf.Tensor, y: tf.Tensor2D): { loss: tf.Scalar; logits: tf.Tensor2D; gradients: tf.Tensor[] } {
		const variables = this.trainable.map(({ value }) => value);
		let logits: tf.Tensor2D | undefined;
		const { value: loss, grads } = tf.variableGrads(() => {
			logits = tf.keep(this.model.apply(x, { training: true }) as tf.Tensor2D);
			return crossEntropy(logits, y).mean();
		}, variables);
		if (!logits) throw new Error('The network was not run.');
		const gradients = variables.map((variable) => {
			const gradient = grads[variable.name];
			if (!gradient) throw new Error(`${variable.name} has no gradient: is it used?`);
			return gradient;
		});
		return { loss, logits, gradients };
	}

	/**
	 * Moves this replica's weights `radius` up the loss of the first half of its batch, for `descend` to take them back to
	 * what this returns. Each replica climbs by its own pictures: that needs no exchange, and smaller batches find flatter
	 * minima.
	 */
	private climb(x: tf.Tensor, y: tf.Tensor2D, radius: number): tf.Tensor[] {
		return tf.tidy(() => {
			const half = Math.ceil(y.shape[0] / 2);
			const { gradients, logits } = this.slopes(tf.slice(x, 0, half), tf.slice(y, 0, half));
			logits.dispose();
			const foot = this.moving().map((value) => separateCopy(value));
			const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
			// Epsilon for a batch that has nothing more to teach.
			const factor = tf.div(radius, tf.add(tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square))), 1e-12));
			for (const [index, { value }] of this.trainable.entries()) {
				const gradient = gradients[index];
				if (gradient) value.assign(tf.add(value, tf.mul(gradient, factor)));
			}
			return foot;
		});
	}

	/** Back from where `climb` led, whose return value this disposes: weights and moving statistics at the foot. */
	private descend(foot: tf.Tensor[]): void {
		for (const [index, value] of this.moving().entries()) {
			const before = foot[index];
			if (before) value.assign(before);
		}
		tf.dispose(foot);
	}

	/** All that a step changes in the network: trainable weights and moving statistics. */
	private moving(): tf.Variable[] {
		return [...this.trainable.map(({ value }) => value), ...this.statistics];
	}

	/** Moves the averages a little towards the weights; young averages follow faster. */
	private follow(step: number): void {
		const decay = Math.min(this.recipe.emaDecay, (1 + step) / (10 + step));
		const moves = this.averages.flatMap((target, index) => {
			const towards = this.weights[index]?.value;
			return towards ? [{ target, towards }] : [];
		});
		if (hasKernel(MOVE_KERNEL)) {
			moveInPlace(moves, 1 - decay);
			return;
		}
		for (const { target, towards } of moves) {
			if (hasHostMemory()) {
				const [old, now] = [hostView(target), hostView(towards)];
				for (let i = 0; i < old.length; i++) old[i] = decay * (old[i] ?? 0) + (1 - decay) * (now[i] ?? 0);
			} else {
				tf.tidy(() => {
					target.assign(tf.add(tf.mul(target, decay), tf.mul(towards, 1 - decay)));
				});
			}
		}
	}

	/** This replica's rows of one batch; the order of an epoch depends on seed and epoch alone. */
	private shareOfBatch(epoch: number, batch: number): Share {
		if (this.order?.epoch !== epoch)
			this.order = { epoch, rows: shuffle(this.rows.slice(), createRandom(this.recipe.seed, STREAM.order, epoch)) };
		const { replica, replicas } = this.exchange;
		const all = this.order.rows.subarray(batch * this.recipe.batchSize, (batch + 1) * this.recipe.batchSize);
		const from = Math.floor((all.length * replica) / replicas);
		const to = Math.floor((all.length * (replica + 1)) / replicas);
		// A replica without a picture of its own takes its step with one that counts for nothing.
		return { rows: all.subarray(from, Math.max(to, from + 1)), weight: ((to - from) * replicas) / all.length };
	}

	/** Makes the batch of `step`, unless it is that of another epoch, which begins with an evaluation. */
	private prepare(step: number): void {
		if (step % this.stepsPerEpoch === 0) return;
		const batch = this.makeBatch(step);
		// Who takes it learns of a failure; until then nobody listens.
		batch.catch(() => undefined);
		this.prepared = { step, batch };
	}

	private async takeBatch(step: number): Promise<Batch> {
		const { prepared } = this;
		this.prepared = undefined;
		if (prepared?.step === step) return prepared.batch;
		discard(await prepared?.batch);
		return this.makeBatch(step);
	}

	/** What the network gets in `step`, which depends on nothing but the recipe and the step. */
	private async makeBatch(step: number): Promise<Batch> {
		const epoch = Math.floor(step / this.stepsPerEpoch);
		const share = this.shareOfBatch(epoch, step % this.stepsPerEpoch);
		const { rows } = share;
		const { features } = this.dataset;
		const size = sizeAt(this.recipe, epoch);
		const values = features ? gather(features, rows) : await this.batchMaker.makeBatch(rows, size, epoch);
		const x = this.asTensor(values, rows.length, size);
		return { ...share, x, said: await this.askTeachers(rows, x, size, epoch) };
	}

	private async askTeachers(
		rows: Uint32Array,
		x: tf.Tensor,
		size: number,
		epoch: number
	): Promise<tf.Tensor2D | undefined> {
		if (!this.plainBatchMaker) return this.teachers?.say(x);
		const lit = this.asTensor(await this.plainBatchMaker.makeBatch(rows, size, epoch), rows.length, size);
		const said = this.teachers?.say(lit);
		lit.dispose();
		return said;
	}

	private asTensor(values: Float32Array, n: number, size: number): tf.Tensor {
		const { features } = this.dataset;
		return features
			? tf.tensor2d(values, [n, features.width])
			: tf.tensor4d(values, [n, size, size, this.definition.input.channels]);
	}

	/**
	 * [rows, labels]: the smoothed label, mixed with the votes where there are some, and with what the teachers say: `said`
	 * [rows, labels] of these pictures, or what they said before.
	 */
	private targets(rows: Uint32Array, said: tf.Tensor2D | undefined): tf.Tensor2D {
		const { labels, recipe, dataset } = this;
		const part = recipe.teachers?.part ?? 0;
		const rest = recipe.labelSmoothing / labels;
		const targets = new Float32Array(rows.length * labels);
		for (const [index, row] of rows.entries()) {
			const soft = dataset.softLabels?.subarray(row * labels, (row + 1) * labels);
			const taught = dataset.taught?.subarray(row * labels, (row + 1) * labels);
			const shared = dataset.sharedLabels?.subarray(row * labels, (row + 1) * labels);
			const own = shared?.some((value) => value > 0) ? shared : oneHot(dataset.labels[row] ?? 0, labels);
			const votes = soft?.some((value) => value > 0) ? recipe.votes : 0;
			const teaching = taught || said ? part : 0;
			for (let label = 0; label < labels; label++) {
				const hard = rest + (own[label] ?? 0) * (1 - recipe.labelSmoothing);
				targets[index * labels + label] =
					(1 - votes - teaching) * hard + votes * (soft?.[label] ?? 0) + teaching * (taught?.[label] ?? 0);
			}
		}
		const known = tf.tensor2d(targets, [rows.length, labels]);
		if (!said) return known;
		const all: tf.Tensor2D = tf.tidy(() => tf.add(known, tf.mul(said, part)));
		known.dispose();
		return all;
	}

	private async correct(logits: tf.Tensor2D, rows: Uint32Array): Promise<number> {
		const values = await logits.data();
		let correct = 0;
		for (const [index, row] of rows.entries()) {
			const scores = values.subarray(index * this.labels, (index + 1) * this.labels);
			if (scores.indexOf(Math.max(...scores)) === this.dataset.labels[row]) correct++;
		}
		return correct;
	}

	/** Loss and hits of the averaged weights on this replica's part of `rows`, without augmentation. */
	async evaluate(rows: Uint32Array): Promise<EvaluationSums> {
		const { replica, replicas } = this.exchange;
		const mine = rows.subarray(
			Math.floor((rows.length * replica) / replicas),
			Math.floor((rows.length * (replica + 1)) / replicas)
		);
		return this.withAverages(async () => {
			const sums = { n: mine.length, loss: 0, correct: 0 };
			const size = Math.max(LEAST_EVALUATION_BATCH, this.share);
			for (let start = 0; start < mine.length; start += size) {
				const batch = mine.subarray(start, start + size);
				const [logits, losses] = tf.tidy((): [tf.Tensor2D, tf.Tensor] => {
					const scores = this.model.apply(this.plainPictures(batch)) as tf.Tensor2D;
					const hot = tf.oneHot(
						Array.from(batch, (row) => this.dataset.labels[row] ?? 0),
						this.labels
					);
					return [scores, crossEntropy(scores, hot as tf.Tensor2D).sum()];
				});
				sums.correct += await this.correct(logits, batch);
				sums.loss += (await losses.data())[0] ?? NaN;
				tf.dispose([logits, losses]);
			}
			return sums;
		});
	}

	private plainPictures(rows: Uint32Array): tf.Tensor {
		const { size, channels } = this.definition.input;
		const { features } = this.dataset;
		if (features) return this.asTensor(gather(features, rows), rows.length, size);
		const { leastContrast } = batchSetupOf(this.definition, this.recipe);
		const length = size * size * channels;
		const batch = new Float32Array(rows.length * length);
		for (const [index, row] of rows.entries())
			toModelInput(
				raiseContrast(pictureOf(this.dataset, row), leastContrast),
				this.definition.input,
				batch,
				index * length
			);
		return this.asTensor(batch, rows.length, size);
	}

	private async withAverages<T>(work: () => Promise<T>): Promise<T> {
		const kept = this.weights.map(({ value }) => value.clone());
		for (const [index, { value }] of this.weights.entries()) {
			const average = this.averages[index];
			// WASM keeps packed copies of weights by their data, which the averages change in place: a copy is new to it.
			if (average)
				tf.tidy(() => {
					value.assign(separateCopy(average));
				});
		}
		try {
			return await work();
		} finally {
			for (const [index, { value }] of this.weights.entries()) {
				const weight = kept[index];
				if (weight) value.assign(weight);
			}
			tf.dispose(kept);
		}
	}

	/** All that a checkpoint needs. */
	async snapshot(): Promise<State> {
		// All at once: a GPU takes as long for one as for all.
		const read = async ([name, tensor]: [string, tf.Variable]) =>
			[name, { shape: tensor.shape, values: Float32Array.from(await tensor.data()) }] as const;
		return new Map(await Promise.all([...this.tensors()].map(read)));
	}

	/** Takes over a snapshot; throws Error when it is not of this network and optimizer. */
	restore(state: State): void {
		for (const [name, tensor] of this.tensors()) {
			const saved = state.get(name);
			if (!saved || saved.shape.join() !== tensor.shape.join())
				throw new Error(`The saved state has no ${name} of shape [${tensor.shape.join()}].`);
			tf.tidy(() => {
				tensor.assign(tf.tensor(saved.values, tensor.shape));
			});
		}
	}

	private tensors(): Map<string, tf.Variable> {
		const tensors = new Map<string, tf.Variable>();
		for (const [index, { name, value }] of this.weights.entries()) {
			const average = this.averages[index];
			tensors.set(`weight/${name}`, value);
			if (average) tensors.set(`average/${name}`, average);
		}
		for (const [name, slot] of this.optimizer.slots) tensors.set(`slot/${name}`, slot);
		return tensors;
	}
}

/** The averaged weights of a snapshot in the order of `model.weights`. */
export function averagesOf(state: State): { readonly shape: readonly number[]; readonly values: Float32Array }[] {
	return [...state].filter(([name]) => name.startsWith('average/')).map(([, tensor]) => tensor);
}

/** The same, ready for `setWeights`; the caller disposes them. */
export function averagedWeights(state: State): tf.Tensor[] {
	return averagesOf(state).map(({ shape, values }) => tf.tensor(values, [...shape]));
}

/** Where a frozen base's features are known, the head alone is trained. */
/** The recipe's network with random weights. */
export function networkOf(
	definition: ModelDefinition,
	labels: number,
	recipe: Recipe,
	dataset: Dataset
): tf.LayersModel {
	if (!dataset.features) return definition.build(labels, recipe);
	if (!definition.parts) throw new Error(`${definition.id} has no head that could be trained alone.`);
	return definition.parts.head(labels, recipe);
}

/** The rows' features one after another. */
function gather({ width, values }: NonNullable<Dataset['features']>, rows: Uint32Array): Float32Array {
	const gathered = new Float32Array(rows.length * width);
	for (const [index, row] of rows.entries())
		gathered.set(values.subarray(row * width, (row + 1) * width), index * width);
	return gathered;
}

/** Cross-entropy [n] of logits [n, labels] against target distributions [n, labels]. */
function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
	return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1));
}

/** Multiplies each of `gradients` in place of itself. */
function scaleAll(gradients: tf.Tensor[], factor: number): void {
	for (const [index, gradient] of gradients.entries()) {
		gradients[index] = tf.mul(gradient, factor);
		gradient.dispose();
	}
}

function isVariable(tensor: tf.Tensor): tensor is tf.Variable {
	return tensor instanceof tf.Variable;
}

/** tfjs keeps a layer's tensor private, but hands out the variable itself. */
function variableOf(weight: tf.LayerVariable): tf.Variable {
	const value: tf.Tensor = weight.read();
	if (!isVariable(value)) throw new Error(`${weight.name} is not held in a variable.`);
	return value;
}

function oneHot(label: number, labels: number): number[] {
	return Array.from({ length: labels }, (_, index) => Number(index === label));
}
