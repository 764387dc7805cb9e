/** The weights of a replica, with their moving averages: what a checkpoint keeps. */
import * as tf from '@tensorflow/tfjs';
import { moveInPlace } from '../backend/extra-kernels';
import { hasHostMemory, hostView, separateCopy } from '../backend/host';
import type { Recipe } from '../models/recipe';
import { within, type AllReduce } from './all-reduce';
import { createOptimizer, type Optimizer, type Parameter } from './optimizer';
import type { State } from './state';

export class ReplicaWeights {
	/** The weights that the optimizer changes. */
	readonly trainable: readonly Parameter[];
	/** Moving statistics of normalisation. */
	readonly statistics: readonly tf.Variable[];
	private readonly optimizer: Optimizer;
	private readonly all: readonly {
		readonly name: string;
		readonly value: tf.Variable;
		readonly average: tf.Variable;
	}[];

	/** The averages of what a step changes, in the same order. */
	private readonly averages: readonly tf.Variable[];

	constructor(
		model: tf.LayersModel,
		private readonly recipe: Recipe,
		private readonly allReduce: AllReduce
	) {
		// Names by position: tfjs's own count upwards in every process and would not match after a restart.
		this.all = model.weights.map((weight, index) => {
			const value = variableOf(weight);
			const average = tf.tidy(() => tf.variable(separateCopy(value), false));
			return { name: `${String(index)}:${weight.originalName.split('/').at(-1) ?? ''}`, value, average };
		});
		const names = new Map(this.all.map(({ name, value }) => [value, name]));
		this.trainable = model.trainableWeights.map((weight) => {
			const value = variableOf(weight);
			const isKernel = weight.originalName.endsWith('kernel');
			return { name: names.get(value) ?? '', value, decay: isKernel ? recipe.weightDecay : 0 };
		});
		this.statistics = model.nonTrainableWeights.map(variableOf);
		this.optimizer = createOptimizer(recipe.optimizer, this.trainable, { own: allReduce.own });
		const averageOf = new Map(this.all.map(({ value, average }) => [value, average]));
		this.averages = this.changing().flatMap((value) => averageOf.get(value) ?? []);
	}

	/** All that a step changes in the network: trainable weights and moving statistics. */
	private changing(): tf.Variable[] {
		return [...this.trainable.map(({ value }) => value), ...this.statistics];
	}

	/**
	 * Takes one step down the mean of all replicas' `gradients`, one per trainable weight, which are overwritten;
	 * moving statistics become their means. `step` counts from 0.
	 */
	takeStep(gradients: readonly tf.Tensor[], learningRate: number, step: number): void {
		const { allReduce, optimizer } = this;
		if (allReduce.replicas > 1) allReduce.reduce([...gradients, ...this.statistics].map(hostView));
		optimizer.apply(gradients, learningRate, step);
		this.moveAverages(step);
		this.gather(this.changing());
		// WASM's convolutions keep a packed copy of a filter for as long as its data is the same.
		if (hasHostMemory())
			tf.tidy(() => {
				for (const { value } of this.trainable) value.assign(separateCopy(value));
			});
	}

	/** Moves the averages a little towards the weights; young averages move faster. */
	private moveAverages(step: number): void {
		const decay = Math.min(this.recipe.emaDecay, (1 + step) / (10 + step));
		const moves = this.changing().flatMap((towards, index) => {
			const target = this.averages[index];
			return target ? [{ target, towards }] : [];
		});
		moveInPlace(moves, decay, (part, offset) => within(this.allReduce.own, part, offset));
	}

	/** Gives `tensors`, all weights or the first of them, their owners' numbers. */
	private gather(tensors: readonly tf.Tensor[]): void {
		if (this.allReduce.replicas > 1) this.allReduce.gather(tensors.map(hostView));
	}

	/** Does `work` while the network has the averages as its weights. All replicas call it together. */
	async withAverages<T>(work: () => Promise<T>): Promise<T> {
		this.gather(this.averages);
		const kept = this.all.map(({ value }) => ({ value, weight: value.clone() }));
		// WASM keeps packed copies of weights by their data, and averages change in place: only a copy is new to it.
		tf.tidy(() => {
			for (const { value, average } of this.all) value.assign(separateCopy(average));
		});
		try {
			return await work();
		} finally {
			for (const { value, weight } of kept) {
				value.assign(weight);
				weight.dispose();
			}
		}
	}

	/** All that a checkpoint needs from the first replica; empty from the others. All replicas call it together. */
	async snapshot(): Promise<State> {
		for (const tensors of [this.averages, ...this.optimizer.moments]) this.gather(tensors);
		if (this.allReduce.replica > 0) return new Map();
		// All at once: a GPU takes as long for one as for all.
		const read = async ([name, tensor]: [string, tf.Variable]) =>
			[name, { shape: tensor.shape, values: Float32Array.from(await tensor.data()) }] as const;
		return new Map(await Promise.all([...this.tensors()].map(read)));
	}

	/** Restores a snapshot; throws Error if it is not of this network and optimizer. */
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
		return new Map([
			...this.all.flatMap(({ name, value, average }) => [
				[`weight/${name}`, value] as const,
				[`average/${name}`, average] as const
			]),
			...[...this.optimizer.slots].map(([name, slot]) => [`slot/${name}`, slot] as const)
		]);
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
