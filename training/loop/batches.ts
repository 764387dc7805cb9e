/** The batches of one replica: its share of each, as the network gets it, and the live teacher's answers to it. */
import * as tf from '@tensorflow/tfjs';
import { raiseContrast } from '../../src/lib/core/contrast';
import { toModelInput } from '../../src/lib/core/preprocess';
import { pictureOf, type Dataset } from '../data/dataset';
import { UserError } from '../lib/errors';
import { createRandom, shuffle, STREAM } from '../lib/random';
import type { ModelDefinition } from '../models/definition';
import { sizeAt, stepsPerEpochOf, type Recipe } from '../models/recipe';
import type { AllReduce } from './all-reduce';
import { batchSetupOf, LocalBatchMaker, type BatchMaker } from './batch-maker';
import { LiveTeacher, type TaughtDataset } from './live-teacher';

/** The caller disposes its tensors. */
export interface Batch extends Share {
	readonly x: tf.Tensor;
	/** [rows, labels]: probabilities of the live teacher, if there is one. */
	readonly taught: tf.Tensor2D | undefined;
}

/** This replica's rows of a batch. */
interface Share {
	readonly rows: Uint32Array;
	/** Their weight in the mean over all replicas: 1 unless a smaller batch cannot be shared evenly. */
	readonly weight: number;
}

export interface BatchesSetup {
	readonly definition: ModelDefinition;
	readonly recipe: Recipe;
	readonly dataset: TaughtDataset;
	/** The training rows. */
	readonly rows: Uint32Array;
	/** Which replica this is, and of how many. */
	readonly place: Pick<AllReduce, 'replica' | 'replicas'>;
	/** Makes the pictures; if undefined, they are made in this thread. */
	readonly batchMaker: BatchMaker | undefined;
}

/**
 * Pictures of each batch for each of `replicas`. Throws UserError if a batch cannot be shared evenly or exceeds the
 * data.
 */
export function shareOf({ id, batchSize }: Recipe, rows: Uint32Array, replicas: number): number {
	if (batchSize % replicas !== 0)
		throw new UserError(
			`A batch of ${String(batchSize)} cannot be shared by ${String(replicas)}: --replicas takes a divisor of it.`
		);
	if (rows.length < batchSize)
		throw new UserError(
			`${String(rows.length)} pictures of Training do not fill a batch of ${String(batchSize)}. Take the whole fer2013.csv, ` +
				`or train the recipe ${id} with a smaller --batch-size.`
		);
	return batchSize / replicas;
}

export class Batches {
	private readonly stepsPerEpoch: number;
	private readonly batchMaker: BatchMaker;
	private readonly teacher: LiveTeacher | undefined;
	/**
	 * If pictures are changed to bad light, makes the same in good light and with nothing erased, for a live teacher.
	 */
	private readonly plainBatchMaker: BatchMaker | undefined;
	private order: { readonly epoch: number; readonly rows: Uint32Array } | undefined;
	/** The next batch, made while the GPU or processor is busy with this one. */
	private prepared: { readonly step: number; readonly batch: Promise<Batch> } | undefined;

	constructor(private readonly setup: BatchesSetup) {
		const { definition, recipe, dataset, rows } = setup;
		this.stepsPerEpoch = stepsPerEpochOf(recipe, rows.length);
		this.batchMaker = setup.batchMaker ?? new LocalBatchMaker({ dataset, ...batchSetupOf(definition, recipe) });
		this.teacher = dataset.teacher && new LiveTeacher(definition, dataset.teacher);
		if (this.teacher && recipe.augmentation.light > 0) {
			const augmentation = { ...recipe.augmentation, light: 0, erase: 0 };
			this.plainBatchMaker = new LocalBatchMaker({
				dataset,
				recipe: { ...recipe, augmentation },
				input: definition.input
			});
		}
	}

	/** Makes the batch of `step`, unless a new epoch begins there: an evaluation comes first. */
	prepare(step: number): void {
		if (step % this.stepsPerEpoch === 0) return;
		const batch = this.make(step);
		// The taker learns of a failure; until then there is no awaiter.
		batch.catch(() => undefined);
		this.prepared = { step, batch };
	}

	/** The batch of `step`, which depends on nothing but the recipe and the step. */
	async take(step: number): Promise<Batch> {
		const { prepared } = this;
		this.prepared = undefined;
		if (prepared?.step === step) return prepared.batch;
		discard(await prepared?.batch);
		return this.make(step);
	}

	/** Waits for a prepared batch that no step will take. */
	async close(): Promise<void> {
		const { prepared } = this;
		this.prepared = undefined;
		try {
			discard(await prepared?.batch);
		} catch {
			// No longer needed.
		}
	}

	/** The network's input for `rows` in an evaluation: pictures without random changes. */
	unchanged(rows: Uint32Array): tf.Tensor {
		const { definition, recipe, dataset } = this.setup;
		const { size, channels } = definition.input;
		const { features } = dataset;
		if (features) return this.asTensor(gather(features, rows), rows.length, size);
		const { leastContrast } = batchSetupOf(definition, recipe);
		const length = size * size * channels;
		const batch = new Float32Array(rows.length * length);
		for (const [index, row] of rows.entries())
			toModelInput(raiseContrast(pictureOf(dataset, row), leastContrast), definition.input, batch, index * length);
		return this.asTensor(batch, rows.length, size);
	}

	private async make(step: number): Promise<Batch> {
		const { recipe, dataset } = this.setup;
		const epoch = Math.floor(step / this.stepsPerEpoch);
		const share = this.shareOfBatch(epoch, step % this.stepsPerEpoch);
		const { rows } = share;
		const { features } = dataset;
		const size = sizeAt(recipe, epoch);
		const values = features ? gather(features, rows) : await this.batchMaker.makeBatch(rows, size, epoch);
		const x = this.asTensor(values, rows.length, size);
		return { ...share, x, taught: await this.askTeacher(rows, x, size, epoch) };
	}

	/** This replica's rows of one batch; the order of an epoch depends on seed and epoch alone. */
	private shareOfBatch(epoch: number, batch: number): Share {
		const { recipe, rows: trainingRows, place } = this.setup;
		if (this.order?.epoch !== epoch)
			this.order = { epoch, rows: shuffle(trainingRows.slice(), createRandom(recipe.seed, STREAM.order, epoch)) };
		const { replica, replicas } = place;
		const all = this.order.rows.subarray(batch * recipe.batchSize, (batch + 1) * recipe.batchSize);
		const from = Math.floor((all.length * replica) / replicas);
		const to = Math.floor((all.length * (replica + 1)) / replicas);
		// A replica without a picture of its own takes its step with one of weight 0.
		return { rows: all.subarray(from, Math.max(to, from + 1)), weight: ((to - from) * replicas) / all.length };
	}

	private async askTeacher(
		rows: Uint32Array,
		x: tf.Tensor,
		size: number,
		epoch: number
	): Promise<tf.Tensor2D | undefined> {
		if (!this.plainBatchMaker) return this.teacher?.probabilities(x);
		const plain = this.asTensor(await this.plainBatchMaker.makeBatch(rows, size, epoch), rows.length, size);
		const taught = this.teacher?.probabilities(plain);
		plain.dispose();
		return taught;
	}

	private asTensor(values: Float32Array, n: number, size: number): tf.Tensor {
		const { features } = this.setup.dataset;
		return features
			? tf.tensor2d(values, [n, features.width])
			: tf.tensor4d(values, [n, size, size, this.setup.definition.input.channels]);
	}
}

function discard(batch: Batch | undefined): void {
	if (batch) tf.dispose([batch.x, batch.taught ?? []]);
}

/** The rows' features one after another. */
function gather({ width, values }: NonNullable<Dataset['features']>, rows: Uint32Array): Float32Array {
	const gathered = new Float32Array(rows.length * width);
	for (const [index, row] of rows.entries())
		gathered.set(values.subarray(row * width, (row + 1) * width), index * width);
	return gathered;
}
